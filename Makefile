# AlgoItny: `make dev` runs it on this machine, `make test` tests it, `make help` lists all targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The virtual environment is up to date if its path, Python and these files are unchanged.
INPUTS := requirements/dev.lock pyproject.toml
STATE = $$(pwd; $(PYTHON) --version; cksum $(INPUTS))
export PORT ?= 8000
# Two processes of tests, each with its own DynamoDB and Redis; the tests of a file stay together.
ARGS ?= --numprocesses 2 --dist loadfile --no-loadscope-reorder
# Run pytest with the given options while mypy runs in the background; print mypy's result last.
define run_tests
types=$$(mktemp); $(BIN)/mypy > $$types 2>&1 & mypy=$$!; \
	echo '$(BIN)/pytest $(1) $(ARGS)'; $(BIN)/pytest $(1) $(ARGS); failed=$$?; \
	wait $$mypy || failed=1; echo "$(BIN)/mypy"; cat $$types; rm -f $$types; exit $$failed
endef

.PHONY: help dev test test-all setup venv checks lint format lock schema docs bench clean dynamodb-init dynamodb-describe

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: venv ## run everything on this machine until Ctrl-C; PORT=8001 changes the API's port
	@$(BIN)/algoitny dev

test: setup checks ## install what the tests need, check the code, run the first tier; ARGS="-k feed"
	@$(call run_tests,-m "not thorough")

test-all: setup checks ## the same with every test, as CI does
	@$(call run_tests,)

setup: venv ## install what dev and test need: packages, engines, playground
	@$(BIN)/algoitny setup $(if $(CI),--browser --languages)

venv: # create or update the virtual environment from the lock file
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "AlgoItny needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Use another one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@[ "$$(cat $(VENV)/.state 2>/dev/null)" = "$(STATE)" ] || { \
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "This Python cannot create virtual environments. Install the missing package:" >&2; \
	    echo "  sudo sh -c 'apt-get update && apt-get install -y python3-venv'" >&2; exit 1; }; \
	  echo "Installing the Python packages in requirements/dev.lock into $(VENV) (a minute or two)"; \
	  rm -f $(VENV)/.state; $(PYTHON) -m venv $(VENV) && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --require-hashes -r requirements/dev.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --no-deps --no-build-isolation --editable . && \
	  echo "$(STATE)" > $(VENV)/.state; }

lint: checks ## ruff, mypy, the import contracts, the schema file
	$(BIN)/mypy

checks: venv # all of `lint` but mypy, which runs beside the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/algoitny schema export --check

format: venv ## format the sources and apply the linter's fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: venv ## update the lock files from requirements/*.in, for Python 3.11 and newer
	for name in runtime dev node; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-header requirements/$$name.in -o requirements/$$name.lock || exit 1; done

schema: venv ## generate schema.graphql from the code
	$(BIN)/algoitny schema export

docs: venv ## generate docs/settings.md from the code
	$(BIN)/algoitny settings > docs/settings.md

bench: setup ## run the benchmarks and print their results
	for script in $(basename $(notdir $(wildcard benchmarks/[a-z]*.py))); do \
	  echo "== $$script"; $(BIN)/python -m benchmarks.$$script || exit 1; done

dynamodb-init: venv ## create the table, or correct its settings
	@$(BIN)/algoitny table init

dynamodb-describe: venv ## show the table's state, size and indexes
	@$(BIN)/algoitny table describe

clean: ## delete generated files; keeps the data in .data/dynamodb and .data/redis
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info build
	rm -rf .data/engines .data/playground .data/log .data/work playground/node_modules
