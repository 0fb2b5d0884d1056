"""Use cases of histories: reading, publishing, cancelling and deleting.

A history is the stored record of one execution.
"""

from graphql_api.context import Context
from graphql_api.data.dynamo.pages import Page, PageWindow
from graphql_api.data.enums import HistoryStatus, ProblemState
from graphql_api.data.errors import Conflict, Forbidden, NotFound
from graphql_api.data.records import History, HistoryKey, Problem, Results
from graphql_api.resolvers import access, problems, validation
from graphql_api.resolvers.languages import language_id
from graphql_api.resolvers.paging import PageRequest, list_page, scope_of


async def find(context: Context, key: HistoryKey) -> History | None:
    """Return a history, or None if it does not exist or the viewer may not see it."""
    history = await context.loaders.histories.load(key)
    return history if history and access.visibility_of(context).shows_history(history) else None


async def list_of_user(
    context: Context, uid: str, page: PageRequest, platform: str | None, language: str | None
) -> Page[History]:
    """Return a page of a user's executions, newest first.

    Raises:
        InvalidInput: A filter or a page argument is invalid.
    """
    platform = validation.optional(platform, validation.platform)
    language = validation.optional(language, language_id)

    async def read(window: PageWindow) -> Page[History]:
        return await context.stores.histories.list(
            uid, window, platform=platform, language=language
        )

    return await list_page(context, page, scope_of("histories", uid, platform, language), read)


async def problem_of(context: Context, history: History) -> Problem | None:
    """Return the problem of an execution, or None if the viewer may not see the problem."""
    return await problems.find(context, history.problem_id)


async def code_of(context: Context, history: History) -> str | None:
    """Return the submitted code of an execution, or None if the viewer may not read it.

    Everyone may read the code of a public execution. Only the owner may read the code of a private
    execution.
    """
    if not access.visibility_of(context).shows_code(history):
        return None
    return await context.loaders.codes.load(history.key)


def message_of(context: Context, history: History) -> str | None:
    """Return the message that explains why the execution FAILED.

    Return None if there is no message. Viewers other than the owner and editors also get None.
    """
    return access.visibility_of(context).message(history)


async def results_of(context: Context, history: History) -> Results | None:
    """Return the test results of an execution.

    Return None if the viewer is not its owner, or if the execution is not COMPLETED. If
    the owner is not an editor, the hidden tests are redacted (see `Visibility.results`).
    """
    visibility = access.visibility_of(context)
    if not visibility.shows_results(history):
        return None
    results = await context.loaders.results.load(history)
    return visibility.results(results) if results else None


async def _load_own(context: Context, key: HistoryKey) -> History:
    viewer = context.require_viewer()
    history = await context.stores.histories.get(*key, consistent=True)
    if history is None or not access.visibility_of(context).shows_history(history):
        raise NotFound(
            "The history does not exist, or you may not see it. Check `historyId`.", ("historyId",)
        )
    if history.uid != viewer.uid:
        raise Forbidden(
            "Only the owner of a history may change or delete the history.", ("historyId",)
        )
    return history


async def set_visibility(context: Context, key: HistoryKey, *, is_public: bool) -> History:
    """Publish a history (the stored record of an execution), or make it private.

    Raises:
        NotFound: The history does not exist, or the viewer may not see it.
        Forbidden: The history belongs to another user.
        Conflict: The problem of the history is not published, or other requests kept changing the
            history.
    """
    history = await _load_own(context, key)
    if history.is_public is is_public:
        return history
    if not is_public:
        return await context.stores.histories.unpublish(*key, expected=history)
    problem = await context.stores.problems.get(*history.problem_id.key, consistent=True)
    is_same = problem is not None and problem.id == history.problem_id
    if problem is None or not is_same or problem.state is not ProblemState.COMPLETED:
        raise Conflict("The history cannot be published before its problem is published.")
    return await context.stores.histories.publish(*key, problem_public=True, expected=history)


async def delete(context: Context, key: HistoryKey) -> None:
    """Delete an execution with its code and results. This also removes it from the public feed.

    Raises:
        NotFound: The execution does not exist, or the viewer may not see it.
        Forbidden: The execution belongs to another user.
        Conflict: Other requests kept changing the execution.
    """
    history = await _load_own(context, key)
    await context.stores.histories.delete(*key, expected=history)
    await context.sender.send_cancellation(*key)


async def cancel(context: Context, key: HistoryKey) -> History:
    """Cancel an execution of the viewer, and return its history with the status CANCELLED.

    If no worker has started the execution, the unit of quota is refunded. Cancelling a CANCELLED
    execution again has no effect.

    Raises:
        NotFound: The history does not exist, or the viewer may not see it.
        Forbidden: The history belongs to another user.
        Conflict: The execution has already ended, or other requests kept changing the history.
    """
    history = await _load_own(context, key)
    if history.status is HistoryStatus.CANCELLED:
        return history
    cancelled = await context.stores.executions.cancel(*key)
    await context.sender.send_cancellation(*key)
    return cancelled
