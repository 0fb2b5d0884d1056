"""The composition root: settings in, ASGI app out."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Route

from graphql_api.auth.tokens import JwtTokens
from graphql_api.auth.viewers import Viewers
from graphql_api.config import Settings, get_settings
from graphql_api.context import Context, Outbox, TokenIssuer, Viewer
from graphql_api.data.clock import Clock, now_ms
from graphql_api.data.cursors import Cursors
from graphql_api.data.languages import LanguageBoard, LanguageInfo, open_language_board
from graphql_api.data.loaders import Loaders
from graphql_api.data.runs import RunBoard, open_run_board
from graphql_api.data.stores import Stores, open_stores
from graphql_api.http.health import healthz, readyz
from graphql_api.http.middleware import REQUEST_ID, RequestLog
from graphql_api.http.playground import NOT_BUILT_PAGE, playground_page, playground_routes
from graphql_api.http.view import GraphQLView
from graphql_api.schema.schema import schema
from tasks.logs import configure_logging
from tasks.messages import DramatiqOutbox
from tasks.sandbox.languages import LANGUAGES, LanguageSpec, find_language

PLAYGROUND = Path(".data/playground")

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PlatformLanguages:
    """The judge's table of languages with the board on which workers offer them."""

    board: LanguageBoard

    def find(self, name: str) -> LanguageSpec | None:
        """Return the language of that id, name or alias, in any case."""
        return find_language(name)

    def ids(self) -> Sequence[str]:
        """Return every known id."""
        return [language.id for language in LANGUAGES]

    async def available(self) -> Sequence[LanguageInfo]:
        """Return what the workers announce."""
        return await self.board.available()

    async def is_offered(self, language_id: str) -> bool | None:
        """Return whether a worker announced it lately; None where nobody can tell."""
        return await self.board.is_offered(language_id)

    async def is_present(self, language_id: str) -> bool:
        """Return whether a worker that runs it is there now; raises Unavailable."""
        return await self.board.is_present(language_id)


@dataclass(frozen=True, slots=True)
class Services:
    """What one process holds for all its requests."""

    settings: Settings
    stores: Stores
    board: LanguageBoard
    runs: RunBoard
    outbox: Outbox
    tokens: TokenIssuer
    viewers: Viewers
    cursors: Cursors
    clock: Clock

    async def authenticate(self, authorization: str | None) -> Viewer | None:
        """Return the viewer that a header names; raises Unauthenticated."""
        return await self.viewers.authenticate(authorization)

    def context(self, viewer: Viewer | None) -> Context:
        """Return the surroundings of a new request."""
        return Context(
            settings=self.settings,
            stores=self.stores,
            loaders=Loaders(self.stores),
            cursors=self.cursors,
            outbox=self.outbox,
            languages=PlatformLanguages(self.board),
            runs=self.runs,
            tokens=self.tokens,
            viewer=viewer,
            clock=self.clock,
            forget_user=self.viewers.forget,
        )

    async def warm(self) -> None:
        """Open a connection and read the plans, so that the first request need not."""
        try:
            await self.stores.plans.ensure_defaults()
        except Exception as error:  # noqa: BLE001 - /readyz says what is missing
            _log.warning("the table does not answer yet", error=str(error))


@asynccontextmanager
async def open_services(
    settings: Settings, *, outbox: Outbox | None = None, clock: Clock = now_ms
) -> AsyncIterator[Services]:
    """Open everything that the settings name; closed at the end of the block."""
    async with (
        open_stores(settings, clock) as stores,
        open_language_board(settings) as board,
        open_run_board(settings) as runs,
    ):
        sender = DramatiqOutbox(settings)
        tokens = JwtTokens.from_settings(settings)
        try:
            yield Services(
                settings=settings,
                stores=stores,
                board=board,
                runs=runs,
                outbox=outbox or sender,
                tokens=tokens,
                viewers=Viewers(stores.users, tokens, settings, clock),
                cursors=Cursors(settings.signing_secrets),
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
    """Return the API: GraphQL, playground and health, on what the settings name."""
    found = settings or get_settings()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        configure_logging(found)
        async with opener(found) as services:
            app.state.services = services
            await services.warm()
            yield

    app = Starlette(lifespan=lifespan, middleware=_middleware(found))
    has_page = found.is_development if found.playground is None else found.playground
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


def _middleware(settings: Settings) -> list[Middleware]:
    found = [Middleware(RequestLog)]
    if settings.allowed_origins:
        found.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", REQUEST_ID],
                expose_headers=[REQUEST_ID],
                max_age=3600,
            )
        )
    return found


app = create_app()
