# Two commands do everything on a fresh machine: `make run` and `make test`.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help run test check bench cluster deploy-check frontend format lock clean

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/.run: requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(BIN)/.test: requirements-dev.txt $(BIN)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

run: $(BIN)/.run ## Install, migrate, load the sample data, start dashboard and REST
	@$(BIN)/api-engine dashboard

# The browser's driver keeps an event loop in its thread, so its tests have processes of their own.
test: $(BIN)/.test ## Install, lint, type-check, check imports, run every test
	@sh tests/browser.sh
	$(MAKE) --no-print-directory check
	$(BIN)/pytest --numprocesses 3 --dist loadfile --ignore tests/e2e
	$(BIN)/pytest --numprocesses 2 --dist loadfile tests/e2e

check: $(BIN)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

cluster: $(BIN)/.test ## Run PostgreSQL, Redis, 3 sidecars behind a proxy, 2 workers and a dashboard
	@$(BIN)/python -m deploy.cluster

deploy-check: $(BIN)/.test ## Check the files for Docker and Kubernetes against their schemas
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/kubernetes-validate --strict --quiet deploy/kubernetes.yaml
	$(BIN)/caddy validate --config deploy/Caddyfile --adapter caddyfile

bench: $(BIN)/.test ## Measure against hand-written equivalents
	$(BIN)/python -m benchmarks

frontend: ## Rebuild the browser components (needs npm)
	cd pages/frontend && npm ci && npm run build

format: $(BIN)/.test ## Format and fix what can be fixed
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

lock: ## Resolve the dependencies again and write the lock files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --no-header --upgrade --group dev pyproject.toml --output-file requirements-dev.txt
	uv pip compile --quiet --universal --python-version 3.11 --no-header --constraint requirements-dev.txt pyproject.toml --output-file requirements.txt

clean: ## Remove the virtual environment and caches, never data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info
