# `make run` and `make test` are all a newcomer needs; `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

ARGS ?=
CARGO ?= cargo
export CARGO_TERM_COLOR ?= auto
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)
CHROMIUM := $(firstword $(wildcard /usr/bin/chromium /usr/bin/chromium-browser))

.PHONY: help run check test soak bench web tools clients browser fmt lint-rust lint-web test-rust test-web test-browser binary clean

help: ## This list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: web ## Build UI and server, start on http://127.0.0.1:3000 (ARGS='--prometheus-config …')
	$(CARGO) build --release --locked -p pharos
	./target/release/pharos serve $(ARGS)

check: lint-rust lint-web ## Lints, types and unit tests: the inner loop
	@if [ -n "$(NEXTEST)" ]; then $(CARGO) nextest run --locked --workspace --lib --bins --no-fail-fast; \
	else $(CARGO) test --locked --workspace --lib --bins; fi
	cd web && npm test

test: tools lint-rust lint-web test-rust test-web test-browser ## Everything CI runs

soak: web browser ## The long versions of the tests, an hour or so; prints their figures
	PHAROS_SOAK=1 $(CARGO) test --release --locked -p metric-store -- --nocapture
	PHAROS_SOAK=1 $(CARGO) test --release --locked -p promql --test fuzz -- --nocapture
	$(CARGO) test --release --locked -p log-store -- --nocapture --ignored
	$(CARGO) build --release --locked -p pharos
	PHAROS_SOAK=1 PHAROS_BIN=$(CURDIR)/target/release/pharos $(CARGO) test --release --locked -p pharos --test e2e -- --nocapture soak
	PHAROS_SOAK=1 PHAROS_BIN=$(CURDIR)/target/release/pharos node --test tests/browser/corpus.test.mjs

bench: web browser ## What stores, engines and dashboards in a browser cost, on made-up loads; and beside their peers where they are at hand
	$(CARGO) test --release --locked -p promql --test speed -- --ignored --nocapture
	$(CARGO) test --release --locked -p metric-store --lib speed -- --ignored --nocapture
	$(CARGO) run --release --locked -p metric-store --example measure_metrics -- $$(mktemp -d)
	$(CARGO) run --release --locked -p log-store --example measure_logs 200
	$(CARGO) test --release --locked -p logql --test speed -- --ignored --nocapture
	$(CARGO) run --release --locked -p collect --example measure_tail
	$(CARGO) build --release --locked -p pharos
	PHAROS_BIN=$(CURDIR)/target/release/pharos node tests/browser/bench.mjs
	scripts/compare-peers

web: web/dist/index.html ## Build the UI that the binary embeds

tools: ## Check what has to be installed, and say how
	@scripts/tools

web/node_modules/.installed: web/package-lock.json
	@scripts/tools
	@echo "Getting the UI's packages (npm ci)"
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run build

fmt: web/node_modules/.installed ## Format everything
	$(CARGO) fmt --all
	cd web && npx biome check --write .

lint-rust: ## rustfmt, clippy, and cargo deny and machete where they are installed
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --offline --locked check licenses bans sources; \
	else echo "cargo deny is not installed: licences are not checked here"; fi
	@if $(CARGO) machete --version >/dev/null 2>&1; then $(CARGO) machete; \
	else echo "cargo machete is not installed: unused dependencies are not looked for"; fi

lint-web: web/node_modules/.installed ## TypeScript and biome
	cd web && npm run check

binary: web ## The debug binary that browser tests run
	$(CARGO) build --locked -p pharos

clients: ## Prometheus and programs that people use with it and with Loki, for the tests that run them
	@scripts/prometheus
	@scripts/clients

test-rust: web clients ## Unit, property, crash, conformance and end-to-end tests (these run the real binary)
	@if [ -n "$(NEXTEST)" ]; then $(CARGO) nextest run --locked --workspace --no-fail-fast; \
	else $(CARGO) test --locked --workspace; fi

test-web: web/node_modules/.installed ## The UI's unit tests
	cd web && npm test

browser: ## Chromium and a font for the browser tests
	@scripts/browser

test-browser: binary browser ## The UI in a real Chromium
	PHAROS_BIN=$(CURDIR)/target/debug/pharos node --test --test-concurrency=1 tests/browser/*.test.mjs

clean: ## Remove what was built
	$(CARGO) clean
	rm -rf web/dist web/node_modules
