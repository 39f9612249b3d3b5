"""State: the values that the steps of the project keep, by group and key.

Groups and keys are any text, slashes included, so they are query parameters.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from wistro.stores.state import DEFAULT_PAGE, StateEntry
from wistro_triggers.management.site import ERRORS, Request, Site, View, at_level, operation
from wistro_triggers.problems import Problem

Group = Annotated[str, Query(description="The group.")]
Key = Annotated[str, Query(description="The key within the group.")]
After = Annotated[str | None, Query(description="The `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=1000)]


class Groups(View):
    """The names of the groups, in order."""

    items: list[str]
    next: str | None = None


class Entries(View):
    """Entries of a group, in the order of their keys."""

    items: list[StateEntry]
    next: str | None = None


class SetRequest(Request):
    """A value, and the condition under which it is written."""

    value: object
    if_version: int | None = None
    """Write only over the entry with this version."""
    if_absent: bool = False
    """Write only when there is no entry."""


class Removed(View):
    """How many entries were removed."""

    removed: int


def state_router(site: Site) -> APIRouter:
    """`/state` and below."""
    router = APIRouter(prefix="/state", tags=["state"], responses=ERRORS)
    state = site.state

    @router.get("/groups", summary="List the groups")
    @at_level("read")
    async def list_groups(after: After = None, limit: Limit = DEFAULT_PAGE) -> Groups:
        page = await state.groups(after=after, limit=limit)
        return Groups(items=list(page.items), next=page.next)

    @router.get("/entries", summary="List the entries of a group")
    @at_level("read")
    async def list_entries(
        group: Group, after: After = None, limit: Limit = DEFAULT_PAGE
    ) -> Entries:
        page = await state.list(group, after=after, limit=limit)
        return Entries(items=list(page.items), next=page.next)

    @router.delete("/entries", summary="Remove a group with its entries")
    @operation("state.clear")
    async def clear_group(group: Group) -> Removed:
        return Removed(removed=await state.clear(group))

    @router.get("/entry", summary="Read an entry")
    @at_level("read")
    async def get_entry(group: Group, key: Key) -> StateEntry:
        entry = await state.get(group, key)
        if entry is None:
            raise Problem(
                404,
                "entry_not_found",
                f"The group `{group}` has no entry `{key}`. hint: `/_wistro/api/state/entries` lists "
                "those it has.",
            )
        return entry

    @router.put("/entry", summary="Write an entry, under a condition if given")
    @operation("state.set")
    async def set_entry(group: Group, key: Key, wanted: SetRequest) -> StateEntry:
        return await state.set(
            group, key, wanted.value, if_version=wanted.if_version, if_absent=wanted.if_absent
        )

    @router.delete("/entry", summary="Remove an entry")
    @operation("state.delete")
    async def delete_entry(group: Group, key: Key) -> Removed:
        return Removed(removed=int(await state.delete(group, key)))

    return router
