"""Time limits of messages."""

from typing import Any

from graphql_api.config import Settings
from tasks.actors import declare_actors
from tasks.queue.broker import make_broker
from tasks.queue.sender import EXECUTION_ACTOR, JOB_ACTOR
from tests.support.settings import make_settings


def time_limit_ms(actor_name: str) -> int:
    broker: Any = make_broker(make_settings())
    declare_actors(broker)
    limit: int = broker.get_actor(actor_name).options["time_limit"]
    broker.close()
    return limit


def test_an_execution_is_not_interrupted_before_its_submission_s_time_is_up() -> None:
    """The runs may wait for slots, and the last run may begin just before the time is over."""
    (bound,) = (
        one.le
        for one in Settings.model_fields["judge_submission_seconds"].metadata
        if hasattr(one, "le")
    )
    assert time_limit_ms(EXECUTION_ACTOR) >= 2 * 1000 * bound


def test_a_job_and_an_execution_may_last_as_long_as_their_leases_are_renewed() -> None:
    assert time_limit_ms(EXECUTION_ACTOR) == time_limit_ms(JOB_ACTOR)
