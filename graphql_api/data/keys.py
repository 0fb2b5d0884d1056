"""The keys of all items in the table, and the partitions of all lists.

Functions with the result type `Key` return the key attributes of one item. Functions with the
result type `str` mostly return the partition of a list. Platforms, problem numbers, languages and
tags must not contain `#` or `:`. `part` checks this rule.
"""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from graphql_api.data.errors import InvalidInput
from graphql_api.data.records import NO_PID, HistoryKey, ProblemId

Key = dict[str, str]

META = "M"
CHECKER = "O"
DUE_SHARDS = 8
RUN_COUNTER_SHARDS = 8
PROBLEM_HISTORY_SHARDS = 4


def part(value: str, what: str) -> str:
    """Check that a value may be a part of a key, and return the value unchanged.

    `what` is the name of the input field for the error message.

    Raises:
        InvalidInput: the value is empty or contains `#`, `:` or a control character.
    """
    if not value or any(character in "#:" or character < " " for character in value):
        raise InvalidInput(
            f"`{what}` must not be empty or contain '#', ':' or control characters.", (what,)
        )
    return value


def _key(partition: str, sort: str) -> Key:
    return {"PK": partition, "SK": sort}


def of_item(item: Mapping[str, Any]) -> Key:
    """Return the key of an item."""
    return _key(item["PK"], item["SK"])


def shard_of(text: str, shards: int) -> int:
    """Return the shard number for a text, from 0 to `shards` - 1."""
    return crc32(text.encode()) % shards


def _identity(problem: ProblemId) -> str:
    """Return the part of a key that identifies a problem.

    The part consists of the platform, the number and the `pid` (a ULID). Problems that were created
    by an earlier version of the program have no `pid`. Their part ends with the number.
    """
    return "#".join(problem.key if problem.pid == NO_PID else problem)


# Users


def user_partition(uid: str) -> str:
    """Return the partition of all items that belong to a user."""
    return f"U#{uid}"


def user(uid: str) -> Key:
    """Return the key of a user."""
    return _key(user_partition(uid), META)


def user_index(uid: str) -> Key:
    """Return the keys of a user in the index that lists all users."""
    return {"g1p": USERS, "g1s": uid}


USERS = "US"


def unique_email(email: str) -> Key:
    """Return the key of the item that makes an e-mail address unique. Never log this key."""
    return _key(f"E#{email}", META)


def unique_google_sub(sub: str) -> Key:
    """Return the key of the item that makes a Google account unique. Never log this key."""
    return _key(f"G#{sub}", META)


def totals(uid: str) -> Key:
    """Return the key of a user's lifetime counters, such as the total number of executions."""
    return _key(user_partition(uid), "S")


def solved(uid: str, problem: ProblemId) -> Key:
    """Return the key of the item that marks a problem as solved by the user."""
    return _key(user_partition(uid), f"V#{_identity(problem)}")


def day_usage(uid: str, day: str) -> Key:
    """Return the key of a user's quota counters of one UTC day (`yyyymmdd`)."""
    return _key(user_partition(uid), f"D#{day}")


def receipt(uid: str, day: str, action: str, request_hash: str) -> Key:
    """Return the key of a receipt: the record of a request that used a unit of quota.

    `day` is the UTC day of the request (`yyyymmdd`). `action` is the kind of quota. `request_hash`
    is a digest of the request id.
    """
    return _key(user_partition(uid), f"L#{day}#{action}#{request_hash}")


# Histories


def history(uid: str, ulid: str) -> Key:
    """Return the key of a history's card."""
    return _key(user_partition(uid), f"H#{ulid}")


def code_body(uid: str, ulid: str) -> Key:
    """Return the key of the stored code of an execution."""
    return _key(user_partition(uid), f"B#{ulid}#c")


def results_body(uid: str, ulid: str, attempt: int) -> Key:
    """Return the key of the stored results of one attempt of an execution."""
    return _key(user_partition(uid), f"B#{ulid}#r{attempt}")


def hints_body(uid: str, ulid: str) -> Key:
    """Return the key of the stored hints of an execution."""
    return _key(user_partition(uid), f"B#{ulid}#h")


def bodies_prefix(ulid: str) -> str:
    """Return the common prefix of the sort keys of an execution's code, results and hints."""
    return f"B#{ulid}#"


def due_partition(shard: int) -> str:
    """Return the GSI2 partition that contains one shard of the unfinished executions."""
    return f"W#{shard}"


def due(identity: str, due_at: int) -> Key:
    """Return the keys of an execution in the index of unfinished executions.

    The execution becomes overdue at `due_at` (epoch ms). `identity` selects the shard.
    """
    return {"g2p": due_partition(shard_of(identity, DUE_SHARDS)), "g2s": due_sort(due_at)}


# The attributes of the keys in GSI1 and GSI2.
INDEX_KEYS = ("g1p", "g1s", "g2p", "g2s")
# The GSI2 partition of items in quarantine. The sort key is the time of the move into quarantine.
QUARANTINE = "WQ"
# All GSI2 partitions whose sort key is a due time begin with this letter.
DUE_PREFIX = "W"


def remembered(index_key: str) -> str:
    """Return the name of the attribute that keeps the original value of an index key.

    When an item is moved into quarantine, its index keys are replaced. The original values are
    kept in other attributes, so that they can be restored. `index_key` is the name of the index
    key, such as `g2p`.
    """
    return f"q{index_key}"


def purge_partition(shard: int) -> str:
    """Return the GSI2 partition that contains one shard of the purge notes.

    A purge note schedules the removal of one version of a test set. Purge notes and executions are
    in separate partitions, so that many purge notes do not delay an execution.
    """
    return f"WX#{shard}"


def purge_due(identity: str, due_at: int) -> Key:
    """Return the keys of a purge note in the index of purge notes.

    A purge note schedules the removal of one version of a test set for the time `due_at` (epoch
    ms). The shard depends on `identity`, the partition key of the problem.
    """
    return {"g2p": purge_partition(shard_of(identity, DUE_SHARDS)), "g2s": due_sort(due_at)}


def due_sort(due_at: int) -> str:
    """Convert a due time (epoch ms) to an index sort key of 13 digits."""
    return f"{due_at:013d}"


def problem_histories(problem: ProblemId) -> tuple[str, ...]:
    """Return the GSI1 partitions of a problem's COMPLETED histories, one partition per shard."""
    shards = range(PROBLEM_HISTORY_SHARDS)
    return tuple(f"PH#{_identity(problem)}#{shard}" for shard in shards)


def problem_history(problem: ProblemId, ulid: str) -> Key:
    """Return the keys of a COMPLETED history in the index of the problem's histories (GSI1)."""
    partitions = problem_histories(problem)
    return {"g1p": partitions[shard_of(ulid, PROBLEM_HISTORY_SHARDS)], "g1s": ulid}


def history_of(item: Mapping[str, Any]) -> HistoryKey:
    """Read the key of a history (the owner's user id and the ULID) from the item of its card."""
    return HistoryKey(item["PK"].removeprefix("U#"), item["SK"].removeprefix("H#"))


# The feed


def feed_partitions(platform: str, language: str, shard: int) -> tuple[str, ...]:
    """Return the four partitions that contain the feed entries of a public history."""
    return (
        feed_partition(None, None, shard),
        feed_partition(platform, None, shard),
        feed_partition(None, language, shard),
        feed_partition(platform, language, shard),
    )


def feed_partition(platform: str | None, language: str | None, shard: int) -> str:
    """Return the partition that contains one shard of a list of public executions.

    The list contains the executions with this platform and language. None means all platforms or
    all languages. Each list has its own partitions.
    """
    if platform and language:
        return f"F#PL:{platform}:{language}#{shard}"
    if platform:
        return f"F#P:{platform}#{shard}"
    if language:
        return f"F#L:{language}#{shard}"
    return f"F#A#{shard}"


def recent_count(hour: str) -> Key:
    """Return the key of the counter of publications in one UTC hour (`yyyymmddhh`)."""
    return _key(f"FC#{hour}", META)


# Problems


def problem_partition(platform: str, number: str) -> str:
    """Return the partition of all items that belong to a problem."""
    return f"P#{platform}#{number}"


def problem(platform: str, number: str) -> Key:
    """Return the key of a problem's card."""
    return _key(problem_partition(platform, number), META)


def solution(platform: str, number: str) -> Key:
    """Return the key of the author's solution of a problem."""
    return _key(problem_partition(platform, number), "A")


def statement(platform: str, number: str) -> Key:
    """Return the key of the statement and constraints of a problem."""
    return _key(problem_partition(platform, number), "B")


def checker(platform: str, number: str) -> Key:
    """Return the key of a problem's checker.

    In sort order, the checker comes after the problem's card (its main item) and before its tests.
    So one query can read all three.
    """
    return _key(problem_partition(platform, number), CHECKER)


def checker_fault(platform: str, number: str) -> Key:
    """Return the key of the latest failure of a problem's checker."""
    return _key(problem_partition(platform, number), "E")


def run_counter(platform: str, number: str, shard: int) -> Key:
    """Return the key of one shard of a problem's execution counter."""
    return _key(problem_partition(platform, number), f"C#{shard}")


def case_sort(version: int, number: int) -> str:
    """Return the sort key of a test by its number and the version of its test set."""
    return f"T#{version:05d}#{number:05d}"


def case_ids(platform: str, number: str, version: int) -> Key:
    """Return the key of the item that lists the identities of the tests in a test set.

    `version` is the version of the test set.
    """
    return _key(problem_partition(platform, number), f"TI#{version:05d}")


# The prefix of the sort keys of purge notes.
TEST_PURGES = "X#"
# The common prefix of the sort keys of tests and of lists of test identities.
TESTS = "T"


def case_purge(platform: str, number: str, version: int) -> Key:
    """Return the key of a purge note.

    The purge note schedules the removal of one version of the problem's test set.
    """
    return _key(problem_partition(platform, number), f"{TEST_PURGES}{version:05d}")


def problem_position(created_at: int, platform: str, number: str) -> str:
    """Return the position of a problem in lists of problems.

    These lists are sorted by creation time (epoch ms), then by platform and number.
    """
    return f"{created_at:013d}#{platform}#{number}"


def platform_partition(platform: str) -> str:
    """Return the GSI1 partition of a platform's problems."""
    return f"PL#{platform}"


def solution_language_partition(language: str) -> str:
    """Return the GSI2 partition of the problems with a solution in `language`."""
    return f"LG#{language}"


def state_partition(state: str) -> str:
    """Return the partition of the problems with one state, on all platforms."""
    return f"PS#{state}"


def tag_partition(tag: str) -> str:
    """Return the partition of the problems with a tag."""
    return f"TG#{tag}"


def token_partition(token: str) -> str:
    """Return the partition of the problems whose titles contain a token (a word for searches)."""
    return f"TK#{token}"


def legacy_problem(legacy_id: int) -> Key:
    """Return the key of the item that maps a legacy id to a problem.

    The legacy id is the id that the problem had in the previous version of the program.
    """
    return _key(f"LP#{legacy_id}", META)


# Plans and jobs

PLANS = "PLAN"


def plan(plan_id: str) -> Key:
    """Return the key of a plan."""
    return _key(PLANS, plan_id)


def job(ulid: str) -> Key:
    """Return the key of a job."""
    return _key(f"J#{ulid}", META)


def job_parameters(ulid: str) -> Key:
    """Return the key of the stored parameters of a job."""
    return _key(f"J#{ulid}", "P")


def job_result(ulid: str, attempt: int) -> Key:
    """Return the key of the stored result of one attempt of a job."""
    return _key(f"J#{ulid}", f"R#{attempt}")


# The prefix of the sort keys of job events.
JOB_EVENTS = "E#"


def job_event(ulid: str, seq: int) -> Key:
    """Return the key of one event of a job."""
    return _key(f"J#{ulid}", f"{JOB_EVENTS}{seq:06d}")


def job_status_partition(status: str) -> str:
    """Return the GSI1 partition of the jobs in one status."""
    return f"JB#{status}"


def job_kind_partition(kind: str) -> str:
    """Return the GSI2 partition of the jobs of one kind."""
    return f"JK#{kind}"
