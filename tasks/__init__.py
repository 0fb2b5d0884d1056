"""The workers, which `dramatiq tasks` starts.

Importing this package declares the actors on a broker. The broker connects to Redis at its first
use.
"""

import dramatiq

from graphql_api.config import get_settings
from tasks.actors import declare_actors
from tasks.queue.broker import make_broker
from tasks.worker.lifecycle import WorkerLifecycle

__all__ = ["broker"]

broker = make_broker(get_settings(), WorkerLifecycle(get_settings()))
dramatiq.set_broker(broker)
declare_actors(broker)
