"""Short-lived shared state in Redis: announced languages and custom runs."""
