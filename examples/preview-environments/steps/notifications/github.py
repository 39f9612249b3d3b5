"""GitHub's REST API, as far as commenting on pull requests goes."""

from __future__ import annotations

import os
from datetime import timedelta
from http import HTTPStatus
from typing import cast

import httpx
from wistro import Context, Retryable, Terminal


class GitHub:
    """The few endpoints of GitHub's REST API that are needed.

    https://docs.github.com/en/rest/issues/comments
    """

    def __init__(self, base_url: str, token: str) -> None:
        self._client = httpx.AsyncClient(
            base_url=base_url,
            headers={
                "Authorization": f"Bearer {token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            timeout=10,
        )

    async def __aenter__(self) -> GitHub:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def comment(
        self, repository: str, number: int, text: str, *, key: str, repeated: bool
    ) -> str:
        """Comment on a pull request once for each `key`; returns the comment's address.

        GitHub knows no idempotency keys, so the key is hidden in the text. An attempt that repeats
        another one looks for it first: the first one may have died after GitHub took the comment.
        """
        mark = f"<!-- {key} -->"
        path = f"/repos/{repository}/issues/{number}/comments"
        if repeated and (found := await self._find(path, mark)):
            return found
        answer = await self._send("POST", path, json={"body": f"{text}\n\n{mark}"})
        return str(cast("dict[str, object]", answer.json())["html_url"])

    async def _find(self, path: str, mark: str) -> str | None:
        page = 1
        while True:
            answer = await self._send("GET", path, params={"per_page": 100, "page": page})
            comments = cast("list[dict[str, object]]", answer.json())
            for comment in comments:
                if str(comment["body"]).endswith(mark):
                    return str(comment["html_url"])
            if len(comments) < 100:
                return None
            page += 1

    async def _send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: dict[str, int] | None = None,
    ) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, json=json, params=params)
        except httpx.HTTPError as error:
            raise Retryable(f"GitHub could not be reached: {error}") from error
        if answer.is_success:
            return answer
        found = f"GitHub answered {answer.status_code} to `{method} {path}`: {answer.text[:200]}"
        wait = answer.headers.get("Retry-After", "")
        limited = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or wait
        if limited or answer.is_server_error:
            after = timedelta(seconds=int(wait)) if wait.isdigit() else None
            raise Retryable(found, retry_after=after)
        raise Terminal(found, hint="check `GITHUB_TOKEN` and what the app may do")


def github(ctx: Context) -> GitHub:
    """GitHub, or what `GITHUB_API_URL` names in its place."""
    base_url = os.environ.get("GITHUB_API_URL", "https://api.github.com")
    return GitHub(base_url, ctx.secrets.get("GITHUB_TOKEN"))
