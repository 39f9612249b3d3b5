"""What a project needs beside its steps in TypeScript or JavaScript: a package.json, and our types."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from wistro.errors import SetupError
from wistro.project.files import NODE_STEPS, NODE_STREAMS, find_step_files
from wistro.project.settings import project_name
from wistro.project.toolchains import NODE
from wistro.usercache import Progress

PACKAGE = "package.json"
_ZOD = "^4.1.0"
_TSCONFIG: dict[str, object] = {
    "compilerOptions": {
        "target": "ES2022",
        "module": "ESNext",
        "moduleResolution": "Bundler",
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "resolveJsonModule": True,
        "allowImportingTsExtensions": True,
    },
    "include": ["src", "steps", "types.d.ts"],
}
_IMPORTS_ZOD = re.compile(r"""(?:\bfrom|\brequire\()\s*["']zod["'/]""")


def lacks_packages(root: Path) -> bool:
    """Whether there are steps in TypeScript or JavaScript, and no package.json."""
    return not (root / PACKAGE).exists() and bool(_sources(root))


def set_up_packages(root: Path, say: Progress) -> tuple[str, ...]:
    """Write what is missing, and install what the steps import; says which files were written.

    Raises:
        SetupError: Node or npm is missing, or the installation failed.
    """
    NODE.find()
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in _sources(root)]
    uses_zod = any(_IMPORTS_ZOD.search(text) for text in texts)
    package: dict[str, object] = {"name": project_name(root), "private": True, "type": "module"}
    if uses_zod:
        package["dependencies"] = {"zod": _ZOD}
    written = [
        name
        for name, content in ((PACKAGE, package), ("tsconfig.json", _TSCONFIG))
        if _write_new(root / name, content)
    ]
    if uses_zod:
        say("installing zod")
        _install(root)
    link_package(root, say)
    return tuple(written)


def link_package(root: Path, say: Progress) -> None:
    """Let editors and compilers find the package `wistro`, unless the project has installed one.

    Raises:
        SetupError: Node is missing, or the package cannot be built.
    """
    place = root / "node_modules" / "wistro"
    worker = NODE.ready(say)
    if place.is_symlink() and place.resolve() != worker.resolve():
        place.unlink()
    if not place.exists():
        place.parent.mkdir(exist_ok=True)
        place.symlink_to(worker, target_is_directory=True)


def _sources(root: Path) -> tuple[Path, ...]:
    return find_step_files(root, (*NODE_STEPS, *NODE_STREAMS))


def _write_new(path: Path, content: dict[str, object]) -> bool:
    if path.exists():
        return False
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return True


def _install(root: Path) -> None:
    command = ["npm", "install", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SetupError(
            f"`npm` does not run: {error}", code="no_npm", hint="install it with Node.js"
        ) from error
    if done.returncode != 0:
        raise SetupError(
            f"`npm install` failed: {done.stderr.strip().rpartition(chr(10))[2]}",
            code="npm_failed",
            hint=f"run it in `{root}` to see all that it says",
        )
