"""The worker API of reserved streams: what processes without a store write there."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from wistro.stores.reserved import PUT_RESERVED, RESERVED, ItemWriter
from wistro_triggers.problems import Problem
from wistro_triggers.worker_http import Body, ErrorRoute, Verify, answer, bearer, claims_of, read

MAX_BODY = 4 * 1024 * 1024


class _Put(Body):
    stream: str
    group: str
    id: str
    data: dict[str, object]


def reserved_worker_api(*, items: ItemWriter, verify: Verify) -> APIRouter:
    """Writes the answers that runs of the project have for users and inboxes.

    Args:
        items: The streams.
        verify: Reads run tokens.
    """
    router = APIRouter(route_class=ErrorRoute, include_in_schema=False)

    @router.post(PUT_RESERVED)
    async def put(request: Request) -> Response:
        """Write what the run of the token answers, and nothing in the name of another run."""
        claims = claims_of(verify, bearer(request))
        wanted = await read(request, _Put, MAX_BODY)
        if wanted.stream not in RESERVED:
            known = ", ".join(f"`{name}`" for name in sorted(RESERVED))
            message = f"`{wanted.stream}` is no reserved stream. hint: they are {known}."
            raise Problem(404, "unknown_stream", message)
        said = wanted.data.get("flow"), wanted.data.get("call_id")
        own = f"{claims.run_id}.answer"
        if said != (claims.flow, claims.run_id) or not f"{wanted.id}.".startswith(f"{own}."):
            raise Problem(
                403,
                "other_run",
                f"The token is good for the run `{claims.run_id}` of `{claims.flow}`; found the answer"
                f" `{wanted.id}` of another. hint: write each run's answers with its token.",
            )
        await items.set(wanted.stream, wanted.group, wanted.id, wanted.data)
        return answer({})

    return router
