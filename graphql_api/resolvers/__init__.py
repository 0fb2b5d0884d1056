"""Use cases: async functions that return records or raise domain errors."""
