"""Apps come from folders, archives and git, and go; a project that compiles does so afterwards."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apps.writing import REFUNDS, answering, write_app, write_desk
from tests.cli.command import wistro
from tests.project.writing import api, write_project
from wistro.errors import SetupError
from wistro.project import Project, appsources
from wistro.project.appinstall import install_app, remove_app
from wistro.project.appsources import app_name_of


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A project without apps."""
    return write_desk(tmp_path / "desk")


@pytest.fixture
def refunds(tmp_path: Path) -> Path:
    """An app that is not installed."""
    return write_app(tmp_path / "sources" / "refunds")


def plain(folder: Path, to: Path) -> str:
    del to
    return str(folder)


def zipped(folder: Path, to: Path) -> str:
    return shutil.make_archive(str(to / "refunds-1.2.0"), "zip", folder)


def tarred(folder: Path, to: Path) -> str:
    """With a folder around the app, as people pack things."""
    return shutil.make_archive(str(to / "refunds"), "gztar", folder.parent, folder.name)


def cloned(folder: Path, to: Path) -> str:
    """The address of a bare repository."""
    bare = to / "refunds.git"
    identity = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com")
    for command in (
        ("init", "--quiet", str(folder)),
        ("-C", str(folder), "add", "."),
        ("-C", str(folder), *identity, "commit", "--quiet", "-m", "All of it"),
        ("-C", str(folder), "tag", "v1"),
        ("clone", "--quiet", "--bare", str(folder), str(bare)),
    ):
        subprocess.run(["git", *command], check=True)
    return f"{bare.as_uri()}#v1"


def files_of(folder: Path) -> set[str]:
    """All files below a folder."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("packed", [plain, zipped, tarred, cloned])
def test_every_kind_of_source(
    desk: Path, refunds: Path, tmp_path: Path, packed: Callable[[Path, Path], str]
) -> None:
    done = install_app(Project.open(desk), packed(refunds, tmp_path))
    assert (done.id, done.app.version, done.replaced) == ("refunds", "1.2.0", False)
    assert files_of(desk / "apps" / "refunds") == set(REFUNDS)
    compiled = Project.open(desk).compile()
    assert compiled.ok, compiled.findings
    assert compiled.lock.build == done.lock.build
    assert [each.name for each in (desk / ".wistro").iterdir()] == ["cache"]


def test_another_name_and_another_release(desk: Path, refunds: Path) -> None:
    install_app(Project.open(desk), str(refunds), name="returns")
    (refunds / "wistro.yml").write_text("version: '2'")
    with pytest.raises(SetupError, match="`apps/returns` is there already"):
        install_app(Project.open(desk), str(refunds), name="returns")
    done = install_app(Project.open(desk), str(refunds), name="returns", force=True)
    assert (done.replaced, done.app.version) == (True, "2")
    assert list(done.lock.apps) == ["returns"]


def test_a_folder_that_is_no_app_is_never_replaced(desk: Path, refunds: Path) -> None:
    write_project(desk, {"apps/refunds/notes.txt": "mine"})
    with pytest.raises(SetupError, match="is there already"):
        install_app(Project.open(desk), str(refunds), force=True)
    assert files_of(desk / "apps") == {"refunds/notes.txt"}


@pytest.mark.parametrize(
    ("files", "text"),
    [
        ({"readme.md": "nothing"}, "found `readme.md`"),
        ({"steps/a.step.py": "import nothing_like_it"}, "apps/bad/steps/a.step.py"),
        ({"steps/a.step.py": "from steps.decide import x"}, "apps/bad/steps/a.step.py"),
        ({"steps/a.step.py": api("Take the route", "/taken")}, "steps/taken.step.py"),
        ({"wistro.yml": "storage: { path: x }", "steps/a.step.py": ""}, "belongs to the project"),
        (
            {"steps/a.step.py": answering("a", "one"), "wistro.yml": "call: two"},
            "no flow of the app",
        ),
    ],
)
def test_an_app_that_does_not_fit(
    desk: Path, tmp_path: Path, files: dict[str, str], text: str
) -> None:
    write_project(desk, {"steps/taken.step.py": api("Have the route", "/taken")})
    before = files_of(desk)
    with pytest.raises(SetupError) as raised:
        install_app(Project.open(desk), str(write_app(tmp_path / "bad", files)))
    assert text in raised.value.message
    assert {each for each in files_of(desk) if not each.startswith(".wistro/")} == before


def test_errors_that_were_there_before_are_nobodys_fault(desk: Path, refunds: Path) -> None:
    write_project(desk, {"steps/broken.step.py": "import nothing_like_it"})
    assert install_app(Project.open(desk), str(refunds)).id == "refunds"


def hostile_tar(to: Path, name: str, *, link: str | None = None, kind: bytes = b"") -> str:
    """An archive of an app with one entry more."""
    path = to / "hostile.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        entries = [(name, kind or (tarfile.SYMTYPE if link else tarfile.REGTYPE), b"x")]
        entries += [("steps/a.step.py", tarfile.REGTYPE, b"pass")]
        for entry, type_, content in entries:
            info = tarfile.TarInfo(entry)
            info.type, info.linkname = type_, link or ""
            info.size = len(content) if type_ == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(content))
    return str(path)


@pytest.mark.parametrize(
    ("name", "link", "kind"),
    [
        ("../outside.txt", None, b""),
        ("/tmp/outside.txt", None, b""),
        ("steps/link", "../../outside.txt", b""),
        ("steps/link", "/etc/passwd", b""),
        ("steps/hard", "../outside.txt", tarfile.LNKTYPE),
        ("steps/pipe", None, tarfile.FIFOTYPE),
    ],
)
def test_a_tar_that_leaves_its_folder(
    desk: Path, tmp_path: Path, name: str, link: str | None, kind: bytes
) -> None:
    (tmp_path / "outside.txt").write_text("not theirs")
    source = hostile_tar(tmp_path, name, link=link, kind=kind)
    with pytest.raises(SetupError, match="is no app to install"):
        install_app(Project.open(desk), source)
    assert not (desk / "apps").exists()
    assert (tmp_path / "outside.txt").read_text() == "not theirs"


@pytest.mark.parametrize("name", ["../outside.txt", "/outside.txt", "..\\outside.txt", "C:\\x"])
def test_a_zip_that_leaves_its_folder(desk: Path, tmp_path: Path, name: str) -> None:
    source = tmp_path / "hostile.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("steps/a.step.py", "pass")
        archive.writestr(name, "x")
    with pytest.raises(SetupError, match="would be put outside of its folder"):
        install_app(Project.open(desk), str(source))


def test_links_in_a_folder_stay_inside(desk: Path, refunds: Path, tmp_path: Path) -> None:
    (refunds / "steps" / "inner.txt").symlink_to("../wistro.yml")
    assert install_app(Project.open(desk), str(refunds)).id == "refunds"
    (tmp_path / "secret.txt").write_text("mine")
    (refunds / "steps" / "outer.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(SetupError, match=r"`steps/outer\.txt` is a link that leaves its folder"):
        install_app(Project.open(desk), str(refunds), force=True)


def test_links_of_a_repository_stay_inside_wherever_they_are(
    desk: Path, refunds: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text("mine")
    (refunds / "node_modules").mkdir()
    (refunds / "node_modules" / "outer.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(SetupError, match=r"`node_modules/outer\.txt` is a link that leaves"):
        install_app(Project.open(desk), cloned(refunds, tmp_path))


def test_apps_are_bounded(
    desk: Path, refunds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [str(refunds), zipped(refunds, tmp_path), tarred(refunds, tmp_path)]
    monkeypatch.setattr(appsources, "MAX_BYTES", 100)
    for source in sources:
        with pytest.raises(SetupError, match="it has more than 0 MiB"):
            install_app(Project.open(desk), source)
    monkeypatch.setattr(appsources, "MAX_FILES", 1)
    for source in sources:
        with pytest.raises(SetupError, match="it has more than 1 files"):
            install_app(Project.open(desk), source)


@pytest.mark.parametrize("source", ["nowhere", "https:/typo", "--upload-pack=touch x.git"])
def test_a_source_that_is_not_there(desk: Path, source: str) -> None:
    with pytest.raises(SetupError) as raised:
        install_app(Project.open(desk), source)
    assert raised.value.code == "no_app_source"


def test_a_repository_that_is_not_there(desk: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError) as raised:
        install_app(Project.open(desk), f"{tmp_path}/nothing.git")
    assert raised.value.code == "clone_failed"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://example.com/team/Refunds.git#v2", "refunds"),
        ("git@example.com:team/order-mail.git", "order-mail"),
        ("./dist/order_mail-1.2.0.tar.gz", "order-mail"),
        ("/apps/refunds/", "refunds"),
        ("refunds-v2.zip", "refunds"),
    ],
)
def test_what_an_app_is_called_after(source: str, name: str) -> None:
    assert app_name_of(source) == name


# ------------------------------------------------------------------------------------ removing


def test_removing(desk: Path) -> None:
    write_app(desk / "apps" / "refunds")
    done = remove_app(Project.open(desk), "refunds")
    assert (done.flows, done.dependents) == (("refunds.decide",), ())
    assert not (desk / "apps" / "refunds").exists()
    with pytest.raises(SetupError, match="no app `refunds` is installed"):
        remove_app(Project.open(desk), "refunds")


ASKING = """
    from wistro import NoopStep
    config = NoopStep(name="Ask for it", flows=["ask"], subscribes=["wanted"], calls="refunds")
"""
LISTENING = """
    from wistro import EventStep
    config = EventStep(name="Hear of it", flows=["notes"], subscribes=["refund.decided"])
    def handler(message, ctx): ...
"""
SHARING = {
    **REFUNDS,
    "wistro.yml": "topics: { refund.decided: { shared: true } }",
    "steps/decide.step.py": answering("refunds", "decide", emits=["refund.decided"]),
}


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (ASKING, "steps/needs.step.py: its call leads nowhere"),
        (LISTENING, "steps/needs.step.py: nothing emits `refund.decided`"),
    ],
)
def test_an_app_that_is_needed_stays(tmp_path: Path, step: str, text: str) -> None:
    root = write_desk(tmp_path, "topics: { wanted: { external: true } }", refunds=SHARING)
    write_project(root, {"steps/needs.step.py": step})
    assert Project.open(root).compile().ok
    with pytest.raises(SetupError) as raised:
        remove_app(Project.open(root), "refunds")
    assert text in raised.value.message
    assert (root / "apps" / "refunds").is_dir()
    done = remove_app(Project.open(root), "refunds", force=True)
    assert any(text in each for each in done.dependents)
    assert not (root / "apps" / "refunds").exists()


def test_an_app_that_the_settings_speak_of(tmp_path: Path) -> None:
    root = write_desk(tmp_path, "flows: { refunds.decide: {} }", refunds=REFUNDS)
    with pytest.raises(SetupError, match=r"it says something of the flow `refunds\.decide`"):
        remove_app(Project.open(root), "refunds")


# ------------------------------------------------------------------------------------ the command


def test_the_commands(desk: Path, refunds: Path) -> None:
    assert "no apps are installed" in wistro("apps", "list", cwd=desk).ok().err
    wistro("lock", cwd=desk).ok()
    done = wistro("apps", "install", str(refunds), cwd=desk).ok()
    assert "installed `refunds` 1.2.0" in done.err
    assert "`wistro.yml.lock` is stale now" in done.err
    (listed,) = wistro("apps", "list", "--json", cwd=desk).ok().json()
    assert (listed["id"], listed["callable"]) == ("refunds", "refunds.decide")
    assert "refunds.decide" in wistro("apps", "list", cwd=desk).ok().out
    shown = wistro("apps", "show", "refunds", "--json", cwd=desk).ok().json()
    assert shown["steps"] == ["refunds.decide"]
    assert "Decide on a refund" in wistro("apps", "show", "refunds", cwd=desk).ok().out
    assert wistro("check", "--json", cwd=desk).ok().json()["apps"] == ["refunds"]
    # In the folder of an app, the project is the one around it.
    assert "with 1 app" in wistro("check", cwd=desk / "apps" / "refunds").ok().err
    asked = wistro("apps", "remove", "refunds", cwd=desk, stdin="n\n")
    assert (asked.code, (desk / "apps" / "refunds").is_dir()) == (130, True)
    again = wistro("apps", "install", str(refunds), cwd=desk)
    assert (again.code, "hint: replace it with `--force`" in again.err) == (1, True)
    removed = wistro("apps", "remove", "refunds", "--yes", "--json", cwd=desk).ok().json()
    assert removed == {"id": "refunds", "flows": ["refunds.decide"], "dependents": []}
