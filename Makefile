# AlgoItny: `make dev` runs it on this machine, `make test` checks it. `make help` lists the rest.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What decides whether the virtual environment is up to date: its place, Python and the lock.
INPUTS := requirements/dev.lock pyproject.toml
STATE = $$(pwd; $(PYTHON) --version; cksum $(INPUTS))
export PORT ?= 8000
# Two processes of tests, each with engines of its own; the tests of a file stay together.
ARGS ?= --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: help dev test setup venv lint format lock schema docs bench clean dynamodb-init dynamodb-describe

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: venv ## run everything here until Ctrl-C; PORT=8001 moves the API
	@$(BIN)/algoitny dev

test: setup lint ## bring what the tests need, check the code, run the tests; ARGS="-k feed"
	$(BIN)/pytest $(ARGS)

setup: venv ## bring what dev and test need: packages, engines, playground
	@$(BIN)/algoitny setup $(if $(CI),--browser --languages)

venv: # the virtual environment, as the lock says; nothing to do when it is
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "AlgoItny needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@[ "$$(cat $(VENV)/.state 2>/dev/null)" = "$(STATE)" ] || { \
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "This Python cannot make virtual environments. Bring that with:" >&2; \
	    echo "  sudo sh -c 'apt-get update && apt-get install -y python3-venv'" >&2; exit 1; }; \
	  echo "Installing the Python packages of requirements/dev.lock into $(VENV) (a minute or two)"; \
	  rm -f $(VENV)/.state; $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --require-hashes -r requirements/dev.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --no-deps --no-build-isolation --editable . && \
	  echo "$(STATE)" > $(VENV)/.state; }

lint: venv ## ruff, mypy, the layers' contract, the schema file
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/algoitny schema export --check

format: venv ## rewrite the sources as the formatter wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: venv ## resolve requirements/*.in anew into the lock files, for every Python from 3.11
	for name in runtime dev node; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-header requirements/$$name.in -o requirements/$$name.lock || exit 1; done

schema: venv ## write schema.graphql from the code
	$(BIN)/algoitny schema export

docs: venv ## write docs/settings.md from the code
	$(BIN)/algoitny settings > docs/settings.md

bench: setup ## run the benchmarks; they print their figures
	for script in $(basename $(notdir $(wildcard benchmarks/[a-z]*.py))); do \
	  echo "== $$script"; $(BIN)/python -m benchmarks.$$script || exit 1; done

dynamodb-init: venv ## create the table, or reconcile its settings
	@$(BIN)/algoitny table init

dynamodb-describe: venv ## show the table, its indexes and settings
	@$(BIN)/algoitny table describe

clean: ## remove what can be made again; the data under .data/dynamodb and .data/redis stays
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info build
	rm -rf .data/engines .data/playground .data/log .data/work playground/node_modules
