"""The process of one local environment: a small web server that says what it runs.

    python -I -S server.py FILE < specification.json

It detaches itself, so that it outlives the worker that started it, and holds a lock on FILE for as
long as it lives: there is at most one server for each file, and a held lock is the proof of life of
the process that FILE describes. The command prints that description (the new server's, or that of
the one that was there already) and ends once the server answers. Standard library only, because it
starts in a tenth of the time that way.
"""

from __future__ import annotations

import fcntl
import hmac
import html
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{app} on {branch}</title>
<style>body{{font:16px/1.5 system-ui;margin:4rem auto;max-width:40rem}}dt{{color:#777}}</style>
<h1>{app}</h1>
<p>This is a {type} environment of the branch <b>{branch}</b>.</p>
<dl><dt>Commit</dt><dd>{commit}</dd><dt>Revision</dt><dd>{revision}</dd></dl>
</html>
"""


def handler(
    specification: dict[str, object], stop: threading.Event
) -> type[BaseHTTPRequestHandler]:
    """The server's request handler: the page, its facts, and the way to stop it."""
    facts = {name: value for name, value in specification.items() if name != "token"}
    page = PAGE.format(**{name: html.escape(str(value)) for name, value in facts.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._answer(200, "text/html; charset=utf-8", page)
            elif self.path == "/environment.json":
                self._answer(200, "application/json", json.dumps(facts))
            else:
                self._answer(404, "text/plain; charset=utf-8", "There is no such page here.\n")

        def do_POST(self) -> None:
            given = self.headers.get("Authorization", "").encode()
            if self.path != "/stop":
                self._answer(404, "text/plain; charset=utf-8", "There is no such page here.\n")
            elif not hmac.compare_digest(given, f"Bearer {specification['token']}".encode()):
                self._answer(401, "text/plain; charset=utf-8", "Only who started me may stop me.\n")
            else:
                self._answer(202, "text/plain; charset=utf-8", "Stopping.\n")
                stop.set()

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

        def _answer(self, status: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def serve(file: int, specification: dict[str, object], announce: int) -> None:
    """Serve until told to stop; the lock on `file` is held and ends with the process."""
    stop = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(specification, stop))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    description = {**specification, "pid": os.getpid(), "port": server.server_port}
    line = json.dumps(description).encode()
    os.ftruncate(file, 0)
    os.pwrite(file, line, 0)
    os.write(announce, line)
    os.close(announce)
    stop.wait()
    server.server_close()


def locked(file: int) -> bool:
    """Take the lock. Who only looks whether a server lives holds it for less than a moment."""
    for _ in range(20):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


def main() -> int:
    specification: dict[str, object] = json.load(sys.stdin)
    file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
    if not locked(file):
        sys.stdout.write(os.pread(file, 65536, 0).decode())
        return 0
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        serve(file, specification, writer)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as announced:
        description = announced.read()
    sys.stdout.write(description)
    return 0 if description else 1


if __name__ == "__main__":
    sys.exit(main())
