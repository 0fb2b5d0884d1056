"""An embeddable judge: `judge.judge.Judge` compiles a program and runs it on tests in a sandbox.

The judge needs no database, no message broker and no environment variables. docs/judge.md shows how
to use it.
"""
