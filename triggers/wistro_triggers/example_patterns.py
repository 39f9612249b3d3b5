"""A text that matches a regular expression, for examples: the shortest that is easily found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_GENEROSITY = (0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89)
"""How often more than it must a part is repeated, in the order of trying."""
_PALETTE = "a1A0-_ .x,/é"
_ESCAPED = {"d": "1", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "p": "a", "P": "1"}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_REPEATS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_COUNTED = re.compile(r"\{(\d+)(,(\d*))?\}")
_LONGEST = 10_000


def text_matching(pattern: str, *, shortest: int = 0, longest: int | None = None) -> str | None:
    """A text that `pattern` finds, `shortest` to `longest` letters long; `None` when none is found.

    The usual constructs are understood. What is not (look-arounds, back-references) adds nothing, and
    the text is given only if it matches all the same.
    """
    try:
        compiled = re.compile(_pythonic(pattern))
    except re.error:
        return None
    for text in _candidates(pattern, shortest):
        fits = shortest <= len(text) and (longest is None or len(text) <= longest)
        if fits and compiled.search(text):
            return text
    return None


def finds(pattern: str, text: str) -> bool:
    """Whether an ECMA pattern finds something in a text; one that cannot be read finds nothing."""
    try:
        return re.search(_pythonic(pattern), text) is not None
    except re.error:
        return False


def _pythonic(pattern: str) -> str:
    """JSON Schema's patterns are ECMA's: there `$` is the very end, and classes of letters exist."""
    ended = (
        pattern[:-1] + r"\Z" if pattern.endswith("$") and not pattern.endswith(r"\$") else pattern
    )
    named = re.sub(r"\(\?<(\w+)>", r"(?P<\1>", ended)
    return re.sub(r"\\[pP]\{\w+\}", lambda _: r"\w", named)


def _candidates(pattern: str, shortest: int) -> Iterator[str]:
    for extra in (*_GENEROSITY, shortest):
        text = _Sampler(pattern, extra).alternatives()
        yield text
        if len(text) < shortest <= _LONGEST:
            # What is not anchored may go on with anything.
            yield text + "a" * (shortest - len(text))


@dataclass
class _Sampler:
    """Reads an expression from the left, and writes what it asks for."""

    pattern: str
    extra: int
    at: int = 0

    def alternatives(self) -> str:
        """The first of what `|` parts; the others are read and dropped."""
        chosen = self._sequence()
        while self._take("|"):
            self._sequence()
        return chosen

    def _sequence(self) -> str:
        written = ""
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            start = self.at
            piece = self._atom()
            least, most = self._repeats()
            count = least + self.extra if most is None else min(least + self.extra, most)
            # A group may choose anew each time, but the same again is as good.
            written += piece * min(count, _LONGEST) if len(written) < _LONGEST else ""
            if self.at == start:  # never stand still
                self.at += 1
        return written

    def _repeats(self) -> tuple[int, int | None]:
        rest = self.pattern[self.at : self.at + 1]
        if rest in _REPEATS and rest:
            self.at += 1
            found = _REPEATS[rest]
        elif counted := _COUNTED.match(self.pattern, self.at):
            self.at = counted.end()
            least = int(counted[1])
            found = least, (int(counted[3]) if counted[3] else None) if counted[2] else least
        else:
            return 1, 1
        if self.pattern[self.at : self.at + 1] in ("?", "+"):  # lazy, possessive
            self.at += 1
        return found

    def _atom(self) -> str:
        letter = self.pattern[self.at]
        self.at += 1
        if letter in "^$":
            return ""
        if letter == ".":
            return "a"
        if letter == "\\":
            return self._escape()
        if letter == "[":
            return self._class()
        if letter == "(":
            return self._group()
        return letter

    def _escape(self) -> str:
        letter = self.pattern[self.at : self.at + 1]
        self.at += 1
        if letter in ("b", "B", "A", "Z", "z") or not letter:
            return ""
        if letter in ("p", "P") and self._take("{"):
            self.at = self.pattern.find("}", self.at) + 1
        width = {"u": 4, "x": 2}.get(letter, 0)
        code = self.pattern[self.at : self.at + width]
        if width and re.fullmatch(r"[0-9a-fA-F]+", code):
            self.at += width
            return chr(int(code, 16))
        return _ESCAPED.get(letter) or _CONTROLS.get(letter, letter)

    def _group(self) -> str:
        silent = False
        if self._take("?"):
            head = re.compile(r":|P?<\w+>|<?[=!]").match(self.pattern, self.at)
            if head is not None:
                self.at = head.end()
                silent = head[0][-1] in "=!"
        written = self.alternatives()
        self._take(")")
        return "" if silent else written

    def _class(self) -> str:
        negated = self._take("^")
        start = self.at
        first = True
        while self.at < len(self.pattern) and (first or self.pattern[self.at] != "]"):
            self.at += 2 if self.pattern[self.at] == "\\" else 1
            first = False
        content = self.pattern[start : self.at]
        self._take("]")
        try:
            accepts = re.compile(f"[{'^' if negated else ''}{_pythonic(content)}]")
        except re.error:
            return ""
        printable = (chr(code) for code in range(33, 0x250))
        return next((each for each in (*_PALETTE, *printable) if accepts.fullmatch(each)), "")

    def _take(self, letter: str) -> bool:
        taken = self.pattern.startswith(letter, self.at)
        self.at += len(letter) if taken else 0
        return taken
