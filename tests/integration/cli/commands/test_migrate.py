"""`algoitny table migrate` as a process, also if it is killed."""

import json
import subprocess
import sys

import pytest

from graphql_api.config import Settings
from graphql_api.data import keys
from graphql_api.data.clock import ulid_at
from graphql_api.data.dynamo.client import Dynamo
from graphql_api.data.records import PID
from graphql_api.data.stores import Stores
from tests.support.former_items import DOMAIN, fill, make_former, read_table
from tests.support.paths import ROOT
from tests.support.settings import CREDENTIALS

pytestmark = [pytest.mark.dynamodb, pytest.mark.slow]

MANY_USERS = 5000
MANY_HISTORIES = 1000
PATIENCE_S = 300


def start(settings: Settings, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "graphql_api.cli.main", "table", "migrate", *options],
        cwd=ROOT,
        env={
            **CREDENTIALS,
            "ENVIRONMENT": "development",
            "AWS_ENDPOINT_URL_DYNAMODB": str(settings.aws_endpoint_url_dynamodb),
            "TABLE_NAME": settings.table_name,
            "DYNAMODB_DEADLINE_MS": str(settings.dynamodb_deadline_ms),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(settings: Settings, *options: str) -> tuple[int, str, str]:
    with start(settings, *options) as process:
        printed, errors = process.communicate(timeout=PATIENCE_S)
    return process.returncode, printed, errors


def kill_at(moment: str, settings: Settings) -> None:
    """Run the command, and kill it when it has rewritten some items of this kind."""
    process = start(settings)
    assert process.stderr is not None
    for line in process.stderr:
        kind, _, count = line.partition(": ")
        if kind == moment and not count.startswith("0 "):
            break
    process.kill()
    process.communicate()


async def test_the_command_shows_rewrites_and_then_has_nothing_to_do(
    settings: Settings, stores: Stores, dynamo: Dynamo
) -> None:
    await fill(stores)
    todays = await read_table(dynamo)
    await make_former(dynamo)

    code, printed, _ = run(settings, "--dry-run")
    assert code == 0
    assert "e-mail addresses: 2 items to rewrite" in printed
    assert "Nothing was written. Run `algoitny table migrate`" in printed

    code, printed, errors = run(settings)
    assert code == 0
    assert "e-mail addresses: 2 rewritten" in printed
    assert "All items already have the current form." in printed
    assert "read: " in errors
    assert await read_table(dynamo) == todays

    code, printed, _ = run(settings, "--json")
    assert (code, json.loads(printed)["rewritten"]) == (0, {})


async def test_the_command_lists_equal_addresses_and_exits_with_1(
    settings: Settings, stores: Stores, dynamo: Dynamo
) -> None:
    history = await fill(stores)
    await make_former(dynamo)
    twin = await stores.users.create(email="twin@example.org", name="Twin")
    item = await dynamo.get(keys.user(twin.uid), consistent=True)
    assert item is not None
    await dynamo.put({**item, "em": f"ann@{DOMAIN}"})
    await dynamo.put({**keys.unique_email(f"ann@{DOMAIN}"), "v": 1, "tp": "guard", "u": twin.uid})

    for options in ((), ("--dry-run",)):
        code, _, errors = run(settings, *options)
        assert code == 1
        listed = next(
            line
            for line in errors.splitlines()
            if line.startswith("These objects were not changed: ")
        )
        assert {history.uid, twin.uid} == set(
            listed.removeprefix("These objects were not changed: ").partition(".")[0].split(", ")
        )
    users = await stores.users.get_many([history.uid, twin.uid])
    assert [user.email for user in users if user] == ["ann@b\u00fccher.example", f"ann@{DOMAIN}"]


def test_a_missing_table_names_the_command_that_creates_it(settings: Settings) -> None:
    missing = settings.model_copy(update={"table_name": "none-at-all"})
    code, printed, errors = run(missing)
    assert (code, printed) == (1, "")
    assert "algoitny table init" in errors


@pytest.mark.thorough
async def test_a_table_of_10_000_items_is_migrated_although_the_process_is_killed(
    settings: Settings, stores: Stores, dynamo: Dynamo
) -> None:
    """The histories have no pid, as the previous version wrote them."""
    history = await fill(stores)
    model = await stores.users.create(email=f"model@{DOMAIN}", name="Model")
    card = await dynamo.get(keys.user(model.uid), consistent=True)
    done = await dynamo.get(keys.history(*history.key), consistent=True)
    assert card is not None
    assert done is not None
    assert PID not in done
    ulids = [ulid_at(1_700_000_000_000 + number) for number in range(MANY_USERS)]
    await dynamo.batch_write(puts=[_user(card, ulid) for ulid in ulids])
    await dynamo.batch_write(puts=[_unique_item(ulid) for ulid in ulids])
    await dynamo.batch_write(puts=[_history(done, ulid) for ulid in ulids[:MANY_HISTORIES]])
    todays = await read_table(dynamo)
    assert len(todays) > 10_000
    await make_former(dynamo)

    for moment in ("e-mail addresses", "platforms and problem numbers"):
        before = await read_table(dynamo)
        kill_at(moment, settings)
        half = await read_table(dynamo)
        assert half != before
        assert half != todays

    code, _, _ = run(settings)

    assert code == 0
    assert await read_table(dynamo) == todays
    page = await stores.rejudges.of_problem(history.problem_id, size=MANY_HISTORIES + 1)
    assert len(page.histories) == MANY_HISTORIES + 1


def _user(card: dict[str, object], uid: str) -> dict[str, object]:
    identity = {**keys.user(uid), **keys.user_index(uid), "u": uid}
    return {**card, **identity, "em": f"{uid.lower()}@{DOMAIN}"}


def _history(card: dict[str, object], ulid: str) -> dict[str, object]:
    """Return a copy of a COMPLETED history, which is in the list of the same problem."""
    identity = {**keys.history(str(card["u"]), ulid), "h": ulid, "g1s": ulid}
    return {name: value for name, value in {**card, **identity}.items() if name != "fid"}


def _unique_item(uid: str) -> dict[str, object]:
    return {**keys.unique_email(f"{uid.lower()}@{DOMAIN}"), "v": 1, "tp": "guard", "u": uid}
