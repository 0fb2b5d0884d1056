"""Use cases: plain async functions, records or domain errors out."""
