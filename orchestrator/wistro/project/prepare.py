"""Makes ready what is not Python, workers and workbench: `python -m wistro.project.prepare`."""

from __future__ import annotations

import sys

from wistro.errors import SetupError
from wistro.project.toolchains import NODE, TOOLCHAINS, Toolchain
from wistro.project.workbench import build_workbench
from wistro.usercache import Progress, silent


def main() -> int:
    """Prepare what the toolchains that are installed can build, and say what is left out."""

    def show(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    try:
        for toolchain in TOOLCHAINS.values():
            if _is_installed(toolchain, show):
                toolchain.prepare(show)
        if _is_installed(NODE, silent):
            build_workbench(show)
    except SetupError as error:
        show(str(error))
        return 1
    return 0


def _is_installed(toolchain: Toolchain, say: Progress) -> bool:
    try:
        toolchain.find()
    except SetupError as error:
        say(f"skipped: {error}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
