"""The worker process: its lifecycle, the objects it shares, the sweeper and the announcer."""
