"""Rules of access: the viewer's permissions to see and change objects.

`Visibility` contains all rules of reading. Every channel that shows an object to a user, such as a
field, `node`, a list or an event, asks this class.
"""

from dataclasses import dataclass, replace

from graphql_api.context import Context, Viewer, effective_role
from graphql_api.data.enums import Comparer, ProblemState, UserState
from graphql_api.data.errors import Forbidden, Unauthenticated
from graphql_api.data.histories.redaction import redact_results, round_peak_kb
from graphql_api.data.problems.testcase_ids import key_of
from graphql_api.data.records import (
    CheckerFault,
    History,
    Problem,
    Results,
    TestCase,
    TestCaseKey,
    User,
)


async def confirm_viewer(context: Context) -> None:
    """Read the viewer's account again, so that later checks use its stored state and role.

    Every mutation calls this before it does anything else. The identity in the cache of
    `auth/viewers.py` is up to one minute old and serves reads only. Without a viewer, this does
    nothing. Cost: one strongly consistent request of 1 read unit.

    Raises:
        Unauthenticated: the account was deactivated or deleted.
    """
    if context.viewer is not None:
        uid = context.viewer.uid
        confirm(context, await context.stores.users.get(uid, consistent=True))


def confirm(context: Context, user: User | None) -> Viewer:
    """Replace the viewer by their account, which was read just before with a consistent read.

    Raises:
        Unauthenticated: the account does not exist or is not active.
    """
    uid = context.require_viewer().uid
    if user is None or user.state is not UserState.ACTIVE:
        context.forget_user(uid)
        raise Unauthenticated(
            "This account is no longer active. Ask an administrator to activate it."
        )
    viewer = Viewer(user, effective_role(user, context.settings))
    if viewer != context.viewer:
        context.forget_user(uid)
        context.viewer = viewer
    return viewer


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


@dataclass(frozen=True, slots=True)
class VisibleTest:
    """A test case, as a viewer sees it. Input and output are None if they are hidden."""

    key: TestCaseKey
    number: int
    is_sample: bool
    input: bytes | None
    output: bytes | None


@dataclass(frozen=True, slots=True)
class Visibility:
    """The rules that decide what a viewer sees. `viewer` is None if no user is signed in."""

    viewer: Viewer | None

    @property
    def is_editor(self) -> bool:
        """Whether the viewer is an editor or administrator."""
        return self.viewer is not None and self.viewer.is_editor

    def is_owner(self, uid: str) -> bool:
        """Whether the viewer has this user id."""
        return self.viewer is not None and self.viewer.uid == uid

    def shows_user(self, uid: str) -> bool:
        """Whether the viewer is this user or an administrator."""
        return self.is_owner(uid) or (self.viewer is not None and self.viewer.is_admin)

    def shows_problem(self, problem: Problem) -> bool:
        """Whether the problem is COMPLETED, or the viewer is an editor."""
        return problem.state is ProblemState.COMPLETED or self.is_editor

    def shows_history(self, history: History) -> bool:
        """Whether the viewer may read a history's card."""
        return history.is_public or self.shows_user(history.uid)

    def shows_code(self, history: History) -> bool:
        """Whether the viewer may read the submitted code."""
        return history.is_public or self.is_owner(history.uid)

    def shows_results(self, history: History) -> bool:
        """Whether the viewer may read results and the compiler's output. Only the owner may."""
        return self.is_owner(history.uid)

    def results(self, results: Results) -> Results:
        """Return the part of the owner's results that the policy of the problem shows.

        Editors see all of their own results.
        """
        return results if self.is_editor else redact_results(results)

    def message(self, history: History) -> str | None:
        """Return the reason of a FAILED execution, for its owner and editors; otherwise None."""
        return history.message if self.is_owner(history.uid) or self.is_editor else None

    def test(self, problem: Problem, test: TestCase) -> VisibleTest | None:
        """Return a test of a problem that the viewer may see; None for a hidden test.

        Editors see all tests. Other viewers see the samples. The files of an interactive problem
        are for its interactor, so only editors see their content.
        """
        if not (test.is_sample or self.is_editor):
            return None
        has_content = self.is_editor or problem.comparer is not Comparer.INTERACTIVE
        return VisibleTest(
            key=key_of(problem, test),
            number=test.number,
            is_sample=test.is_sample,
            input=test.input if has_content else None,
            output=test.output if has_content else None,
        )

    def fault(self, fault: CheckerFault) -> CheckerFault | None:
        """Return a checker's failure for editors; None for other viewers.

        A checker that fails on a test may print the output of a private program. So only the first
        line is shown, which the judge has written.
        """
        if not self.is_editor:
            return None
        if fault.test_number is None:
            return fault
        return replace(fault, message=fault.message.partition("\n")[0])

    @staticmethod
    def peak_kb(history: History) -> int | None:
        """Return the peak memory of a history, rounded up to 1 MB, because hidden tests count."""
        return None if history.peak_kb is None else round_peak_kb(history.peak_kb)


def visibility_of(context: Context) -> Visibility:
    """Return the rules for the viewer of a request."""
    return Visibility(context.viewer)
