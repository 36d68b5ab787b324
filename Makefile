# `make` lists what there is. Everything runs in .venv; `setup` happens by itself when it is due.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
READY := .venv/.stamp node_modules/.stamp
JOBS ?= 2

.PHONY: help setup run reset test lint format chaos bench keys browser lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## Install Python and front-end packages (the others do it when it is due)

run: $(READY) ## Start Parley and all it needs; PORT=8000 and the three after it
	@$(PYTHON) -m local.run

reset: .venv/.stamp ## Delete the data of the embedded database and queue
	@$(PYTHON) -m local.reset

test: $(READY) ## Run all tests; ARGS="-k stop" passes options to pytest
	@$(PYTHON) -m pytest -n $(JOBS) --dist loadfile $(ARGS)

lint: .venv/.stamp ## Check style, formatting, types and the length of files
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@$(PYTHON) -m local.lengths

format: .venv/.stamp ## Format the code and mend what ruff can mend
	@$(PYTHON) -m ruff check --fix-only --quiet .
	@$(PYTHON) -m ruff format .

chaos: $(READY) ## Kill workers and flush the queue under load, then count texts
	@$(PYTHON) -m bench.chaos $(ARGS)

bench: $(READY) ## Measure the paths that must be fast
	@$(PYTHON) -m bench $(ARGS)

keys: .venv/.stamp ## Write missing ENCRYPTION_KEYS and PHONE_HASH_KEYS into .env
	@$(PYTHON) -m local.keys

browser: ## Install Chromium for the browser tests, if it is missing
	@sh local/browser.sh

# Needs uv. The hashes cover every platform, so one file serves Linux and macOS.
lock: ## Pin the newest allowed packages in requirements/*.txt
	uv pip compile pyproject.toml --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-header --no-annotate --quiet -o requirements/app.txt
	uv pip compile pyproject.toml --group local --group dev --universal --python-version 3.11 \
		--constraint requirements/app.txt --generate-hashes --no-header --no-annotate --quiet \
		-o requirements/dev.txt

clean: ## Delete what setup and the tools made (.venv, node_modules, caches); data stay
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.stamp: requirements/dev.txt local/setup.sh
	@sh local/setup.sh python
	@touch $@

node_modules/.stamp: package-lock.json package.json local/setup.sh | .venv/.stamp
	@sh local/setup.sh node
	@touch $@
