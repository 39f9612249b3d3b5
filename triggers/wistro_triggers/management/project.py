"""The project itself: what it is built from, and what `wistro check` finds."""

from __future__ import annotations

import asyncio
import platform
from importlib.metadata import PackageNotFoundError, version

from fastapi import APIRouter

from wistro.contract import CONTRACT_VERSION
from wistro.project.checks import Finding
from wistro.project.descriptor import LoadError
from wistro.project.lock import AppLock
from wistro_triggers.management.site import ERRORS, Site, View, at_level


class Version(View):
    """What runs here."""

    project: str
    build: str
    """The hash of the lock in use."""
    wistro: str
    contract: int
    """The version of the contract between engine and workers."""
    temporal_sdk: str
    python: str


class AppView(View):
    """An app that is installed."""

    id: str
    """The name of its folder."""
    name: str
    description: str | None = None
    version: str | None = None
    owner: str | None = None
    flows: list[str]
    callable: str | None = None
    """The flow that is meant when the app is called by its name."""


class ProjectView(View):
    """The project, as the lock in use has it."""

    id: str
    build: str
    """The hash of the lock in use."""
    flows: int
    steps: int
    apps: list[AppView]
    development: bool
    """Whether it is being worked on, here: `wistro dev`."""
    namespace: str
    """The namespace of Temporal that runs are in."""
    temporal_ui: str | None
    """Where the Temporal UI is, as far as we know."""
    temporal_run: str | None
    """Where it shows a run: `{workflow_id}` stands for `<flow>/<run id>`, percent-encoded."""


class Findings(View):
    """What a check of the project's files, as they are now, found."""

    ok: bool
    """Whether nothing is wrong; warnings are allowed."""
    findings: list[Finding]
    errors: list[LoadError]
    """The step files that do not load."""
    stale: bool
    """Whether the lock in use differs from what the files would give."""


def project_router(site: Site) -> APIRouter:
    """`/project`, `/version` and `/findings`."""
    router = APIRouter(tags=["project"], responses=ERRORS)

    @router.get("/project", summary="Show the project and its apps")
    async def show_project() -> ProjectView:
        lock = site.lock
        ui = site.temporal_ui and site.temporal_ui.rstrip("/")
        return ProjectView(
            id=lock.project,
            build=lock.build,
            flows=len(lock.flows),
            steps=len(lock.steps),
            apps=[_app(id, app) for id, app in lock.apps.items()],
            development=site.development,
            namespace=site.namespace,
            temporal_ui=ui,
            temporal_run=ui and f"{ui}/namespaces/{site.namespace}/workflows/{{workflow_id}}",
        )

    @router.get("/version", summary="What runs here")
    async def show_version() -> Version:
        return Version(
            project=site.lock.project,
            build=site.lock.build,
            wistro=_version("wistro"),
            contract=CONTRACT_VERSION,
            temporal_sdk=_version("temporalio"),
            python=platform.python_version(),
        )

    @router.get("/findings", summary="Check the project's files")
    @at_level("read")
    async def check() -> Findings:
        compiled = await asyncio.to_thread(site.project.compile)
        return Findings(
            ok=compiled.ok,
            findings=list(compiled.findings),
            errors=list(compiled.errors),
            stale=compiled.lock.build != site.lock.build,
        )

    return router


def _app(id: str, app: AppLock) -> AppView:
    return AppView(
        id=id,
        name=app.name,
        description=app.description,
        version=app.version,
        owner=app.owner,
        flows=list(app.flows),
        callable=app.callable,
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "unknown"
