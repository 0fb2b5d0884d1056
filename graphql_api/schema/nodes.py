"""Finds objects by their global ids, if the viewer may see them. Reads are batched."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from graphql_api.context import Context
from graphql_api.data.errors import InvalidInput
from graphql_api.data.limits import MAX_NODES
from graphql_api.data.records import HistoryKey, ProblemId
from graphql_api.resolvers import histories, jobs, languages, plans, problems, testcases, users
from graphql_api.schema import ids
from graphql_api.schema.connections import Node
from graphql_api.schema.histories import History
from graphql_api.schema.jobs import Job
from graphql_api.schema.languages import Language
from graphql_api.schema.plans import Plan
from graphql_api.schema.problems import Problem
from graphql_api.schema.testcases import TestCase
from graphql_api.schema.users import User


async def _user(context: Context, parts: tuple[str, ...]) -> Node | None:
    user = await users.find(context, parts[0])
    return User.from_record(user) if user else None


async def _problem(context: Context, parts: tuple[str, ...]) -> Node | None:
    problem = await problems.find(context, ProblemId(*parts))
    return Problem.from_record(problem) if problem else None


async def _history(context: Context, parts: tuple[str, ...]) -> Node | None:
    history = await histories.find(context, HistoryKey(*parts))
    return History.from_record(history) if history else None


async def _test_case(context: Context, parts: tuple[str, ...]) -> Node | None:
    key = ids.test_key_of(parts)
    test = key and await testcases.find(context, key)
    return TestCase.from_record(test) if test else None


async def _job(context: Context, parts: tuple[str, ...]) -> Node | None:
    job = await jobs.find(context, parts[0])
    return Job.from_record(job) if job else None


async def _plan(context: Context, parts: tuple[str, ...]) -> Node | None:
    plan = await plans.find(context, parts[0])
    return Plan.from_record(plan) if plan else None


async def _language(context: Context, parts: tuple[str, ...]) -> Node | None:
    language = await languages.find(context, parts[0])
    return Language.from_record(language) if language else None


_FINDERS: dict[ids.Kind, Callable[[Context, tuple[str, ...]], Awaitable[Node | None]]] = {
    ids.Kind.USER: _user,
    ids.Kind.PROBLEM: _problem,
    ids.Kind.HISTORY: _history,
    ids.Kind.TEST_CASE: _test_case,
    ids.Kind.JOB: _job,
    ids.Kind.PLAN: _plan,
    ids.Kind.LANGUAGE: _language,
}


async def find_node(context: Context, text: str) -> Node | None:
    """Return the object with a global id.

    Return None if the id is invalid, the object does not exist, or the viewer may not see it.
    """
    named = ids.decode(text)
    return await _FINDERS[named[0]](context, named[1]) if named else None


async def find_nodes(context: Context, texts: list[str]) -> list[Node | None]:
    """Return the object of each global id, in the order of the ids (see `find_node`).

    Raises:
        InvalidInput: `texts` contains more than 100 ids.
    """
    if len(texts) > MAX_NODES:
        raise InvalidInput(f"`ids` must contain at most {MAX_NODES} ids.", ("ids",))
    distinct = list(dict.fromkeys(texts))
    nodes = await asyncio.gather(
        *(find_node(context, text) for text in distinct), return_exceptions=True
    )
    by_id = dict(zip(distinct, nodes, strict=True))
    # graphql-core turns an exception in a list into an error of that item only.
    return cast("list[Node | None]", [by_id[text] for text in texts])
