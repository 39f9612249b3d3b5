"""React components that draw steps: `pack.node.tsx` beside `pack.step.py`, bundled for the workbench.

They are bundled by the esbuild of the Node worker when somebody looks at the flow, and kept in
`.wistro/cache` until one of the files that they are made of changes. React and `wistro/workbench` are
the page's own: what stands in for them in the bundle takes them from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import cast

from wistro.errors import SetupError
from wistro.project.files import file_hash
from wistro.project.toolchains import NODE
from wistro.usercache import one_at_a_time

FOLDER = Path(".wistro", "cache", "nodes")
_ENDINGS = tuple(
    f"{mark}.{kind}" for mark in (".node", ".step", "_step") for kind in ("tsx", "jsx")
)
"""Ours, and those that Motia's workbench goes by."""
_LIMIT = 60.0
"""Seconds that bundling may take; it takes a fraction of one."""
_PICTURES = (".svg", ".png", ".jpg", ".gif", ".webp")


def custom_node_of(step_path: str, names: Sequence[str]) -> str | None:
    """The file that draws a step, of those beside the step's; as a path relative to the project.

    Args:
        step_path: The step's file, relative to the project, with `/`.
        names: The files in its folder.
    """
    path = PurePosixPath(step_path)
    stem = re.sub(r"[._]step$", "", path.stem)
    known = set(names)
    found = next((stem + ending for ending in _ENDINGS if stem + ending in known), None)
    return None if found is None else (path.parent / found).as_posix()


def bundle_custom_node(root: Path, path: str) -> str:
    """A module for browsers, of the component in the file `path` of the project at `root`.

    Raises:
        SetupError: `node_not_bundled`: it does not compile, or Node is missing.
    """
    place = root / FOLDER / hashlib.sha256(path.encode()).hexdigest()[:16]
    place.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(place.with_suffix(".lock"), "waiting for a node to be bundled"):
        known = _kept(root, place)
        if known is not None:
            return known
        return _bundle(root, path, place)


def _kept(root: Path, place: Path) -> str | None:
    """The bundle that was made before, when nothing that it is made of has changed."""
    try:
        table: object = json.loads(place.with_suffix(".json").read_text(encoding="utf-8"))
        text = place.with_suffix(".js").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    if not isinstance(table, dict):
        return None
    inputs = cast("dict[str, str]", table)
    current = all(file_hash(root / name) == hash for name, hash in inputs.items())
    return text if inputs and current else None


def _bundle(root: Path, path: str, place: Path) -> str:
    try:
        worker = NODE.ready()
    except SetupError as error:
        raise _failed(path, error.message, error.hint) from error
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        output, inputs = Path(folder, "node.js"), Path(folder, "inputs.json")
        _run(root, path, _command(worker, path, output, inputs))
        text = output.read_text(encoding="utf-8")
        found: Mapping[str, object] = json.loads(inputs.read_text(encoding="utf-8"))["inputs"]
        hashes = {name: file_hash(root / name) for name in found}
        place.with_suffix(".json").write_text(json.dumps(hashes), encoding="utf-8")
        output.replace(place.with_suffix(".js"))
    return text


def _command(worker: Path, path: str, output: Path, inputs: Path) -> list[str]:
    ours = worker / "workbench"
    return [
        str(worker / "node_modules" / ".bin" / "esbuild"),
        f"./{path}",
        *("--bundle", "--format=esm", "--platform=browser", "--target=es2022", "--jsx=automatic"),
        *("--charset=utf8", "--log-level=error", "--color=false", "--legal-comments=none"),
        '--define:process.env.NODE_ENV="production"',
        f"--alias:react={ours / 'react'}",
        f"--alias:wistro/workbench={ours / 'index'}",
        f"--alias:motia/workbench={ours / 'index'}",
        "--resolve-extensions=.tsx,.ts,.jsx,.js,.mjs,.cjs,.json",
        *(f"--loader:{suffix}=dataurl" for suffix in _PICTURES),
        f"--outfile={output}",
        f"--metafile={inputs}",
    ]


def _run(root: Path, path: str, command: Sequence[str]) -> None:
    # With what it takes to run, and none of the secrets of this process.
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ
    }
    try:
        done = subprocess.run(
            command,
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(path, str(error), "reinstall the Node worker: `wistro doctor`") from error
    if done.returncode != 0:
        raise _failed(
            path, _readable(done.stderr), "mend the file; the step itself is not affected"
        )


def _readable(said: str) -> str:
    """What esbuild says, without its decoration."""
    lines = [line.removeprefix("✘ [ERROR] ").rstrip() for line in said.strip().splitlines()]
    return "\n".join(line for line in lines if line)[:4000] or "esbuild failed"


def _failed(path: str, problem: str, hint: str | None) -> SetupError:
    return SetupError(
        f"the custom node `{path}` cannot be shown: {problem}",
        code="node_not_bundled",
        hint=hint,
        file=path,
    )
