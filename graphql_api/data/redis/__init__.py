"""Short-lived state in Redis that all processes share: announced languages and custom runs."""
