"""The handlers of messages: executions, custom runs and jobs, with their leases."""
