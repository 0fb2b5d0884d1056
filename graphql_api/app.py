"""Creates the ASGI application and its services from the settings (the composition root)."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route

from graphql_api.auth.tokens import JwtTokens
from graphql_api.auth.viewers import Viewers
from graphql_api.config import (
    SettingError,
    Settings,
    exit_at_start,
    get_settings,
)
from graphql_api.context import Context, TokenIssuer, Viewer, check_admin_emails
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.cursors import Cursors
from graphql_api.data.dynamo.memory import AnswerMemory, AnswerShare
from graphql_api.data.limits import MB
from graphql_api.data.loaders import Loaders
from graphql_api.data.redis.custom_runs import RunBoard, open_run_board
from graphql_api.data.redis.language_board import LanguageBoard, open_language_board
from graphql_api.data.stores import Stores, open_stores
from graphql_api.http.health import healthz, readyz
from graphql_api.http.heap import return_freed_memory
from graphql_api.http.middleware import REQUEST_ID, RequestLog
from graphql_api.http.playground import NOT_BUILT_PAGE, playground_page, playground_routes
from graphql_api.http.running import RunningRequests, TrackRequests
from graphql_api.http.view import GraphQLView
from graphql_api.logs import configure_logging
from graphql_api.schema.schema import schema
from tasks.queue.sender import TaskSender

PLAYGROUND = Path(".data/playground")
# Seconds to wait for cancelled requests. uvicorn cancels the running requests of a stopping server
# after `--timeout-graceful-shutdown`.
STOP_S = 5.0

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """Services that one process shares between its requests."""

    settings: Settings
    stores: Stores
    board: LanguageBoard
    runs: RunBoard
    sender: TaskSender
    tokens: TokenIssuer
    viewers: Viewers
    cursors: Cursors
    answers: AnswerMemory
    clock: Clock

    async def authenticate(self, authorization: str | None) -> Viewer | None:
        """Return the viewer that an `Authorization` header identifies, or None without a header.

        Raises:
            Unauthenticated: the token is not valid, or its user is not active.
        """
        return await self.viewers.authenticate(authorization)

    def context(self, viewer: Viewer | None) -> Context:
        """Return the context of a new request."""
        return Context(
            settings=self.settings,
            stores=self.stores,
            loaders=Loaders(self.stores),
            cursors=self.cursors,
            sender=self.sender,
            languages=self.board,
            runs=self.runs,
            tokens=self.tokens,
            answer=AnswerShare(self.answers),
            viewer=viewer,
            clock=self.clock,
            forget_user=self.viewers.forget,
        )

    async def warm(self) -> None:
        """Connect to DynamoDB, so that the first request is faster.

        This also creates the default quota plans if they are missing. If DynamoDB fails, the
        error is only logged, because /readyz reports it.
        """
        try:
            await self.stores.plans.ensure_defaults()
        except Exception as error:  # noqa: BLE001 - /readyz reports the reason
            _log.warning(
                "The default plans were not created at the start, because the table did not "
                "answer.",
                error=str(error),
            )


@asynccontextmanager
async def open_services(
    settings: Settings, *, task_sender: TaskSender | None = None, clock: Clock = now_ms
) -> AsyncIterator[Services]:
    """Open all services with the given settings, and close them at the end of the block."""
    async with (
        open_stores(settings, clock) as stores,
        open_language_board(settings) as board,
        open_run_board(settings) as runs,
    ):
        sender = TaskSender(settings)
        tokens = JwtTokens.from_settings(settings)
        try:
            yield Services(
                settings=settings,
                stores=stores,
                board=board,
                runs=runs,
                sender=task_sender or sender,
                tokens=tokens,
                viewers=Viewers(stores.users, tokens, settings, clock),
                cursors=Cursors(settings.signing_secrets),
                answers=AnswerMemory(settings.answers_mb * MB),
                clock=clock,
            )
        finally:
            await sender.aclose()


OpenServices = Callable[[Settings], AbstractAsyncContextManager[Services]]


def create_app(
    settings: Settings | None = None,
    *,
    opener: OpenServices = open_services,
    playground: Path = PLAYGROUND,
) -> Starlette:
    """Return the ASGI application that serves GraphQL, the playground and the health checks."""
    configuration = settings or get_settings()
    check_admin_emails(configuration)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        configure_logging(configuration)
        return_freed_memory()
        async with opener(configuration) as services:
            app.state.services = services
            await services.warm()
            try:
                yield
            finally:
                # A cancelled request still needs the services to refund quota.
                await running.wait_until_idle(STOP_S)

    running = RunningRequests()
    app = Starlette(lifespan=lifespan, middleware=_middleware(configuration, running))
    has_page = (
        configuration.is_development
        if configuration.playground is None
        else configuration.playground
    )
    page = playground_page(playground) or NOT_BUILT_PAGE if has_page else None
    view = GraphQLView(schema, lambda: app.state.services, page)
    app.router.routes.extend(_routes(view, playground if has_page else None))
    return app


def _routes(view: GraphQLView, playground: Path | None) -> list[BaseRoute]:
    return [
        Route("/graphql", view),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        *(playground_routes(playground) if playground else ()),
    ]


def _middleware(settings: Settings, running: RunningRequests) -> list[Middleware]:
    middleware = [Middleware(TrackRequests, running), Middleware(RequestLog)]
    if settings.allowed_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", REQUEST_ID],
                expose_headers=[REQUEST_ID],
                max_age=3600,
            )
        )
    return middleware


def __getattr__(name: str) -> Starlette:
    """Create the attribute `app` of this module when it is first read.

    A program that imports this module without reading `app` does not need the API's settings.

    Raises:
        SystemExit: A setting is missing or malformed. Standard error names the setting.
    """
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        created = globals()[name] = create_app(_read_settings())
    except (SettingError, ValidationError) as error:
        exit_at_start(error)
    return created


def _read_settings() -> Settings:
    settings = get_settings()
    settings.require_secrets()
    return settings
