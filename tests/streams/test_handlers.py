"""`ctx.streams` as handlers see it: in both forms, in memory, and in tests."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, assert_type

import pytest
from pydantic import BaseModel

from tests.worker.steps import write_steps
from wistro import (
    Context,
    InvalidMessage,
    StoreError,
    Stream,
    StreamConfig,
    SyncContext,
    SyncStream,
    Terminal,
)
from wistro.project import Project
from wistro.stores.memory_stream import MemoryStreams
from wistro.streams import ItemSchema, Streams
from wistro.testing import FakeContext
from wistro_worker.modules import unload
from wistro_worker.testing import flow_harness

CHAT = """
config = {
    "name": "chat",
    "schema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    "baseConfig": {"storageType": "default"},
}
"""
CONFIG = """
config = {"type": "event", "name": "Write", "flows": ["talk"], "subscribes": ["said"], "emits": []}
"""


class Message(BaseModel):
    text: str


async def write(data: object, ctx: Context) -> None:
    assert_type(ctx.streams.chat, Stream)
    stored = await ctx.streams.chat.set("room", "7", Message(text="hi"))
    assert stored == {"text": "hi", "id": "7"}
    assert await ctx.streams.chat.get("room", "7") == stored
    assert await ctx.streams["chat"].get_group("room") == [stored]
    assert await ctx.streams.chat.getGroup("room") == [stored]
    item = await ctx.streams.chat.item("room", "7")
    assert item is not None
    await ctx.streams.chat.set("room", "7", {"text": "again"}, if_version=item.version)
    with pytest.raises(StoreError, match="version"):
        await ctx.streams.chat.set("room", "7", {"text": "late"}, if_version=item.version)
    await ctx.streams.chat.send({"groupId": "room"}, {"type": "typing", "data": {"who": "Ann"}})
    assert await ctx.streams.chat.delete("room", "7") == {"text": "again", "id": "7"}
    assert await ctx.streams.chat.delete("room", "7") is None
    assert "room" in await ctx.streams.chat.token("room", expires=timedelta(minutes=5))


def write_blocking(data: object, ctx: SyncContext) -> None:
    assert_type(ctx.streams.chat, SyncStream)
    stored = ctx.streams.chat.set("room", "7", {"text": "hi"})
    assert ctx.streams.chat.get("room", "7") == stored == {"text": "hi", "id": "7"}
    assert ctx.streams["chat"].get_group("room") == [stored]
    ctx.streams.chat.send({"groupId": "room", "id": "7"}, {"type": "read", "data": None})
    assert ctx.streams.chat.delete("room", "7") == stored
    assert ctx.streams.chat.token("room")


async def test_with_a_fake_context() -> None:
    await write(None, FakeContext())
    write_blocking(None, FakeContext().sync)


async def test_only_streams_of_the_project() -> None:
    ctx = FakeContext(streams=["chat", "live-board"])
    assert "chat" in ctx.streams
    assert list(ctx.streams) == ["chat", "live-board"]
    await ctx.streams["live-board"].set("g", "1", {})
    for name in ("chart", "nothing like it"):
        with pytest.raises(Terminal, match=f"no stream `{name}`") as refused:
            _ = ctx.streams[name]
        assert refused.value.code == "unknown_stream"
        assert "`chat`" in (refused.value.hint or "")
    with pytest.raises(AttributeError):
        _ = ctx.streams._private


class TestSchemas:
    @staticmethod
    def stream(schema: dict[str, Any]) -> Stream:
        return Streams(MemoryStreams(), {"chat": ItemSchema(schema)}).chat

    async def test_errors_name_the_fields(self) -> None:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {
                "text": {"type": "string"},
                "by": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["text"],
        }
        with pytest.raises(InvalidMessage) as refused:
            await self.stream(schema).set("room", "7", {"by": ["Ann", 7]})
        assert sorted(issue.field for issue in refused.value.issues) == ["by[1]", "text"]
        assert "`by[1]`" in refused.value.message

    @pytest.mark.parametrize("knows_id", [True, False])
    @pytest.mark.parametrize("says_id", [True, False])
    async def test_schemas_may_name_the_id_or_not(self, knows_id: bool, says_id: bool) -> None:
        named = {"id": {"type": "string"}} if knows_id else {}
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {"text": {"type": "string"}, **named},
            "required": ["text", *named],
            "additionalProperties": False,
        }
        data = {"text": "hi"} | ({"id": "7"} if says_id else {})
        assert await self.stream(schema).set("room", "7", data) == {"text": "hi", "id": "7"}
        with pytest.raises(InvalidMessage, match="oops"):
            await self.stream(schema).set("room", "7", {**data, "oops": 1})

    @pytest.mark.parametrize("data", [None, [1], "text", 7])
    async def test_items_are_objects(self, data: object) -> None:
        with pytest.raises(Terminal, match="expected to be an object"):
            await self.stream({}).set("room", "7", data)

    async def test_what_json_cannot_carry(self) -> None:
        with pytest.raises(Terminal, match="`text` is a `object`"):
            await self.stream({}).set("room", "7", {"text": object()})

    async def test_odd_events(self) -> None:
        with pytest.raises(Terminal, match="expected") as refused:
            await self.stream({}).send({}, {"type": "typing"})
        assert refused.value.code == "invalid_event"


@pytest.mark.parametrize("form", ["async def handler(data, ctx): await", "def handler(data, ctx):"])
async def test_flows_in_memory(tmp_path: Path, form: str) -> None:
    (tmp_path / "wistro.yml").write_text("project: talk\ntopics: { said: { external: true } }\n")
    write_steps(
        tmp_path,
        {
            "chat.stream.py": CHAT,
            "write": f'{CONFIG}\n{form} ctx.streams.chat.set("room", data["id"], data)',
        },
    )
    with flow_harness(tmp_path) as project:
        run = await project.emit("talk", "said", {"id": "7", "text": "hi"})
        assert run.outcome == "completed"
        assert await project.streams.chat.get("room", "7") == {"text": "hi", "id": "7"}
        wrong = await project.emit("talk", "said", {"id": "8", "text": 8})
        assert wrong.outcome == "failed"
        assert await project.streams.chat.get("room", "8") is None
    unload(tmp_path)


class TestFiles:
    def test_a_motia_file_and_ours(self, tmp_path: Path) -> None:
        write_steps(
            tmp_path,
            {
                "chat.stream.py": CHAT,
                "board_stream.py": """
                    from pydantic import BaseModel
                    from wistro import StreamConfig

                    class Card(BaseModel):
                        title: str

                    def can_access(subscription, context):
                        return True

                    config = StreamConfig(
                        name="board", item=Card, access="token", can_access=can_access
                    )
                    """,
            },
        )
        compiled = Project.open(tmp_path).compile()
        assert not compiled.errors
        chat, board = compiled.lock.streams["chat"], compiled.lock.streams["board"]
        assert (chat.path, chat.access, chat.has_access) == ("steps/chat.stream.py", None, False)
        assert chat.item is not None
        assert (board.access, board.has_access) == ("token", True)
        assert board.item is not None
        assert board.item["required"] == ["title"]

    @pytest.mark.parametrize(
        ("code", "field", "complaint"),
        [
            ("config = {'schema': {}}", "name", "`name` is missing"),
            ("config = {'name': 'a b'}", "name", "letters, digits"),
            ("config = {'name': 'a', 'shema': {}}", "shema", "unknown field `shema`"),
            ("config = {'name': 'a', 'schema': {'type': 'array'}}", "schema", "of an object"),
            ("config = {'name': 'a', 'schema': {'type': 7}}", "schema", "JSON Schema"),
            ("config = {'name': 'a', 'baseConfig': {'storageType': 'custom'}}", "baseConfig.storageType", "beside the project's state"),
            ("config = {'name': 'a', 'access': 'nobody'}", "access", "'public' or 'token'"),
            ("config = 7", None, "expected a stream config"),
            ("confg = {}", None, "has no `config`"),
            ("import nowhere_at_all", None, "nowhere_at_all"),
            ("from wistro import StreamConfig\nconfig = StreamConfig(name='a', nam='b')", "nam", "unknown field"),
        ],
    )  # fmt: skip
    def test_findings(self, tmp_path: Path, code: str, field: str | None, complaint: str) -> None:
        write_steps(tmp_path, {"odd.stream.py": code, "chat.stream.py": CHAT})
        compiled = Project.open(tmp_path).compile()
        (error, *_) = compiled.errors
        assert (error.path, error.field) == ("steps/odd.stream.py", field)
        assert complaint in error.error
        assert list(compiled.lock.streams) == ["chat"]

    def test_equal_names(self, tmp_path: Path) -> None:
        write_steps(tmp_path, {"a.stream.py": CHAT, "b_stream.py": CHAT})
        compiled = Project.open(tmp_path).compile()
        (finding,) = [each for each in compiled.findings if each.code == "duplicate_stream"]
        assert (finding.file, finding.severity) == ("steps/b_stream.py", "error")
        assert compiled.lock.streams["chat"].path == "steps/a.stream.py"


def test_configs_in_code() -> None:
    config = StreamConfig(name="chat", item=Message)
    assert config.access is None
    assert StreamConfig.model_validate(config.model_dump()).name == "chat"
