"""Measures a project against hand-written Temporal code that does the same: `make bench`.

Everything runs on one machine, in one go, in turns (A B A B), with the same server, the same keys and
codec, and processes of the same kind. Read the ratios; the times belong to the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench import calls, cold, encryption, http, languages, runs
from bench.effort import Effort
from bench.figures import Row
from bench.machine import describe_machine
from bench.project import write_project
from bench.report import as_json, as_markdown, print_table
from bench.sides import Bench
from wistro.temporal.host.devserver import DevServer
from wistro.temporal.host.exit import leave
from wistro.temporal.host.serverbinary import ServerBinary, find_binary

BENCHMARKS: dict[str, Callable[[Bench, Effort], Awaitable[list[Row]]]] = {
    "chain": runs.chain,
    "throughput": runs.throughput,
    "fan-out": runs.fan_out,
    "first-step": runs.first_step,
    "api": http.api_step,
    "calls": calls.calls,
    "inline": runs.inline,
    "loop": runs.loop,
    "languages": languages.languages,
    "discovery": languages.discovery,
    "codec": encryption.codec,
    "cold-start": cold.cold_start,
}
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def main() -> int:
    options = _options()
    console = Console(stderr=True)
    binary = find_binary(progress=console.print)
    machine = describe_machine(binary)
    rows = asyncio.run(measure(options.only, Effort(options.quick), binary, console))
    print_table(rows, console)
    if options.json:
        print(as_json(machine, rows, quick=options.quick))
    if options.write:
        write_results(options.write, as_markdown(machine, rows, quick=options.quick))
    return 0 if options.quick or all(row.passed is not False for row in rows) else 1


async def measure(
    names: Sequence[str], effort: Effort, binary: ServerBinary, console: Console
) -> list[Row]:
    """The rows of the benchmarks called `names`; each on a server and processes of its own."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="wistro-bench-") as folder:
        root = Path(folder) / "project"
        write_project(root)
        for name in names:
            console.print(f"[dim]measuring {name}[/dim]")
            server = DevServer(
                binary=binary.path, folder=Path(folder) / name, in_memory=True, ui=False
            )
            async with server:
                bench = Bench(root=root, address=server.address, binary=binary.path)
                bench.runtime()  # makes the keys that both sides use
                rows += await BENCHMARKS[name](bench, effort)
    return rows


def write_results(path: Path, results: str) -> None:
    """Put the results between the marks of a page."""
    page = path.read_text("utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"`{path}` has no place for results. hint: add `{BEGIN}` and `{END}`")
    path.write_text(f"{before}{BEGIN}\n\n{results}\n{END}{after}", "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=BENCHMARKS,
        metavar="NAME",
        help=f"one of {', '.join(BENCHMARKS)}; may be given again",
    )
    parser.add_argument("--quick", action="store_true", help="a first impression, in two minutes")
    parser.add_argument("--json", action="store_true", help="print the results as JSON on stdout")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the results into a page")
    options = parser.parse_args()
    options.only = options.only or list(BENCHMARKS)
    return options


if __name__ == "__main__":
    try:
        code = main()
    except Exception:  # noqa: BLE001 - the process must end through `leave`
        traceback.print_exc()
        code = 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        code = 130
    leave(code)
