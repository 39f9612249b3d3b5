"""Steps without Temporal and without triggers: for in-memory runs and for trying a step out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from wistro.calls import FlowCalls
from wistro.contract import Invocation
from wistro.errors import SetupError
from wistro.project.lock import Lock
from wistro.stores.journal import JournalEntry
from wistro.stores.state import StateStore
from wistro.streams import Streams
from wistro_worker.executor import Executor, Services
from wistro_worker.journal import DeliveryJournal
from wistro_worker.secrets import EnvironmentSecrets, Mask
from wistro_worker.steps import make_executor


@contextmanager
def local_executor(
    root: Path,
    lock: Lock,
    store: StateStore,
    streams: Streams | None = None,
    calls: Callable[[Invocation], FlowCalls] | None = None,
) -> Generator[Executor, None, None]:
    """An executor of the project's Python steps whose state is `store`; its log goes to stderr.

    `FlowHarness(plans, executor=executor.outcome)` runs flows with it.
    """
    mask = Mask()
    threads = ThreadPoolExecutor(lock.runtime.workers.threads, thread_name_prefix="wistro-handler")
    services = Services(
        state=lambda _: store,
        streams=lambda _: streams or Streams(),
        calls=calls,
        secrets=EnvironmentSecrets(mask),
        log=DeliveryJournal(_drop, mask).log,
        threads=threads,
    )
    try:
        yield make_executor(root, lock, services, elsewhere=_elsewhere(lock))
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _elsewhere(lock: Lock) -> dict[str, SetupError]:
    return {
        id: SetupError(
            f"the step `{id}` is not in Python (`{step.path}`), so nothing here can run it",
            code="step_elsewhere",
            hint=f"fake it: `project.fake({id!r}, emits=[…])`; its handler has tests of its own",
            file=step.path,
        )
        for id, step in lock.steps.items()
        if step.language != "python"
    }


def _drop(entry: JournalEntry) -> None:
    _ = entry
