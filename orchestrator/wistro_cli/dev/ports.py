"""Which port `wistro dev` listens on."""

from __future__ import annotations

import socket

from wistro.errors import SetupError

LOOPBACK = "127.0.0.1"
_TRIED = 100


def choose_port(wanted: int | None, usual: int) -> int:
    """The wanted port; without one, the usual port or the next that is free.

    Raises:
        SetupError: the wanted port is in use.
    """
    if wanted is None:
        nearby = range(usual, min(usual + _TRIED, 65536)) if usual else ()
        return next((port for port in nearby if _is_free(port)), None) or _any_free()
    if wanted == 0:
        return _any_free()
    if not _is_free(wanted):
        raise SetupError(
            f"the port `{wanted}` is in use: expected a free one for the triggers",
            code="port_in_use",
            hint="stop what listens on it, choose another one, or leave `--port` out to get a free one",
        )
    return wanted


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the triggers listen: connections of a process that is gone do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
