"""The API in this process, on a real table and Redis; messages to workers are only recorded."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import httpx
import pytest

from graphql_api.app import create_app, open_services
from graphql_api.config import Settings
from tests.support.api import ADMIN, Api, OpenApi
from tests.support.senders import RecordingSender


@pytest.fixture
async def open_api(full_settings: Settings) -> AsyncIterator[OpenApi]:
    """Open the API with these settings changed."""
    async with AsyncExitStack() as stack:

        async def open_one(sender: Any = None, **settings: Any) -> Api:
            found = full_settings.model_copy(update={"admin_emails": (ADMIN,), **settings})
            sender = sender or RecordingSender()
            app = create_app(found, opener=partial(open_services, task_sender=sender))
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url="http://api")
            await stack.enter_async_context(client)
            return Api(client, app.state.services, sender)

        yield open_one


@pytest.fixture
async def api(open_api: OpenApi) -> Api:
    return await open_api()
