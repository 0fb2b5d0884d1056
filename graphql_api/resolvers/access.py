"""Rules of access: the viewer's permissions to see and change objects."""

from graphql_api.context import Context, Viewer
from graphql_api.data.enums import ProblemState, UserState
from graphql_api.data.errors import Forbidden, Unauthenticated
from graphql_api.data.records import History, Problem, User


def require_editor(context: Context) -> Viewer:
    """Return the viewer if they may change problems.

    Raises:
        Unauthenticated: the viewer is not signed in.
        Forbidden: the viewer is not an editor.
    """
    viewer = context.require_viewer()
    if not viewer.is_editor:
        raise Forbidden("Only editors may do this. Ask an administrator for the role EDITOR.")
    return viewer


def require_admin(context: Context) -> Viewer:
    """Return the viewer if they may manage users and plans.

    Raises:
        Unauthenticated: the viewer is not signed in.
        Forbidden: the viewer is not an administrator.
    """
    viewer = context.require_viewer()
    if not viewer.is_admin:
        raise Forbidden("Only administrators may do this. Ask an administrator.")
    return viewer


def require_active(user: User | None) -> User:
    """Return the user if the account is active. The user must have been read just before.

    Raises:
        Unauthenticated: the account does not exist or is not active.
    """
    if user is None or user.state is not UserState.ACTIVE:
        raise Unauthenticated(
            "This account is no longer active. Ask an administrator to activate it."
        )
    return user


def is_owner(context: Context, uid: str) -> bool:
    """Whether the viewer has this user id."""
    return context.viewer is not None and context.viewer.uid == uid


def can_view_user(context: Context, uid: str) -> bool:
    """Whether the viewer is this user or an administrator."""
    return context.viewer is not None and (context.viewer.uid == uid or context.viewer.is_admin)


def can_view_problem(context: Context, problem: Problem) -> bool:
    """Whether the problem is COMPLETED, or the viewer is an editor."""
    return problem.state is ProblemState.COMPLETED or context.is_editor


def can_view_history(context: Context, history: History) -> bool:
    """Whether the viewer may read a history's card."""
    return history.is_public or can_view_user(context, history.uid)


def can_view_code(context: Context, history: History) -> bool:
    """Whether the viewer may read the submitted code."""
    return history.is_public or is_owner(context, history.uid)


def can_view_results(context: Context, history: History) -> bool:
    """Whether the viewer may read the results and the compiler's output. Only the owner may."""
    return is_owner(context, history.uid)


def can_view_message(context: Context, history: History) -> bool:
    """Whether the viewer may read the reason of a FAILED execution. The owner and editors may."""
    return is_owner(context, history.uid) or context.is_editor
