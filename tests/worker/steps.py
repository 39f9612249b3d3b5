"""Step files written by a test, and an executor of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from wistro.contract import ErrorInfo, Invocation, StepResult, Trigger
from wistro.stores.journal import JournalEntry
from wistro.stores.memory import MemoryState
from wistro_worker.executor import Executor, Services
from wistro_worker.journal import DeliveryJournal
from wistro_worker.loader import load_step
from wistro_worker.modules import unload
from wistro_worker.secrets import EnvironmentSecrets, Mask

RUN = "0af7651916cd43dd8448eb211c80319c"

INVOCATION = Invocation(
    project="shop",
    flow="orders",
    run_id=RUN,
    build="b1",
    step="it",
    delivery_id="00f067aa0ba902b7",
    idempotency_key=f"{RUN}:00f067aa0ba902b7",
    trigger=Trigger(kind="event", topic="order.placed", client_context={"app": "till"}),
    topic="order.placed",
)


@dataclass(kw_only=True)
class Bench:
    """An executor, and what its handlers noted."""

    root: Path
    executor: Executor
    mask: Mask
    state: MemoryState
    entries: list[JournalEntry] = field(default_factory=list[JournalEntry])

    async def run(self, data: object = None, *, step: str = "it", **changes: object) -> StepResult:
        """One attempt that succeeds."""
        outcome = await self.outcome(data, step=step, **changes)
        assert isinstance(outcome, StepResult), outcome
        return outcome

    async def fail(self, data: object = None, *, step: str = "it", **changes: object) -> ErrorInfo:
        """One attempt that fails."""
        outcome = await self.outcome(data, step=step, **changes)
        assert isinstance(outcome, ErrorInfo), outcome
        return outcome

    async def outcome(
        self, data: object, *, step: str, **changes: object
    ) -> StepResult | ErrorInfo:
        """One attempt."""
        invocation = replace(INVOCATION, step=step, data=data, **changes)  # pyright: ignore[reportArgumentType] # any field
        return await self.executor.outcome(invocation)


def write_steps(root: Path, files: Mapping[str, str]) -> dict[str, Path]:
    """Write step files below `steps/`, each given as name without suffix, and its code."""
    paths: dict[str, Path] = {}
    for name, code in files.items():
        path = root / "steps" / (name if name.endswith(".py") else f"{name}.step.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(code))
        if path.name.endswith(".step.py"):
            paths[name] = path
    return paths


@contextmanager
def bench(
    root: Path,
    files: Mapping[str, str],
    *,
    topics: Mapping[str, dict[str, object]] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Bench]:
    """An executor of these step files."""
    loaded = [load_step(path, root=root) for path in write_steps(root, files).values()]
    mask, state = Mask(), MemoryState()
    entries: list[JournalEntry] = []
    with ThreadPoolExecutor(4) as threads:
        services = Services(
            state=lambda _: state,
            secrets=EnvironmentSecrets(mask, environment or {}),
            log=DeliveryJournal(entries.append, mask).log,
            threads=threads,
        )
        executor = Executor(loaded, services, topics=topics, root=root)
        yield Bench(root=root, executor=executor, mask=mask, state=state, entries=entries)
    unload(root)
