"""The files that people attach to tasks: encrypted in the store, described in the run."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from wistro.errors import EngineUnavailable, RunError
from wistro.stores.inbox import Attachment
from wistro.tasks import AttachmentView
from wistro.temporal.host.inbox import Actor, Inbox
from wistro_codec import Keys, seal, unseal

MAX_FILE = 1024 * 1024
"""Bytes of an attachment."""

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}")
_MAX_NAME = 200


@dataclass(frozen=True, kw_only=True)
class TaskFile:
    """A file in clear."""

    about: AttachmentView
    content: bytes


class TaskFiles:
    """The files of an inbox's tasks."""

    def __init__(self, inbox: Inbox, keys: Keys) -> None:
        """Keep files in the inbox's store, encrypted with the keys of the tasks' flows."""
        self._inbox = inbox
        self._keys = keys

    async def attach(
        self, id: str, actor: Actor, *, name: str, media_type: str, content: bytes
    ) -> AttachmentView:
        """Attach a file to an open task.

        Raises:
            RunError: `attachment_invalid`, and as operations of the inbox.
            StoreError: `too_many_attachments`.
        """
        entry = await self._inbox.entry(id)
        about = AttachmentView(
            id=secrets.token_hex(8),
            name=_checked_name(name),
            media_type=media_type if _MEDIA_TYPE.fullmatch(media_type) else _ANY,
            size=_checked_size(content),
        )
        key = self._keys.active(entry.flow)
        sealed = Attachment(id=about.id, task=id, key=str(key.id), content=seal(key, content))
        # First the content: what the run tells of can be fetched. If it refuses, nobody knows of it.
        await self._inbox.store.attach(sealed)
        try:
            await self._inbox.act(entry, actor, "attach", data=about.model_dump())
        except EngineUnavailable:
            raise  # it may have been told all the same
        except RunError:
            await self._inbox.store.detach(id, about.id)
            raise
        return about

    async def read(self, id: str, actor: Actor, attachment_id: str) -> TaskFile:
        """A file of a task.

        Raises:
            RunError: `attachment_not_found`, and as operations of the inbox.
        """
        task = await self._inbox.show(id, actor)
        sealed = await self._inbox.store.attachment(id, attachment_id)
        if sealed is None:
            raise RunError(
                f"the task `{id}` has no attachment `{attachment_id}`",
                code="attachment_not_found",
                hint="the task's `remarks` name those that it has",
            )
        content = unseal(self._keys.get(sealed.key), sealed.content)
        known = (remark.attachment for remark in task.remarks if remark.attachment)
        about = next((each for each in known if each.id == attachment_id), None)
        # A task that is closed has forgotten what its files were called.
        unknown = AttachmentView(
            id=attachment_id, name=attachment_id, media_type=_ANY, size=len(content)
        )
        return TaskFile(about=about or unknown, content=content)


_ANY = "application/octet-stream"


def _checked_name(name: str) -> str:
    plain = name.strip()
    if not plain or len(plain) > _MAX_NAME or re.search(r"[\x00-\x1f/\\]", plain):
        raise RunError(
            f"`{name[:60]}` is not the name of a file: expected 1 to {_MAX_NAME} characters without"
            " `/` and `\\`",
            code="attachment_invalid",
            hint="give `name`, such as `invoice.pdf`",
        )
    return plain


def _checked_size(content: bytes) -> int:
    if not content or len(content) > MAX_FILE:
        raise RunError(
            f"the file has {len(content):,} bytes, expected 1 to {MAX_FILE:,}",
            code="attachment_invalid" if not content else "attachment_too_large",
            hint="keep large files elsewhere, and comment where they are",
        )
    return len(content)
