"""The queues on Redis: the broker, the fair queue, the sender of messages, and cancellations."""
