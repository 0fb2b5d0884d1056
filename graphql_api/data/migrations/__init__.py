"""Migrations: they turn items that an earlier version wrote into the form that this one writes."""
