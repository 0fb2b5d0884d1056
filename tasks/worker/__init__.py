"""The worker process: its lifecycle, its shared objects, the sweeper and the announcer."""
