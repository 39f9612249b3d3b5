# `make help` lists the targets. Each installs what it needs; the second time that is quick.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   := examples/preview-environments
DESK   := examples/support-desk
TYPED  := examples/orders/node_modules/.installed $(DESK)/node_modules/.installed
NPM    := $(DEMO)/node_modules/.installed tests/compose/node_modules/.installed $(TYPED)
UV     := .tools/uv/bin/uv
NODE   := workers/typescript
GO     := workers/go
PAGE   := workbench

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help setup temporal workers workbench browser check check-node check-go check-workbench \
	test-node test-go test-workbench format test coverage demo demo-support bench bench-workbench requirements clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.installed temporal workers ## Python environment, Temporal dev server, workers, workbench

$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'Python 3.11 or newer is needed. hint: make PYTHON=/path/to/python3'; exit 1; }
	@echo 'Installing Python dependencies'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements/dev.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# Finds a Temporal dev server or installs one: the first time may take minutes, then it is cached.
temporal: $(VENV)/.installed
	@$(BIN)/python -m wistro.temporal.host.serverbinary

# Workers and workbench, with the toolchains that are installed; it says what is left out.
workers workbench: $(VENV)/.installed
	@$(BIN)/python -m wistro.project.prepare

check: $(VENV)/.installed tests/compose/node_modules/.installed $(TYPED) check-node check-go check-workbench test-node test-go ## Format, lint, types, import directions, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -q -m 'not server and not slow' $(ARGS)

# Without the toolchain the checks of its language are left out, and say so.
check-node: workers
	@if command -v node >/dev/null; then cd $(NODE) && npm run --silent check; \
		else echo 'skipped: the checks of $(NODE) need Node.js'; fi

check-go: workers
	@if command -v go >/dev/null; then cd $(GO) && test -z "$$(gofmt -l . | tee /dev/stderr)" && go vet ./...; \
		else echo 'skipped: the checks of $(GO) need Go'; fi

check-workbench: workbench
	@if command -v node >/dev/null; then cd $(PAGE) && npm run --silent check && npm test --silent; \
		else echo 'skipped: the checks of $(PAGE) need Node.js'; fi

format: $(VENV)/.installed ## Rewrite the sources in the project's format
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .
	@if command -v go >/dev/null; then gofmt -w $(GO); fi

test-node: workers
	@if command -v node >/dev/null; then cd $(NODE) && npm test --silent; \
		else echo 'skipped: the tests of $(NODE) need Node.js'; fi

test-go: workers
	@if command -v go >/dev/null; then cd $(GO) && go test ./...; \
		else echo 'skipped: the tests of $(GO) need Go'; fi

# As a person would use it, in a real browser, on the examples.
test-workbench: setup browser check-workbench $(NPM)
	cd $(PAGE) && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent test:browser

APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -y

browser: # Finds Chromium or installs Debian's
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || test -n "$$CHROMIUM" || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null && echo 'Installing Chromium' \
		&& { $(APT) install chromium || { $(APT) update && $(APT) install chromium; }; } >/dev/null; } \
		|| { echo 'The tests of the workbench need Chromium. hint: install it with your package manager'; exit 1; }

# Two files at a time: most tests wait for servers and timers.
ABREAST := --numprocesses=2 --dist=loadfile --no-loadscope-reorder
# They run real servers and timers, on machines that may stand still for seconds: one that fails is tried once more,
# and listed with why it failed. That is for accidents, and so not for more than a few.
AGAIN := --reruns=1 --max-suite-reruns=5 --rerun-show-tracebacks

test: setup test-node test-go test-workbench $(NPM) ## Every test of the three languages, on a real Temporal server
	$(BIN)/pytest $(ABREAST) $(AGAIN) $(ARGS)

coverage: setup $(NPM) ## Every test, with branch coverage
	$(BIN)/pytest --cov --cov-report=html:.coverage.html $(ARGS)
	$(BIN)/coverage report --fail-under=90
	$(BIN)/coverage report --fail-under=100 --include='*/wistro/machine/*,*/wistro/contract.py,*/wistro/project/*,*/wistro_codec/*'

demo: setup $(DEMO)/node_modules/.installed ## Real GitHub webhooks drive preview environments (KEEP=1 stays up)
	$(BIN)/python $(DEMO)/demo.py

demo-support: setup $(DESK)/node_modules/.installed ## A support desk: callers, people, webhooks, a page (KEEP=1 stays up)
	$(BIN)/python $(DESK)/demo.py

bench: setup ## Measure against hand-written Temporal code
	$(BIN)/python benchmarks/run.py $(ARGS)

bench-workbench: setup browser ## Measure the page with 100,000 runs and a flow of 300 steps
	cd $(PAGE) && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent bench

# npm packages: what TypeScript steps need, the webhook payloads of a demo, the schema of compose files.
%/node_modules/.installed: %/package-lock.json
	@command -v npm >/dev/null || { echo 'npm is needed in $*. hint: install Node.js'; exit 1; }
	@cd $* && npm ci --silent --no-audit --no-fund
	@touch $@

requirements: ## Pin the dependencies of pyproject.toml again (UPGRADE=1: to the newest)
	@test -x $(UV) || { $(PYTHON) -m venv .tools/uv && .tools/uv/bin/pip install --quiet uv==0.13.8; }
	$(UV) pip compile --quiet pyproject.toml --output-file requirements/runtime.txt $(COMPILE)
	$(UV) pip compile --quiet pyproject.toml --extra dev --constraint requirements/runtime.txt \
		--output-file requirements/dev.txt $(COMPILE)

COMPILE = --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--custom-compile-command 'make requirements' $(if $(UPGRADE),--upgrade)

clean: ## Remove everything that was built or installed here
	rm -rf $(VENV) .tools .wistro .pytest_cache .ruff_cache .hypothesis .import_linter_cache \
		.coverage .coverage.html dist $(dir $(NPM)) $(NODE)/dist $(NODE)/node_modules \
		$(PAGE)/node_modules triggers/wistro_triggers/_workbench*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
