"""FairQueue on a real Redis: the order of turns, capabilities, and messages of dead workers."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import dramatiq
import pytest
from dramatiq import MessageProxy

from tasks.queue import fair_queue
from tasks.queue.fair_queue import Places
from tasks.queue.redis_broker import BlockingRedisBroker, BlockingRedisConsumer
from tests.support.settings import PATIENCE_MS
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

QUEUE = "work"
Made = Callable[..., BlockingRedisBroker]


@pytest.fixture
def make(redis_url: str) -> Iterator[Made]:
    made: list[BlockingRedisBroker] = []

    def make_one(*capabilities: str, heartbeat_timeout_ms: int = 5000) -> BlockingRedisBroker:
        broker = BlockingRedisBroker(
            redis_url,
            timeout_s=PATIENCE_MS / 1000,
            middleware=[],
            heartbeat_timeout_ms=heartbeat_timeout_ms,
            maintenance_chance=1_000_000,
            dead_message_life_ms=60_000,
        )
        broker.fair_queue.capabilities = capabilities or None
        made.append(broker)
        return broker

    yield make_one
    for broker in made:
        broker.close()


@pytest.fixture
def broker(make: Made) -> BlockingRedisBroker:
    return make()


def send(
    broker: BlockingRedisBroker,
    text: str,
    lane: str | None = None,
    *required: str,
    dedup_key: str | None = None,
) -> None:
    options = {} if lane is None else fair_queue.message_options(lane, required, dedup_key)
    broker.enqueue(
        dramatiq.Message(
            queue_name=QUEUE, actor_name="note", args=(text,), kwargs={}, options=options
        )
    )


def consumer_of(broker: BlockingRedisBroker, prefetch: int = 1) -> BlockingRedisConsumer:
    found = broker.consume(QUEUE, prefetch, 20)
    assert isinstance(found, BlockingRedisConsumer)
    return found


# Three places for all lanes, and two for lanes of which the host holds no message.
PLACES = Places(total=5, reserved=2, per_lane=2)


def sharing(broker: BlockingRedisBroker, host: str = "host") -> BlockingRedisConsumer:
    """Return a consumer of a worker on this host, with `PLACES`."""
    broker.places[QUEUE] = PLACES
    broker.fair_queue.host = host
    return consumer_of(broker, PLACES.total)


def fill(consumer: BlockingRedisConsumer) -> dict[str, MessageProxy]:
    """Take messages until nothing is left for the consumer. Return those that it then holds."""
    held: dict[str, MessageProxy] = {}
    while (message := next(consumer)) is not None:
        held[message.args[0]] = message
    return held


def send_many(broker: BlockingRedisBroker, lane: str, count: int) -> None:
    for number in range(count):
        send(broker, f"{lane}{number}", lane)


def take(consumer: BlockingRedisConsumer) -> MessageProxy | None:
    found = next(consumer)
    if found is not None:
        consumer.ack(found)
    return found


def texts(consumer: BlockingRedisConsumer) -> list[str]:
    """Take all messages, one after the other."""
    found: list[str] = []
    while (message := take(consumer)) is not None:
        found.append(message.args[0])
    return found


def everything(broker: BlockingRedisBroker) -> set[str]:
    """Return the remaining keys of a queue, without wake-up tokens and heartbeats."""
    found: list[Any] = list(broker.client.scan_iter(f"dramatiq:{QUEUE}*"))
    return {key.decode() for key in found if not key.endswith(b".wake")}


def test_lanes_take_turns_and_each_keeps_its_order(broker: BlockingRedisBroker) -> None:
    for number in range(5):
        send(broker, f"a{number}", "ada")
    for number in range(2):
        send(broker, f"b{number}", "bob")
    send(broker, "c0", "cy")
    assert texts(consumer_of(broker)) == ["a0", "b0", "c0", "a1", "b1", "a2", "a3", "a4"]
    assert everything(broker) == set()


def test_who_comes_after_two_hundred_of_another_is_next_but_one(
    broker: BlockingRedisBroker,
) -> None:
    for number in range(200):
        send(broker, f"a{number}", "ada")
    consumer = consumer_of(broker)
    for number in range(10):
        message = take(consumer)
        assert message is not None
        assert message.args == (f"a{number}",)
    send(broker, "b0", "bob")
    assert "b0" in {str(message.args[0]) for message in (take(consumer), take(consumer)) if message}


def test_a_fetch_of_many_goes_round_too(broker: BlockingRedisBroker) -> None:
    for number in range(6):
        send(broker, f"a{number}", "ada")
    for number in range(2):
        send(broker, f"b{number}", "bob")
    consumer = consumer_of(broker, prefetch=5)
    held = [next(consumer) for _ in range(5)]
    assert [one.args[0] for one in held if one] == ["a0", "b0", "a1", "b1", "a2"]
    assert next(consumer) is None


def test_what_a_worker_is_not_able_to_run_waits_for_one_that_is(make: Made) -> None:
    able, unable = make("python", "cpp"), make("python")
    send(able, "a0", "ada", "cpp")
    send(able, "a1", "ada", "python")
    send(able, "b0", "bob", "cpp")
    send(able, "c0", "cy")
    assert texts(consumer_of(unable)) == ["a1", "c0"]
    # Ada's lane had its turn.
    assert texts(consumer_of(able)) == ["b0", "a0"]
    assert everything(able) == set()


def test_what_needs_several_abilities_waits_for_a_worker_that_has_them_all(make: Made) -> None:
    able = make("python", "cpp", "java")
    send(able, "a0", "ada", "python", "cpp")
    for some in (("python",), ("cpp", "java")):
        assert texts(consumer_of(make(*some))) == []
    assert texts(consumer_of(able)) == ["a0"]


def test_a_worker_that_has_no_ability_yet_takes_what_needs_none(make: Made) -> None:
    broker = make("python")
    send(broker, "a0", "ada", "python")
    send(broker, "a1", "ada")
    broker.fair_queue.capabilities = frozenset()
    assert texts(consumer_of(broker)) == ["a1"]


def test_behind_many_that_it_is_not_able_to_run_a_worker_finds_one_that_it_is(make: Made) -> None:
    unable = make("python")
    for number in range(300):
        send(unable, f"a{number}", "ada", "cpp")
    send(unable, "mine", "ada", "python")
    assert texts(consumer_of(unable)) == ["mine"]


def test_what_is_sent_again_while_it_waits_waits_once_and_keeps_its_place(make: Made) -> None:
    able, unable = make("python", "cpp"), make("python")
    send(able, "a0", "ada", "cpp", dedup_key="first")
    send(able, "a1", "ada", "cpp", dedup_key="second")
    for number in range(100):
        send(able, f"again {number}", "ada", "cpp", dedup_key="first")
        # The same key in the same lane, and in another user's lane.
        send(able, f"b{number}", "bob", "cpp", dedup_key="first")
    assert texts(consumer_of(unable)) == []
    assert able.client.hlen(f"dramatiq:{QUEUE}.msgs") == 3
    assert texts(consumer_of(able)) == ["again 99", "b99", "a1"]
    assert everything(able) == set()


def test_what_is_sent_again_while_a_worker_has_it_waits(broker: BlockingRedisBroker) -> None:
    send(broker, "a0", "ada", dedup_key="it")
    consumer = consumer_of(broker, prefetch=2)
    held = next(consumer)
    send(broker, "again", "ada", dedup_key="it")
    assert held is not None
    consumer.ack(held)
    assert texts(consumer) == ["again"]
    assert everything(broker) == set()


def test_what_is_sent_again_and_needs_more_waits_on_its_own(make: Made) -> None:
    some, able = make("python"), make("python", "cpp")
    send(able, "all", "ada", "python", "cpp", dedup_key="it")
    send(able, "one", "ada", "python", dedup_key="it")
    assert texts(consumer_of(some)) == ["one"]
    assert texts(consumer_of(able)) == ["all"]


def test_who_sends_in_five_languages_has_one_turn_a_round(make: Made) -> None:
    languages = ("c", "cpp", "go", "java", "python")
    broker = make(*languages, "rust")
    for number in range(2):
        for language in languages:
            send(broker, f"a-{language}{number}", "ada", language)
    for number in range(3):
        send(broker, f"b{number}", "bob", "rust")
    assert texts(consumer_of(broker)) == [
        "a-c0",
        "b0",
        "a-cpp0",
        "b1",
        "a-go0",
        "b2",
        *("a-java0", "a-python0", "a-c1", "a-cpp1", "a-go1", "a-java1", "a-python1"),
    ]
    assert everything(broker) == set()


def test_who_has_had_a_turn_in_one_language_waits_for_the_next_in_all(make: Made) -> None:
    python, cpp = make("python"), make("cpp")
    for lane in ("ada", "bob"):
        for broker, language in ((python, "python"), (cpp, "cpp")):
            send(broker, f"{lane} {language}", lane, language)
    message = take(consumer_of(python))
    assert message is not None
    assert message.args == ("ada python",)
    assert texts(consumer_of(cpp)) == ["bob cpp", "ada cpp"]


def commands(broker: BlockingRedisBroker) -> int:
    """Return the number of commands that Redis has run, including the commands of scripts."""
    stats: Any = broker.client.info("commandstats")
    return sum(int(one["calls"]) for one in stats.values())


def test_what_others_wait_for_makes_no_fetch_longer(make: Made) -> None:
    unable = make("python")
    for number in range(300):
        send(unable, f"a{number}", f"user-{number}", "cpp")
    send(unable, "mine", "ada", "python")
    consumer, before = consumer_of(unable), commands(unable)
    assert next(consumer) is not None
    assert commands(unable) - before < 50


def test_what_version_1_left_in_its_lists_is_served(make: Made) -> None:
    able, unable = make("python", "cpp"), make("python")
    for lane, required, count in (("ada", "cpp", 150), ("bob", "python", 2)):
        for number in range(count):
            leave_as_version_1(able, f"{lane}{number}", lane, required)
    send(able, "new", "bob", "python")
    assert texts(consumer_of(unable)) == ["new", "bob0", "bob1"]
    assert texts(consumer_of(able)) == [f"ada{number}" for number in range(150)]
    assert everything(able) == set()


def leave_as_version_1(broker: BlockingRedisBroker, text: str, lane: str, required: str) -> None:
    message: dramatiq.Message[Any] = dramatiq.Message(
        queue_name=QUEUE,
        actor_name="note",
        args=(text,),
        kwargs={},
        options={"lane": lane, "needs": required, "redis_message_id": text},
    )
    queue = f"dramatiq:{QUEUE}"
    broker.client.hset(f"{queue}.msgs", text, message.encode())
    if broker.client.rpush(f"{queue}.lane.{lane}", f"{required}\n{text}") == 1:
        broker.client.rpush(f"{queue}.lanes", lane)


def test_what_is_given_back_comes_first_and_only_to_who_is_able(make: Made) -> None:
    able, unable = make("python", "cpp"), make("python")
    send(able, "a0", "ada", "cpp")
    giving = consumer_of(able)
    held = next(giving)
    assert held is not None
    send(able, "a1", "ada", "cpp")
    giving.requeue([held])
    assert texts(consumer_of(unable)) == []
    assert sorted(texts(consumer_of(able))) == ["a0", "a1"]
    send(able, "b0", "bob", "cpp")
    held = next(giving)
    send(able, "b1", "bob", "cpp")
    assert held is not None
    giving.requeue([held])
    assert texts(consumer_of(able)) == ["b0", "b1"]


@pytest.mark.slow
def test_a_dead_worker_s_messages_go_to_another_who_is_able(make: Made) -> None:
    dead = make("cpp")
    unable, able = make("python", heartbeat_timeout_ms=400), make("cpp", heartbeat_timeout_ms=400)
    send(dead, "orphan", "ada", "cpp")
    assert next(consumer_of(dead)) is not None
    time.sleep(0.5)
    assert texts(consumer_of(unable)) == []
    consumer, ends_at, found = consumer_of(able), time.monotonic() + 60, None
    while found is None and time.monotonic() < ends_at:
        found = take(consumer)
    assert found is not None
    assert everything(able) == set()


def test_the_broker_reports_whether_messages_wait(broker: BlockingRedisBroker) -> None:
    assert not broker.has_waiting(QUEUE)
    send(broker, "a0", "ada")
    assert broker.has_waiting(QUEUE)
    assert texts(consumer_of(broker)) == ["a0"]
    assert not broker.has_waiting(QUEUE)


def test_a_message_without_a_lane_waits_in_the_queue_as_ever(broker: BlockingRedisBroker) -> None:
    send(broker, "plain")
    assert broker.client.llen(f"dramatiq:{QUEUE}") == 1
    assert texts(consumer_of(broker)) == ["plain"]


@pytest.mark.slow
def test_a_delayed_message_enters_its_lane_when_it_is_due(broker: BlockingRedisBroker) -> None:
    ran: list[str] = []
    actor = dramatiq.actor(broker=broker, queue_name=QUEUE, actor_name="note")(ran.append)
    worker = dramatiq.Worker(broker, worker_threads=1)
    worker.start()
    try:
        actor.send_with_options(args=("later",), delay=200, **fair_queue.message_options("ada"))
        ends_at = time.monotonic() + 60
        while not ran and time.monotonic() < ends_at:
            time.sleep(0.02)
    finally:
        worker.stop()
    assert ran == ["later"]


def test_a_user_who_is_alone_fills_all_places_but_the_reserved_ones(make: Made) -> None:
    broker = make()
    consumer = sharing(broker)
    send_many(broker, "ada", 10)
    assert list(fill(consumer)) == ["ada0", "ada1", "ada2"]


def test_a_user_who_comes_later_gets_a_reserved_place_at_once(make: Made) -> None:
    broker = make()
    consumer = sharing(broker)
    send_many(broker, "ada", 10)
    fill(consumer)
    send_many(broker, "bob", 10)
    assert list(fill(consumer)) == ["bob0"]
    send_many(broker, "cy", 10)
    assert list(fill(consumer)) == ["cy0"]


def test_while_others_wait_a_user_has_only_the_limit_in_flight(make: Made) -> None:
    broker = make()
    consumer = sharing(broker)
    send_many(broker, "ada", 2)
    held = fill(consumer)
    send(broker, "ada2", "ada")
    send_many(broker, "bob", 2)
    # Ada has the next turn, but holds the limit.
    held |= fill(consumer)
    assert list(held) == ["ada0", "ada1", "bob0"]
    consumer.ack(held["ada0"])
    assert list(fill(consumer)) == ["ada2"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("host", ["bob0", "bob1", "ada2"]), ("another", ["ada2", "bob0", "bob1"])],
)
def test_the_limit_counts_all_workers_of_a_host_and_no_other_host(
    make: Made, host: str, expected: list[str]
) -> None:
    first, second = make(), make()
    ours, theirs = sharing(first), sharing(second, host)
    send_many(first, "ada", 2)
    assert list(fill(ours)) == ["ada0", "ada1"]
    send(first, "ada2", "ada")
    send_many(first, "bob", 2)
    assert list(fill(theirs)) == expected


@pytest.mark.slow
def test_the_messages_of_a_killed_worker_are_not_counted_and_its_users_take_turns(
    make: Made,
) -> None:
    dead, broker = make(heartbeat_timeout_ms=400), make(heartbeat_timeout_ms=400)
    send_many(dead, "ada", 10)
    assert len(fill(sharing(dead))) == 3
    consumer = sharing(broker)
    send_many(broker, "bob", 2)
    wait_until("the end of the heartbeat", lambda: stops_being_alive(broker, dead))
    held = fill(consumer)
    # Ada's lane has the next turn, but her returned messages do not take Bob's turn.
    first, second, third = held
    assert second == "bob0"
    for name in (first, third):
        consumer.ack(held[name])
    later = set(fill(consumer))
    assert {first, third} | later == {"ada0", "ada1", "ada2", "bob1"}


def stops_being_alive(broker: BlockingRedisBroker, dead: BlockingRedisBroker) -> bool:
    """Return whether the heartbeat of a worker is older than 400 ms."""
    score: Any = broker.client.zscore("dramatiq:__heartbeats__", dead.broker_id)
    return score is None or time.time() * 1000 - score > 500


def test_a_message_that_is_sent_again_while_it_runs_counts_once_more_at_most_until_it_ends(
    make: Made,
) -> None:
    broker = make()
    consumer = sharing(broker)
    for text in ("a", "again"):
        send(broker, text, "ada", dedup_key="it")
        held = fill(consumer)
        for message in held.values():
            consumer.ack(message)
    send_many(broker, "ada", 3)
    assert len(fill(consumer)) == 3


def test_a_message_from_before_the_limit_is_taken_without_being_counted(make: Made) -> None:
    broker = make()
    consumer = sharing(broker)
    for number in range(3):
        leave_as_version_1(broker, f"old{number}", "ada", "")
    # Older versions put the plain id into the same structure.
    assert len(fill(consumer)) == 3
    send(broker, "new", "ada")
    assert list(fill(consumer)) == ["new"]


def test_a_worker_with_only_reserved_places_leaves_the_wake_up_to_another(make: Made) -> None:
    full, idle = make(), make()
    send_many(full, "ada", 3)
    consumer = sharing(full)
    assert len(fill(consumer)) == 3
    full.client.delete(full.wake_key(QUEUE))
    send(full, "ada3", "ada")
    assert next(consumer) is None
    assert full.client.llen(full.wake_key(QUEUE)) == 1
    assert list(fill(sharing(idle))) == ["ada3"]
