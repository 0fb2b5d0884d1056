"""The queues on Redis: the broker, the fair queue, the sender and cancellations."""
