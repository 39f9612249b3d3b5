"""A support desk at work, with all that it needs: `make demo-support`, or `python demo.py`.

Starts everything on free ports of this machine and lets five things happen, with a line for each.
Exits with 0 only if all of it happened as it should.

    KEEP=1          stay up at the end, until Ctrl-C
    KEEP=<folder>   the same, and keep everything in that folder
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import httpx
from rich.console import Console

PROJECT = Path(__file__).parent.resolve()
sys.path[:0] = [str(PROJECT), str(PROJECT.parent / "shared")]

from demokit import stage  # noqa: E402
from demonstration import story  # noqa: E402
from demonstration.desk import Desk, opened  # noqa: E402
from demonstration.teller import Teller  # noqa: E402


async def main(out: Console) -> int:
    """Run the demo; returns the code to exit with."""
    stage.npm_install(PROJECT, has="node_modules/zod", why="What the step in TypeScript needs")
    with stage.folder("support-") as folder:
        began = time.monotonic()
        with out.status("Starting Temporal and the project") as status:
            async with opened(folder) as desk:
                status.stop()
                teller = Teller(out)
                await story.play(desk, teller)
                took = time.monotonic() - began
                verdict = (
                    f"{teller.problems} problems" if teller.problems else "All as it should be"
                )
                out.print(f"\n[bold]{verdict}[/], in {took:.0f} s\n", highlight=False)
                if stage.keeps():
                    out.print(_places(desk, folder), highlight=False)
                    await asyncio.Event().wait()
                status.start()
                status.update("Stopping everything")
    return 1 if teller.problems else 0


def _places(desk: Desk, folder: Path) -> str:
    url = desk.project.url
    return f"""\
The page      {url}/desk
API           {url}/docs
Temporal UI   {desk.project.temporal_ui}
Files         {folder}

Sign in to the page as Grace and ask for the refund of order 1004; then, as a lead:

    wistro -C {folder} inbox list
    wistro -C {folder} inbox answer <task> --data '{{"approved": true}}' --as lena@example.com

Everything stays up until Ctrl-C."""


if __name__ == "__main__":
    sys.exit(stage.play(main, story.StuckError, httpx.HTTPError))
