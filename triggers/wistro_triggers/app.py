"""The application: the user's API steps at their own paths, everything of ours below `/_wistro`."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from wistro.stores.api_keys import FILE, ApiKeyFile
from wistro.stores.audit_buffer import AuditBuffer
from wistro.stores.counting import RollupCounter
from wistro.stores.memory_audit import MemoryAudit
from wistro.stores.memory_inbox import MemoryInbox
from wistro.stores.memory_rollups import MemoryRollups
from wistro.stores.stream import Place
from wistro.stores.worker_client import WORKER_API
from wistro.targets import Targets
from wistro.temporal.host.inbox import Inbox
from wistro.temporal.host.stream_access import ask_stream
from wistro.temporal.host.task_files import TaskFiles
from wistro.temporal.host.tracing import RECEIVER
from wistro.temporal.host.waits import Waits
from wistro_codec import RunToken, verify_run_token, verify_trace_token
from wistro_codec.server import bearer_token, codec_router, loopback
from wistro_codec.storage import resolver
from wistro_triggers.admission import Admission
from wistro_triggers.call_events import CallEvents
from wistro_triggers.calls import CallServer, calls_router
from wistro_triggers.calls_worker_api import calls_worker_api, handler_calls
from wistro_triggers.channels import ChannelServer, channels_router
from wistro_triggers.edge import Edge
from wistro_triggers.endpoints import EndpointServer
from wistro_triggers.faults import install_faults
from wistro_triggers.health import health_router
from wistro_triggers.identities import Identities
from wistro_triggers.inbox_answers import inbox_answers_router
from wistro_triggers.inbox_worker_api import inbox_worker_api
from wistro_triggers.listeners import Hidden
from wistro_triggers.live import LiveStreams
from wistro_triggers.management import management_router
from wistro_triggers.management.site import Site
from wistro_triggers.messages import Messages
from wistro_triggers.openapi import project_openapi
from wistro_triggers.otlp import otlp_router
from wistro_triggers.reserved_worker_api import reserved_worker_api
from wistro_triggers.routes import ApiRoutes
from wistro_triggers.streams import StreamServer, streams_router
from wistro_triggers.streams_access import StreamAccess
from wistro_triggers.streams_feed import StreamFeed
from wistro_triggers.streams_worker_api import Served, streams_worker_api
from wistro_triggers.task_pages import task_pages
from wistro_triggers.tasks import TaskDesk, tasks_router
from wistro_triggers.topics import topics_router
from wistro_triggers.tracing import UNTOLD
from wistro_triggers.visitors import Guard
from wistro_triggers.waits_worker_api import waits_worker_api
from wistro_triggers.workbench.cookies import Cookies
from wistro_triggers.workbench.page import to_workbench, workbench_router
from wistro_triggers.workbench.sessions import Sessions
from wistro_triggers.workbench.sign_in import SignIn, sign_in_router
from wistro_triggers.worker_api import worker_api

if TYPE_CHECKING:
    from wistro.project.lock import Lock
    from wistro.project.settings import EndpointSettings
    from wistro.stores.audit import Audit
    from wistro.stores.inbox import InboxStore
    from wistro.stores.journal import Journal
    from wistro.stores.rollups import Rollups
    from wistro.stores.spans import SpanStore
    from wistro.stores.state import StateStore
    from wistro.stores.stream import StreamStore
    from wistro.stores.waits import WaitStore
    from wistro.temporal.host.engine import Engine
    from wistro.temporal.host.runtime import Runtime

OURS = "/_wistro"
PUBLIC = (f"{OURS}/streams", f"{OURS}/channels", f"{OURS}/api/tasks", f"{OURS}/api/inbox")
"""What is below `OURS` and yet for the public: it asks each client who it is."""


def create_app(  # noqa: PLR0913 - what a project is made of
    engine: Engine,
    runtime: Runtime,
    *,
    state: StateStore,
    streams: StreamStore,
    journal: Journal,
    audit: Audit | None = None,
    inbox: InboxStore | None = None,
    waits: WaitStore | None = None,
    rollups: Rollups | None = None,
    spans: SpanStore | None = None,
    development: bool = False,
    ui_origins: Sequence[str] = (),
    secret: Callable[[str], str | None] = os.environ.get,
) -> FastAPI:
    """Make the application of a project.

    Args:
        engine: Starts and shows runs; its lock says which endpoints there are.
        runtime: The project's settings, keys and management token.
        state: What `ctx.state` reads and writes.
        streams: What `ctx.streams` reads and writes, and clients follow.
        journal: What runs do and log.
        audit: Where refusals and operations are noted; in memory when not given.
        inbox: Where runs show their tasks; in memory when not given.
        waits: Where messages find the runs that wait for them; without it they only start runs.
        rollups: What the journal comes to; in memory when not given.
        spans: What the processes trace; without it nothing is received.
        development: Show the text of unexpected errors to callers, and let the Temporal UI of this
            machine decrypt payloads without a token.
        ui_origins: Origins of the Temporal UI, which asks the codec server to decrypt.
        secret: Finds the secrets of webhooks and the texts of API keys by name.

    Raises:
        SetupError: A secret of a webhook or of the workbench, or an API key, is missing.
    """
    site = Site(
        engine=engine,
        project=runtime.project,
        state=state,
        streams=Served(streams, lambda: engine.lock, runtime.keys),
        journal=journal,
        counter=RollupCounter(journal, rollups or MemoryRollups()),
        inbox=inbox or MemoryInbox(),
        audit=AuditBuffer(audit or MemoryAudit()),
        live=LiveStreams(journal),
        messages=Messages(engine),
        waits=None if waits is None else Waits(engine, waits, runtime.keys),
        targets=Targets(lambda: engine.lock, root=runtime.project.root),
        spans=spans,
        development=development,
        namespace=runtime.server.namespace,
        temporal_ui=next(iter(ui_origins), None),
    )
    sign_in = _sign_in(site, runtime, secret)
    admission = sign_in.admission
    routes = _routes(site, admission, secret)
    ours = _ours(site, sign_in)
    ours.include_router(_codec(runtime, ui_origins, development=development), prefix="/codec")
    followers = _followers(site, runtime, sign_in)
    ours.include_router(streams_router(followers, "/streams"))
    channels = ChannelServer(feed=followers.feed, keys=runtime.keys, admission=admission)
    ours.include_router(channels_router(channels))
    calls = _calls(site, admission, development=development)
    tasks = _tasks(engine, site.inbox, runtime, admission)
    for router in (tasks_router(tasks), inbox_answers_router(streams, admission)):
        ours.include_router(router, prefix="/api")
    routers = (_worker_api(site, runtime), calls_router(calls), task_pages(tasks))
    app = _shell(site, routes, routers=routers, ours=ours)
    # Motia's clients connect to wherever the server is, at any path.
    app.include_router(streams_router(followers, "/{path:path}"))
    app.state.feed, app.state.sign_in = followers.feed, sign_in
    app.state.endless = (site.live.close, followers.feed.close, calls.events.close)
    _add_layers(app, site.lock.runtime.endpoints)
    return app


def _add_layers(app: FastAPI, settings: EndpointSettings) -> None:
    """What each request passes on its way in, the last that is added first."""
    install_faults(app)
    app.add_middleware(Hidden, prefix=OURS, public=PUBLIC)
    bounded = (f"{OURS}/codec/", f"{WORKER_API}/", RECEIVER)
    app.add_middleware(Edge, max_body_bytes=settings.max_body, bounded=bounded)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["*"],
        )


def reload_app(app: FastAPI, lock: Lock) -> None:
    """Serve the endpoints of another lock from now on; requests under way finish with the old ones.

    The engine is told by `Engine.reload`, after this: a lock whose secrets are missing changes nothing.

    Raises:
        SetupError: A secret of a webhook or of the workbench, or an API key, is missing; everything stays as it was.
    """
    routes: ApiRoutes = app.state.routes
    sign_in: SignIn = app.state.sign_in
    identities = sign_in.admission.identities
    sign_in.issuer(lock)
    before = identities.settings
    identities.reload(lock.runtime.auth)
    try:
        routes.reload(lock)
    except BaseException:
        identities.reload(before)
        raise
    feed: StreamFeed = app.state.feed
    feed.interrupt()  # who may follow what may have changed


def _shell(
    site: Site, routes: ApiRoutes, *, routers: Sequence[APIRouter], ours: FastAPI
) -> FastAPI:
    """The outer application, which finds out whose a request is."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        counting = asyncio.create_task(site.counter.run())
        yield
        counting.cancel()
        await site.audit.close()
        endless: Sequence[Callable[[], None]] = app.state.endless
        for close in endless:
            close()

    app = FastAPI(
        title=site.lock.project,
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=UNTOLD,
    )
    app.openapi = lambda: project_openapi(site.lock)
    app.state.routes = routes
    ours.state.application = app  # `/try` asks all of it
    # In this order: nobody takes our paths, and a project may have a `/docs` of its own.
    documents = list(app.router.routes)
    app.router.routes.clear()
    for router in routers:
        app.include_router(router)
    ours.include_router(workbench_router())  # after what belongs below the page
    app.add_api_route(OURS, to_workbench, methods=["GET", "HEAD"], include_in_schema=False)
    app.mount(OURS, ours)
    app.router.routes += [routes, *documents]
    return app


def _ours(site: Site, sign_in: SignIn) -> FastAPI:
    ours = FastAPI(
        title=f"Wistro: {site.lock.project}",
        version="1",
        description="Look at the flows and runs of a project, and act on them.",
        redoc_url=None,
        redirect_slashes=False,
        telemetry=UNTOLD,
    )
    guard = Guard(sign_in.admission, lambda: sign_in.settings)
    require_level = Depends(guard, scope="function")
    topics = topics_router(site.engine, site.messages, site.waits)
    metrics_guard = [] if site.lock.runtime.endpoints.public_metrics else [require_level]
    ours.include_router(sign_in_router(sign_in), prefix="/api")
    ours.include_router(management_router(site), prefix="/api", dependencies=[require_level])
    if site.spans is not None:
        verify = partial(verify_trace_token, site.streams.keys)
        ours.include_router(otlp_router(site.spans, verify))
    ours.include_router(topics, dependencies=[require_level])
    ours.include_router(health_router(site.engine, site.state, metrics_guard=metrics_guard))
    install_faults(ours)
    return ours


def _followers(site: Site, runtime: Runtime, sign_in: SignIn) -> StreamServer:
    def lock() -> Lock:
        return site.lock

    async def ask(place: Place, context: object) -> bool:
        return await ask_stream(site.engine.client, site.lock, place, context)

    access = StreamAccess(
        lock, keys=runtime.keys, token=runtime.token, ask=ask, development=site.development
    )
    feed = StreamFeed(site.streams.store)
    return StreamServer(
        feed=feed,
        access=access,
        lock=lock,
        signed_in=sign_in.may_read,
        development=site.development,
    )


def _codec(runtime: Runtime, origins: Sequence[str], *, development: bool) -> APIRouter:
    bearer = bearer_token(runtime.token)
    return codec_router(
        runtime.codec,
        authenticate=loopback(bearer) if development else bearer,
        origins=origins,
        resolve=resolver([runtime.storage]),
    )


def _routes(site: Site, admission: Admission, secret: Callable[[str], str | None]) -> ApiRoutes:
    server = EndpointServer(
        engine=site.engine,
        admission=admission,
        answer_timeout=site.lock.runtime.endpoints.answer_timeout,
        development=site.development,
    )
    return ApiRoutes(server, site.lock, secret=secret)


def _sign_in(site: Site, runtime: Runtime, secret: Callable[[str], str | None]) -> SignIn:
    sessions = Sessions(
        cookies=Cookies(keys=runtime.keys), token=runtime.token, development=site.development
    )
    identities = Identities(
        site.lock.runtime.auth,
        token=runtime.token,
        file=ApiKeyFile(runtime.folder / FILE),
        secret=secret,
        sessions=sessions,
    )
    admission = Admission(identities=identities, audit=site.audit)
    sign_in = SignIn(lock=lambda: site.lock, admission=admission, sessions=sessions, secret=secret)
    sign_in.issuer()  # says now whether its secret is missing
    return sign_in


def _calls(site: Site, admission: Admission, *, development: bool) -> CallServer:
    return CallServer(
        engine=site.engine,
        admission=admission,
        development=development,
        targets=site.targets,
        events=CallEvents(site.engine),
    )


def _tasks(engine: Engine, store: InboxStore, runtime: Runtime, admission: Admission) -> TaskDesk:
    inbox = Inbox(engine, store)
    files = TaskFiles(inbox, runtime.keys)
    return TaskDesk(inbox=inbox, files=files, keys=runtime.keys, admission=admission)


def _worker_api(site: Site, runtime: Runtime) -> APIRouter:
    def verify(token: str) -> RunToken:
        return verify_run_token(runtime.keys, token, now=time.time())

    router = worker_api(
        project=site.lock.project, state=site.state, journal=site.journal, verify=verify
    )
    router.include_router(streams_worker_api(served=site.streams, verify=verify))
    router.include_router(reserved_worker_api(items=site.streams.store, verify=verify))
    router.include_router(inbox_worker_api(inbox=site.inbox, verify=verify))
    if site.waits is not None:
        shared = waits_worker_api(waits=site.waits, lock=lambda: site.lock, verify=verify)
        router.include_router(shared)
    router.include_router(
        calls_worker_api(calls=handler_calls(site.engine, site.audit), verify=verify)
    )
    return router
