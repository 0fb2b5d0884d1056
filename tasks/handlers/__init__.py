"""The handlers of messages for executions, custom runs and jobs, and the leases of their work."""
