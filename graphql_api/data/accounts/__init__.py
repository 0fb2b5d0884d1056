"""Users, plans, and the usage of quotas."""
