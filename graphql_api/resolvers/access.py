"""Rules of access: the viewer's permissions to see and change objects.

The class `Visibility` contains all rules for reading. Every part of the API that returns an object
to a user uses this class. Examples are the query field `node`, lists, and fields that return an
object.
"""

from dataclasses import dataclass, replace

from graphql_api.context import Context, Viewer, effective_role
from graphql_api.data.enums import Comparer, ProblemState, UserState
from graphql_api.data.errors import Forbidden, Unauthenticated
from graphql_api.data.histories.redaction import redact_results, round_peak_kb
from graphql_api.data.problems.testcase_ids import key_of
from graphql_api.data.problems.testset_reader import LargeTest
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

    Every mutation calls this function first, because the account in the cache of `auth/viewers.py`
    may be up to one minute old. Do nothing if the caller is not signed in. Cost: one strongly
    consistent read of 1 read unit.

    Raises:
        Unauthenticated: The account was deactivated or deleted.
    """
    if context.viewer is not None:
        uid = context.viewer.uid
        confirm(context, await context.stores.users.get(uid, consistent=True))


def confirm(context: Context, user: User | None) -> Viewer:
    """Replace the viewer in `context` by the current account `user`, and return the new viewer.

    `user` is the result of a strongly consistent read. None means that the account does not exist.

    Raises:
        Unauthenticated: The account does not exist or is not active.
    """
    uid = context.require_viewer().uid
    if user is None or user.state is not UserState.ACTIVE:
        context.forget_user(uid)
        raise Unauthenticated(
            "This account is no longer active. Ask an administrator to activate the account."
        )
    viewer = Viewer(user, effective_role(user, context.settings))
    if viewer != context.viewer:
        context.forget_user(uid)
        context.viewer = viewer
    return viewer


def require_editor(context: Context) -> Viewer:
    """Return the viewer, who must be an editor or administrator.

    Raises:
        Unauthenticated: The viewer is not signed in.
        Forbidden: The viewer is neither an editor nor an administrator.
    """
    viewer = context.require_viewer()
    if not viewer.is_editor:
        raise Forbidden(
            "Only editors may use this operation. Ask an administrator for the role EDITOR."
        )
    return viewer


def require_admin(context: Context) -> Viewer:
    """Return the viewer, who must be an administrator.

    Raises:
        Unauthenticated: The viewer is not signed in.
        Forbidden: The viewer is not an administrator.
    """
    viewer = context.require_viewer()
    if not viewer.is_admin:
        raise Forbidden(
            "Only administrators may use this operation. Ask an administrator for help."
        )
    return viewer


@dataclass(frozen=True, slots=True)
class VisibleTest:
    """The part of a test case that a viewer may see.

    `input` and `output` are None if they are hidden from the viewer, or if they are too large for
    an answer. If they are too large, `left_out_bytes` is their total size. Otherwise, it is 0.
    """

    key: TestCaseKey
    number: int
    is_sample: bool
    input: bytes | None
    output: bytes | None
    left_out_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Visibility:
    """The rules that decide which data a viewer sees. `viewer` is None if no user is signed in."""

    viewer: Viewer | None

    @property
    def is_editor(self) -> bool:
        """True if the viewer is an editor or administrator."""
        return self.viewer is not None and self.viewer.is_editor

    def is_owner(self, uid: str) -> bool:
        """Return whether the viewer has this user id."""
        return self.viewer is not None and self.viewer.uid == uid

    def shows_user(self, uid: str) -> bool:
        """Return whether the viewer is this user or an administrator."""
        return self.is_owner(uid) or (self.viewer is not None and self.viewer.is_admin)

    def shows_problem(self, problem: Problem) -> bool:
        """Return whether the viewer may read the problem.

        A problem that is not COMPLETED is visible only to editors.
        """
        return problem.state is ProblemState.COMPLETED or self.is_editor

    def shows_history(self, history: History) -> bool:
        """Return whether the viewer may read the status, verdict and counts of an execution."""
        return history.is_public or self.shows_user(history.uid)

    def shows_code(self, history: History) -> bool:
        """Return whether the viewer may read the submitted code."""
        return history.is_public or self.is_owner(history.uid)

    def shows_results(self, history: History) -> bool:
        """Return whether the viewer may read the test results and the compiler's output.

        Only the owner of the history may read them.
        """
        return self.is_owner(history.uid)

    def results(self, results: Results) -> Results:
        """Return the test results that the owner of an execution may see.

        The results of hidden tests are redacted. The problem's setting `test_visibility` decides
        which tests are hidden. If the owner is an editor, no tests are hidden.
        """
        return results if self.is_editor else redact_results(results)

    def message(self, history: History) -> str | None:
        """Return the message that explains why the execution FAILED.

        Return None if there is no message. Viewers other than the owner and editors also get None.
        """
        return history.message if self.is_owner(history.uid) or self.is_editor else None

    def test(self, problem: Problem, test: TestCase | LargeTest) -> VisibleTest | None:
        """Return a test of a problem, or None if the viewer may not see it.

        Editors see all tests. Other viewers see only the samples. If the problem is interactive,
        they see the samples without input and output, which are for the interactor only.
        """
        if not (test.is_sample or self.is_editor):
            return None
        has_content = self.is_editor or problem.comparer is not Comparer.INTERACTIVE
        return VisibleTest(
            key=key_of(problem, test),
            number=test.number,
            is_sample=test.is_sample,
            input=test.input if has_content and isinstance(test, TestCase) else None,
            output=test.output if has_content and isinstance(test, TestCase) else None,
            left_out_bytes=test.size_bytes if has_content and isinstance(test, LargeTest) else 0,
        )

    def fault(self, fault: CheckerFault) -> CheckerFault | None:
        """Return a checker's failure if the viewer is an editor. Other viewers get None.

        If the checker failed on a test, only the first line of the failure's message is returned.
        The judge has written this line. The other lines may contain text from the checker, and
        this text may contain the output of a private submission.
        """
        if not self.is_editor:
            return None
        if fault.test_number is None:
            return fault
        return replace(fault, message=fault.message.partition("\n")[0])

    @staticmethod
    def peak_kb(history: History) -> int | None:
        """Return the peak memory of an execution in KB, rounded up to a multiple of 1 MB.

        An exact value could reveal information about hidden tests.
        """
        return None if history.peak_kb is None else round_peak_kb(history.peak_kb)


def visibility_of(context: Context) -> Visibility:
    """Return the rules for the viewer of a request."""
    return Visibility(context.viewer)
