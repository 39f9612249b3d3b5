"""Stands in for the discoverer of another language: declares what each step file holds as JSON.

`python standin.py LANGUAGE ROOT [--progress FILE] [--skip PATH]…`
"""

from __future__ import annotations

import argparse
import json
import os
from hashlib import sha256
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("language")
    parser.add_argument("root", type=Path)
    parser.add_argument("--progress", type=Path)
    parser.add_argument("--skip", action="append", default=[])
    given = parser.parse_args()
    steps: list[object] = []
    streams: list[object] = []
    errors: list[object] = []
    suffix = {"node": "ts", "go": "go"}[given.language]
    for path in sorted((given.root / "steps").glob(f"*.step.{suffix}")):
        name = f"steps/{path.name}"
        if name in given.skip:
            continue
        given.progress.write_text(name)
        text = path.read_text()
        if text == "dies":
            os._exit(3)
        try:
            config = json.loads(text)
        except ValueError as error:
            errors.append({"path": name, "error": str(error), "line": 7})
            continue
        digest = sha256(text.encode()).hexdigest()
        if "stream" in config:
            streams.append(
                {"path": name, "config": config["stream"], "has_access": True, "hash": digest}
            )
            continue
        steps.append(
            {
                "path": name,
                "config": config,
                "has_handler": "No handler" not in text,
                "hash": digest,
            }
        )
    document = {"version": 1, "language": given.language, "steps": steps, "streams": streams}
    print(json.dumps(document | {"errors": errors}))


if __name__ == "__main__":
    main()
