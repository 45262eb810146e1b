# The commands of the project. Every one sets up what it needs, from Python >= 3.11 and make alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test check format lint types soak bench lock

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(INSTALLED) ## make the .venv

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed; say which: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		-r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --editable .
	@touch $@

demo: $(INSTALLED) ## the main job on sample ERPNext sites; ONCE=1 ends after the run
	$(BIN)/python -m cli demo $(if $(ONCE),--once)

test: $(INSTALLED) ## the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST)

check: format lint types test ## what a change must pass

format: $(INSTALLED)
	$(BIN)/ruff format --check .

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: $(INSTALLED)
	$(BIN)/mypy

soak: $(INSTALLED) ## the long runs of the property tests: MINUTES=30 SEED=1
	SOAK_MINUTES=$(or $(MINUTES),30) SOAK_SEED=$(or $(SEED),1) $(BIN)/python -m pytest -m soak

bench: $(INSTALLED) ## speed as ratios against raw baselines of the same run: ONLY=figure
	$(BIN)/python -m tests.bench $(if $(ONLY),--only $(ONLY))

lock: ## resolve requirements.lock anew (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock
