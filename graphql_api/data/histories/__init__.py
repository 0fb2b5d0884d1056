"""Histories: reservation, execution, rejudging, lists and the public feed."""
