"""Every key string of the table.

Functions return the key attributes of one item as a dict, or the partition of a list as a string.
Platform, number, language and tag hold no `#` and no `:`; `part` refuses those that do.
"""

from collections.abc import Mapping
from typing import Any
from zlib import crc32

from graphql_api.data.errors import InvalidInput
from graphql_api.data.records import HistoryKey

Key = dict[str, str]

META = "M"
CHECKER = "O"
DUE_SHARDS = 8
RUN_COUNTER_SHARDS = 8
PROBLEM_HISTORY_SHARDS = 4


def part(value: str, what: str) -> str:
    """Return `value` if it may stand in a key.

    Raises:
        InvalidInput: it is empty, or holds `#`, `:` or a control character.
    """
    if not value or any(character in "#:" or character < " " for character in value):
        raise InvalidInput(
            f"`{what}` must not be empty or contain '#', ':' or control characters.", (what,)
        )
    return value


def _key(partition: str, sort: str) -> Key:
    return {"PK": partition, "SK": sort}


def of_item(item: Mapping[str, Any]) -> Key:
    """Return the key of an item that was read."""
    return _key(item["PK"], item["SK"])


def shard_of(text: str, shards: int) -> int:
    """Return which of `shards` partitions `text` falls into."""
    return crc32(text.encode()) % shards


# Users


def user_partition(uid: str) -> str:
    """Return the partition of everything that belongs to a user."""
    return f"U#{uid}"


def user(uid: str) -> Key:
    """Return the key of a user."""
    return _key(user_partition(uid), META)


def user_index(uid: str) -> Key:
    """Return the index keys that put a user into the list of all users."""
    return {"g1p": USERS, "g1s": uid}


USERS = "US"


def unique_email(email: str) -> Key:
    """Return the key of the item that makes an e-mail address unique; never log it."""
    return _key(f"E#{email}", META)


def unique_google_sub(sub: str) -> Key:
    """Return the key of the item that makes a Google account unique; never log it."""
    return _key(f"G#{sub}", META)


def totals(uid: str) -> Key:
    """Return the key of a user's counters."""
    return _key(user_partition(uid), "S")


def solved(uid: str, platform: str, number: str) -> Key:
    """Return the key of the mark that a user has solved a problem."""
    return _key(user_partition(uid), f"V#{platform}#{number}")


def day_usage(uid: str, day: str) -> Key:
    """Return the key of a user's counters of one UTC day (`yyyymmdd`)."""
    return _key(user_partition(uid), f"D#{day}")


def receipt(uid: str, day: str, action: str, request_hash: str) -> Key:
    """Return the key of one unit of usage."""
    return _key(user_partition(uid), f"L#{day}#{action}#{request_hash}")


# Histories


def history(uid: str, ulid: str) -> Key:
    """Return the key of a history's card."""
    return _key(user_partition(uid), f"H#{ulid}")


def code_body(uid: str, ulid: str) -> Key:
    """Return the key of the code that was submitted."""
    return _key(user_partition(uid), f"B#{ulid}#c")


def results_body(uid: str, ulid: str, attempt: int) -> Key:
    """Return the key of one attempt's results."""
    return _key(user_partition(uid), f"B#{ulid}#r{attempt}")


def hints_body(uid: str, ulid: str) -> Key:
    """Return the key of a history's hints."""
    return _key(user_partition(uid), f"B#{ulid}#h")


def bodies_prefix(ulid: str) -> str:
    """Return what the sort keys of all bodies of a history begin with."""
    return f"B#{ulid}#"


def due_partition(shard: int) -> str:
    """Return the GSI2 partition of one shard of what waits for a worker."""
    return f"W#{shard}"


def due(identity: str, due_at: int) -> Key:
    """Return the index keys of work that is overdue from `due_at` (epoch ms) on."""
    return {"g2p": due_partition(shard_of(identity, DUE_SHARDS)), "g2s": due_sort(due_at)}


def purge_partition(shard: int) -> str:
    """Return the GSI2 partition of one shard of the test sets that are to go.

    It is not the executions': however many sets there are, none stands before an execution.
    """
    return f"WX#{shard}"


def purge_due(identity: str, due_at: int) -> Key:
    """Return the index keys of a test set that may go from `due_at` (epoch ms) on."""
    return {"g2p": purge_partition(shard_of(identity, DUE_SHARDS)), "g2s": due_sort(due_at)}


def due_sort(due_at: int) -> str:
    """Return a due time (epoch ms) as it is sorted in the list of what is due."""
    return f"{due_at:013d}"


def problem_histories(platform: str, number: str) -> tuple[str, ...]:
    """Return the GSI1 partitions of a problem's COMPLETED histories, by shard."""
    shards = range(PROBLEM_HISTORY_SHARDS)
    return tuple(f"PH#{platform}#{number}#{shard}" for shard in shards)


def problem_history(platform: str, number: str, ulid: str) -> Key:
    """Return the index keys that list a COMPLETED history under its problem."""
    partitions = problem_histories(platform, number)
    return {"g1p": partitions[shard_of(ulid, PROBLEM_HISTORY_SHARDS)], "g1s": ulid}


def history_of(item: Mapping[str, Any]) -> HistoryKey:
    """Return the user id and ULID that a history's key holds."""
    return HistoryKey(item["PK"].removeprefix("U#"), item["SK"].removeprefix("H#"))


# The feed


def feed_partitions(platform: str, language: str, shard: int) -> tuple[str, ...]:
    """Return the four partitions in which a public history of that shard is listed."""
    return (
        feed_partition(None, None, shard),
        feed_partition(platform, None, shard),
        feed_partition(None, language, shard),
        feed_partition(platform, language, shard),
    )


def feed_partition(platform: str | None, language: str | None, shard: int) -> str:
    """Return the partition of one shard of the feed under these filters."""
    if platform and language:
        return f"F#PL:{platform}:{language}#{shard}"
    if platform:
        return f"F#P:{platform}#{shard}"
    if language:
        return f"F#L:{language}#{shard}"
    return f"F#A#{shard}"


def recent_count(hour: str) -> Key:
    """Return the key of the number of histories made public in one UTC hour (`yyyymmddhh`)."""
    return _key(f"FC#{hour}", META)


# Problems


def problem_partition(platform: str, number: str) -> str:
    """Return the partition of everything that belongs to a problem."""
    return f"P#{platform}#{number}"


def problem(platform: str, number: str) -> Key:
    """Return the key of a problem's card."""
    return _key(problem_partition(platform, number), META)


def solution(platform: str, number: str) -> Key:
    """Return the key of the author's solution."""
    return _key(problem_partition(platform, number), "A")


def statement(platform: str, number: str) -> Key:
    """Return the key of the statement and constraints."""
    return _key(problem_partition(platform, number), "B")


def checker(platform: str, number: str) -> Key:
    """Return the key of a problem's checker: between card and tests, to be read with them."""
    return _key(problem_partition(platform, number), CHECKER)


def checker_fault(platform: str, number: str) -> Key:
    """Return the key of the note of how a problem's checker failed last."""
    return _key(problem_partition(platform, number), "E")


def run_counter(platform: str, number: str, shard: int) -> Key:
    """Return the key of one shard of the number of executions."""
    return _key(problem_partition(platform, number), f"C#{shard}")


def case_sort(version: int, number: int) -> str:
    """Return the sort key of one test of one set."""
    return f"T#{version:05d}#{number:05d}"


# What the sort keys of all notes of sets to remove begin with.
TEST_PURGES = "X#"


def case_purge(platform: str, number: str, version: int) -> Key:
    """Return the key of the note that a set of tests goes later unless it is the current one."""
    return _key(problem_partition(platform, number), f"{TEST_PURGES}{version:05d}")


def problem_position(created_at: int, platform: str, number: str) -> str:
    """Return a problem's place in lists: by creation, then by name."""
    return f"{created_at:013d}#{platform}#{number}"


def platform_partition(platform: str) -> str:
    """Return the GSI1 partition of a platform's problems."""
    return f"PL#{platform}"


def solution_language_partition(language: str) -> str:
    """Return the GSI2 partition of the problems with a solution in `language`."""
    return f"LG#{language}"


def state_partition(state: str) -> str:
    """Return the partition of all platforms' problems in one state."""
    return f"PS#{state}"


def tag_partition(tag: str) -> str:
    """Return the partition of the problems with a tag."""
    return f"TG#{tag}"


def token_partition(token: str) -> str:
    """Return the partition of the problems with a word in their title."""
    return f"TK#{token}"


def legacy_problem(legacy_id: int) -> Key:
    """Return the key of the pointer from an old numeric id to its problem."""
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
    """Return the key of what a job is to work on."""
    return _key(f"J#{ulid}", "P")


def job_result(ulid: str, attempt: int) -> Key:
    """Return the key of what one attempt of a job found."""
    return _key(f"J#{ulid}", f"R#{attempt}")


# What the sort keys of a job's progress begin with.
JOB_EVENTS = "E#"


def job_event(ulid: str, seq: int) -> Key:
    """Return the key of one line of a job's progress."""
    return _key(f"J#{ulid}", f"{JOB_EVENTS}{seq:06d}")


def job_status_partition(status: str) -> str:
    """Return the GSI1 partition of the jobs in one status."""
    return f"JB#{status}"


def job_kind_partition(kind: str) -> str:
    """Return the GSI2 partition of the jobs of one kind."""
    return f"JK#{kind}"
