"""The workers: `dramatiq tasks` starts them all."""
