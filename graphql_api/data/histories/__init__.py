"""Histories, their executions and rejudges, and the public feed.

A history is the record of one submission: its code, the status of its execution, and the results.
"""
