"""The workers, which `dramatiq tasks` starts.

Importing this package declares the actors on a broker. The broker connects to Redis at its first
use. Workers issue no access tokens, so they run without the setting `SECRET_KEYS`.
"""

import dramatiq
from pydantic import ValidationError

from graphql_api.config import exit_at_start, get_settings
from tasks.actors import declare_actors
from tasks.queue.broker import make_broker
from tasks.worker.lifecycle import WorkerLifecycle

__all__ = ["broker"]

try:
    _settings = get_settings().without_secrets()
except ValidationError as error:
    exit_at_start(error)
broker = make_broker(_settings, WorkerLifecycle(_settings))
dramatiq.set_broker(broker)
declare_actors(broker)
