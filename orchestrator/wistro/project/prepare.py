"""Makes the workers of other languages ready: `python -m wistro.project.prepare`."""

from __future__ import annotations

import sys

from wistro.errors import SetupError
from wistro.project.toolchains import TOOLCHAINS


def main() -> int:
    """Prepare every worker whose toolchain is installed, and say which are left out."""

    def show(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    for toolchain in TOOLCHAINS.values():
        try:
            toolchain.find()
        except SetupError as error:
            show(f"skipped: {error}")
            continue
        try:
            toolchain.prepare(show)
        except SetupError as error:
            show(str(error))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
