"""Tells what happens, a line each, and whether it is as it should be."""

from __future__ import annotations

import time

from rich.console import Console
from rich.markup import escape


class Teller:
    """Writes scenes, and counts what is not as it should be."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._scenes = 0
        self._since = time.monotonic()
        self.title = ""
        """What the scene is called."""
        self.problems = 0

    def scene(self, title: str) -> None:
        """Something new begins."""
        self._scenes += 1
        self.title = title
        self._out.print(f"\n[bold]{self._scenes}  {escape(title)}[/]")
        self._since = time.monotonic()

    def tell(self, text: str) -> None:
        """Something happens that needs no proof."""
        self._out.print(f"   [dim]·[/] {escape(text)}", highlight=False)

    def quote(self, printed: str) -> None:
        """What a program printed."""
        for line in printed.strip("\n").splitlines():
            self._out.print(f"     [dim]{escape(line.rstrip())}[/]", highlight=False, no_wrap=True)

    def hold(self, text: str, found: object, expected: object) -> None:
        """Something happened, if what was found is what was expected."""
        took = f"[dim]{(time.monotonic() - self._since) * 1000:6.0f} ms[/]"
        if found == expected:
            self._out.print(f"   [green]✓[/] {escape(text)} {took}", highlight=False)
            return
        self.problems += 1
        self._out.print(f"   [red]✗ {escape(text)}[/] {took}", highlight=False)
        self._out.print(f"     [red]expected {escape(repr(expected))}[/]", highlight=False)
        self._out.print(f"     [red]found    {escape(repr(found))}[/]", highlight=False)
