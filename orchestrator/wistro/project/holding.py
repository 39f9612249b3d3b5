"""Holds on to steps that worked, while one of the files around them does not load."""

from __future__ import annotations

from wistro.project.descriptor import Descriptor, Discovered, Language, StreamDescriptor
from wistro.project.lock import Lock


def hold(found: Discovered, before: Lock) -> tuple[Discovered, frozenset[Language]]:
    """What was found now, with the languages left as they were in which a file has been broken.

    Half a sentence was saved: runs must not lose a step, or their attempts, over it. A process runs
    all steps of a language, so the others of that language wait for the file as well.

    Args:
        found: The steps as their files describe them now.
        before: What runs.

    Returns:
        The steps to run, and the languages that are held.
    """
    broken = {error.path for error in found.errors}
    known: tuple[Descriptor | StreamDescriptor, ...] = (
        *before.steps.values(),
        *before.streams.values(),
    )
    held: frozenset[Language] = frozenset(each.language for each in known if each.path in broken)
    if not held:
        return found, held
    steps = [step for step in found.steps if step.language not in held]
    steps += [step for step in before.steps.values() if step.language in held]
    streams = [stream for stream in found.streams if stream.language not in held]
    streams += [stream for stream in before.streams.values() if stream.language in held]
    return found.model_copy(update={"steps": tuple(steps), "streams": tuple(streams)}), held
