# setup · demo · test · check · bench · package — each sets up .venv by itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STORE ?= sqlite
SEEDS ?= 1000
FACTOR ?= 20

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick check fix docs bench simulate explore models mutants soak pictures package template lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make .venv with every dependency and the command in .venv/bin/provisioner

# Set-up talks on stderr, so that `make demo` can be piped.
$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@echo "setting up $(VENV) (once; a minute or two)" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed; name one with make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt >&2
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@touch $@

demo: setup ## the whole job on this machine: messages in, outcomes out
	@$(BIN)/provisioner demo --store $(STORE)

test: setup ## every test
	@$(BIN)/python -m pytest

quick: setup ## the part of the tests that is run on every Python
	@$(BIN)/python -m pytest -m "not slow and not soak and not explore"

check: setup ## lint, types, generated documents up to date
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy functions shared local
	@$(BIN)/python -m local.docs.documents --check

fix: setup ## let the linter mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: setup ## write the generated documents again
	@$(BIN)/python -m local.docs.documents

simulate: setup ## seeds of the simulation, SEEDS=10000 for many
	@$(BIN)/python -m tests.reliability.simulate --seeds $(SEEDS)

explore: setup ## every schedule of small worlds, and what they show; an hour or two, or WORLD="a lifetime"
	@$(if $(WORLD),,$(BIN)/python -m pytest -m explore)
	@$(BIN)/python -m tests.exploration $(if $(WORLD),"$(WORLD)")

models: setup ## the local cloud against models of the services, FACTOR=100 for long
	@MODEL_FACTOR=$(FACTOR) $(BIN)/python -m pytest -m slow tests/functional/cloud/test_model_*.py

mutants: setup ## change the code in small ways and see whether a test notices; hours, goes on where it stopped
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mutation.txt
	@$(BIN)/python -m tests.mutation

# Lower counts: REQUESTS (killed), SCARCE (short of something), FAILING (every third call fails), MESSAGES (one worker).
soak: setup ## real processes under kills, faults and shortages, for an hour or two; SHORT=1 for CI's minute
	@SOAK_SHORT=$(SHORT) SOAK_REQUESTS=$(REQUESTS) SOAK_SCARCE=$(SCARCE) SOAK_FAILING=$(FAILING) \
	SOAK_MESSAGES=$(MESSAGES) $(BIN)/python -m pytest -m soak -n $(if $(SHORT),4,1) -rP -o faulthandler_timeout=7200

bench: setup ## the figures of docs/performance.md, JSON=1 for one JSON object
	@$(BIN)/python -m tests.bench $(if $(JSON),--json)

pictures: setup ## take the README's pictures and table again (needs chromium, and a quiet machine)
	@$(BIN)/python -m tests.pictures
	@$(BIN)/python -m tests.comparison

package: setup ## the deployable zip
	@$(BIN)/provisioner package

template: setup ## the deployable template, dist/template.yml
	@$(BIN)/python -m local.runtime.deployable dist/template.yml

LOCK := uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-header
lock: ## resolve requirements/*.in again (needs uv)
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/mutation.in -c requirements/dev.txt -o requirements/mutation.txt
	$(LOCK) requirements/runtime.in -c requirements/dev.txt -o requirements/runtime.txt

clean: ## remove what set-up and runs made
	rm -rf $(VENV) .provisioner dist build mutants *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
