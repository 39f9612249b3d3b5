"""Fetches apps: from a folder, a `.zip` or `.tar.gz`, or a git repository, into a folder of ours.

Whoever packed it is not trusted: nothing leaves the folder, and nothing grows without bounds.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from wistro.errors import SetupError
from wistro.project.apps import is_app
from wistro.project.process import run_to_end

MAX_FILES = 5_000
"""How many files an app may have."""
MAX_BYTES = 64 * 1024**2
"""How large they may be together."""

_CLONE_LIMIT = 300.0
_TAR = (".tar.gz", ".tgz", ".tar")
_NOT_PART = (".git", ".wistro", "__pycache__", "node_modules", ".venv", "venv")
_GIT = re.compile(r"(https?|ssh|git|file)://.+|[\w.-]+@[\w.-]+:.+|.+\.git")


def fetch_app(source: str, into: Path) -> Path:
    """Bring what `source` names into the folder `into`, which is made; returns the app in it.

    Args:
        source: A folder, an archive, or a git repository, whose address may end with `#<branch or tag>`.
        into: Where to put it.

    Raises:
        SetupError: there is nothing, it is no app, or it is one that nobody should unpack.
    """
    into.mkdir(parents=True)
    _fetcher(source)(source, into)
    _look_through(into, source)
    return _app_in(into, source)


def app_name_of(source: str) -> str:
    """What an app is called after its source: `https://…/refunds-1.2.0.git#main` is `refunds`."""
    last = re.split(r"[/\\:]", source.partition("#")[0].rstrip("/\\"))[-1]
    stem = re.sub(r"(\.git|\.zip|\.tar\.gz|\.tgz|\.tar)$", "", last)
    return re.sub(r"[._\s]+", "-", re.sub(r"-v?\d+(\.\d+)*$", "", stem)).lower()


def _fetcher(source: str) -> Callable[[str, Path], None]:
    path = Path(source).expanduser()
    if path.is_dir():
        bare = (path / "HEAD").is_file() and (path / "objects").is_dir()
        return _clone if bare else _copy
    if path.is_file():
        if zipfile.is_zipfile(path):
            return _unzip
        if path.name.endswith(_TAR):
            return _untar
        raise _refuse(source, "it is neither a `.zip` nor a `.tar.gz`", "pack it as one of them")
    if _GIT.fullmatch(source.partition("#")[0]) and not source.startswith("-"):
        return _clone
    raise SetupError(
        f"there is no `{source}`: expected a folder, a `.zip`, a `.tar.gz`, or a git repository",
        code="no_app_source",
        hint="name a path that is there, or an address such as `https://host/refunds.git`",
    )


# ------------------------------------------------------------------------------------ kinds


def _copy(source: str, into: Path) -> None:
    folder = Path(source).expanduser()
    _check_size(source, [path.lstat().st_size for path in _files(folder, _NOT_PART)])
    ignore = shutil.ignore_patterns(*_NOT_PART)
    shutil.copytree(folder, into, symlinks=True, ignore=ignore, dirs_exist_ok=True)


def _unzip(source: str, into: Path) -> None:
    try:
        with zipfile.ZipFile(Path(source).expanduser()) as archive:
            entries = archive.infolist()
            for entry in entries:
                _check_place(entry.filename, source)
                if stat.S_ISLNK(entry.external_attr >> 16):
                    raise _refuse(
                        source, f"`{entry.filename}` is a link", "pack the files themselves"
                    )
            # What an entry says of its size is the most that is read of it.
            _check_size(source, [entry.file_size for entry in entries])
            for entry in entries:
                archive.extract(entry, into)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _refuse(source, f"it cannot be read: {error}", "pack it again") from error


def _untar(source: str, into: Path) -> None:
    try:
        with tarfile.open(Path(source).expanduser()) as archive:
            sizes: list[int] = []
            for entry in archive:
                _check_place(entry.name, source)
                sizes.append(entry.size)
                _check_size(source, sizes)
                archive.extract(entry, into, filter="data")
    except tarfile.FilterError as error:
        raise _refuse(source, str(error), "pack plain files and folders only") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _refuse(source, f"it cannot be read: {error}", "pack it again") from error


def _clone(source: str, into: Path) -> None:
    git = shutil.which("git")
    if git is None:
        raise SetupError(
            f"`{source}` is a git repository, and there is no `git` on this machine",
            code="no_git",
            hint="install git, or name a folder or an archive",
        )
    address, _, branch = source.partition("#")
    place = Path(address).expanduser()
    # Of a path git would take its own short cuts, and copy everything.
    address = place.resolve().as_uri() if place.exists() else address
    options = ["--depth", "1", "--quiet", "--no-recurse-submodules"]
    options += ["--branch", branch] if branch else []
    # Nobody is there to ask for a password, and an address starts no helper programs.
    environment = ["env", "GIT_TERMINAL_PROMPT=0", "GIT_LFS_SKIP_SMUDGE=1"]
    environment.append("GIT_ALLOW_PROTOCOL=file:git:http:https:ssh")
    command = [*environment, git, "clone", *options, "--", address, str(into)]
    ended = run_to_end(command, into.parent, _CLONE_LIMIT, lambda: False)
    if ended.code != 0:
        raise SetupError(
            f"`{source}` cannot be cloned: git {ended.story}",
            code="clone_failed",
            hint=f"it said: {ended.last_words}" if ended.last_words else None,
        )
    shutil.rmtree(into / ".git")


# ------------------------------------------------------------------------------------ bounds


def _check_place(name: str, source: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
        raise _refuse(source, f"`{name}` would be put outside of its folder", "do not install it")


def _check_size(source: str, sizes: Sequence[int]) -> None:
    """Refuse what is too much; `sizes` are those of all files so far."""
    if len(sizes) > MAX_FILES:
        raise _refuse(source, f"it has more than {MAX_FILES:,} files", "leave out what is not code")
    if sum(sizes) > MAX_BYTES:
        limit = f"{MAX_BYTES // 1024**2} MiB"
        raise _refuse(source, f"it has more than {limit}", "an app is code: leave data out of it")


def _look_through(folder: Path, source: str) -> None:
    """Whatever it came from: links stay inside, and there are only files and folders."""
    _check_size(source, [path.lstat().st_size for path in _files(folder, ())])
    for path in _files(folder, ()):
        name = path.relative_to(folder).as_posix()
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            if not path.resolve().is_relative_to(folder.resolve()):
                raise _refuse(
                    source, f"`{name}` is a link that leaves its folder", "do not install it"
                )
        elif not stat.S_ISREG(mode):
            raise _refuse(source, f"`{name}` is no plain file", "leave it out")


def _files(folder: Path, left_out: Sequence[str]) -> Iterator[Path]:
    """Everything but folders, and what is in those that are left out; links to folders are among it."""
    for current, folders, names in os.walk(folder):
        links = [name for name in folders if Path(current, name).is_symlink()]
        folders[:] = [name for name in folders if name not in left_out]
        yield from (Path(current, name) for name in (*links, *names))


def _app_in(folder: Path, source: str) -> Path:
    """The app itself: archives often have one folder around it."""
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
    inner = entries[0] if len(entries) == 1 and entries[0].is_dir() else folder
    found = next((place for place in (folder, inner) if is_app(place)), None)
    if found is not None:
        return found
    listed = ", ".join(f"`{entry.name}`" for entry in sorted(entries)[:5]) or "nothing"
    raise _refuse(
        source,
        f"expected step files below `steps/` or `src/`, found {listed}",
        "name the folder that has them",
    )


def _refuse(source: str, why: str, hint: str) -> SetupError:
    return SetupError(f"`{source}` is no app to install: {why}", code="bad_app", hint=hint)
