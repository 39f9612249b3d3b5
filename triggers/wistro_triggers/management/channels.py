"""Channels of users: tokens for their tabs."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from wistro.channels import mint_channel_token
from wistro.options import Duration
from wistro_triggers.management.site import ERRORS, Request, Site, View, operation

_LONGEST = timedelta(days=30)


class ChannelTokenRequest(Request):
    """Asks for a token."""

    expires: Annotated[Duration, Field(gt=timedelta(0), le=_LONGEST)] = timedelta(hours=1)
    """For how long it is good: up to 30 days."""


class ChannelToken(View):
    """What a tab shows to follow the channel of its user, and nothing else."""

    user: str
    token: str
    expires_at: datetime


def channels_router(site: Site) -> APIRouter:
    """`/channels` and below."""
    router = APIRouter(prefix="/channels", tags=["channels"], responses=ERRORS)

    @router.post("/{user}/token", summary="Make a token for the tabs of a user")
    @operation("channel.token")
    async def make_token(
        user: Annotated[str, Path(min_length=1, max_length=200, description="The user.")],
        wanted: ChannelTokenRequest | None = None,
    ) -> ChannelToken:
        wanted = wanted or ChannelTokenRequest()
        # Whole seconds, as the token has them.
        expires_at = -int(-(time.time() + wanted.expires.total_seconds()) // 1)
        return ChannelToken(
            user=user,
            token=mint_channel_token(site.streams.keys, user, expires_at),
            expires_at=datetime.fromtimestamp(expires_at, UTC),
        )

    return router
