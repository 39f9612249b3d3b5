"""Streams: the live collections of the project, their items, and tokens for those who may follow.

Groups and ids are any text, slashes included, so they are query parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from wistro.project.descriptor import Language, StreamDescriptor
from wistro.stores.state import DEFAULT_PAGE
from wistro.stores.stream import StreamItem
from wistro_triggers.management.site import ERRORS, Request, Site, View, at_level, operation

Name = Annotated[str, Path(description="The stream.")]
Group = Annotated[str, Query(description="The group.")]
After = Annotated[str | None, Query(description="The `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000)]


class StreamView(View):
    """A stream, as its file describes it."""

    name: str
    path: str
    """Its file, relative to the project."""
    language: Language
    access: str | None
    """Who may follow: `public` or `token`, where its file says."""
    has_access: bool
    """Whether a function in its file decides instead."""
    item: Mapping[str, object] | None
    """JSON Schema of its items."""


class Streams(View):
    """The streams of the project, by name."""

    items: list[StreamView]


class StreamGroups(View):
    """The names of the groups that have items, in order."""

    items: list[str]
    next: str | None = None


class StreamItems(View):
    """Items of a group, the oldest first."""

    items: list[StreamItem]
    next: str | None = None


class TokenRequest(Request):
    """What a token is to be good for."""

    group: str | None = None
    """The only group; without one, all of the stream."""
    id: str | None = None
    """The only item."""
    seconds: float = Field(default=3600, gt=0, le=30 * 86_400)
    """For how long."""
    context: object = None
    """What the function of the stream is told about the client."""


class TokenView(View):
    """A token that a client shows to follow a stream."""

    token: str
    expires_at: float
    """Seconds since the epoch."""


def streams_router(site: Site) -> APIRouter:
    """`/streams` and below."""
    router = APIRouter(prefix="/streams", tags=["streams"], responses=ERRORS)
    served = site.streams

    @router.get("", summary="List the streams")
    async def list_streams() -> Streams:
        return Streams(items=[_view(stream) for stream in site.lock.streams.values()])

    @router.get("/{name}/groups", summary="List the groups of a stream that have items")
    @at_level("read")
    async def list_groups(
        name: Name, after: After = None, limit: Limit = DEFAULT_PAGE
    ) -> StreamGroups:
        served.schema(name)
        page = await served.store.groups(name, after=after, limit=limit)
        return StreamGroups(items=list(page.items), next=page.next)

    @router.get("/{name}/items", summary="List the items of a group")
    @at_level("read")
    async def list_items(
        name: Name, group: Group, after: After = None, limit: Limit = DEFAULT_PAGE
    ) -> StreamItems:
        served.schema(name)
        page = await served.store.list(name, group, after=after, limit=limit)
        return StreamItems(items=list(page.items), next=page.next)

    @router.post("/{name}/tokens", summary="Make a token for somebody who may follow")
    @operation("stream.token")
    @at_level("read")
    async def make_token(name: Name, wanted: TokenRequest) -> TokenView:
        made = served.token(
            name, wanted.group, wanted.id, seconds=wanted.seconds, context=wanted.context
        )
        return TokenView.model_validate(made)

    return router


def _view(stream: StreamDescriptor) -> StreamView:
    return StreamView(
        name=stream.name,
        path=stream.path,
        language=stream.language,
        access=stream.access,
        has_access=stream.has_access,
        item=stream.item,
    )
