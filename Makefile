# The handles of the project. Needs make and Python 3.11 or later, nothing else: everything comes from package registries.
# A second run needs no network: the environment is only touched when a lock or project file is newer than it.

PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit("too old") if sys.version_info < (3, 11) else print(sys.executable)' 2>/dev/null && break; done)
UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
BIN := .venv/bin
SYNCED := .venv/.synced
PROJECTS := uv.lock pyproject.toml $(wildcard shared/pyproject.toml services/*/pyproject.toml deploy/*/pyproject.toml)
SOURCES := shared/src $(wildcard services/*/src deploy/*/src) tests

unexport VIRTUAL_ENV
export UV_PYTHON = $(PYTHON)
export UV_PYTHON_DOWNLOADS = never
# Once here, not at each start of each process: it takes longer than all else that a service does to start.
export UV_COMPILE_BYTECODE = true

# Downloads trust what the machine trusts: a bank's proxy has a certificate authority of its own.
CERTIFICATES := $(firstword $(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem))
ifneq ($(CERTIFICATES),)
export UV_SYSTEM_CERTS = true
export REQUESTS_CA_BUNDLE ?= $(CERTIFICATES)
endif

.PHONY: help demo test test-journeys test-rest up down clean bench chaos check
.DEFAULT_GOAL := help

help:
	@echo "make demo    start everything, stream real transactions, spend points, show what came of it"
	@echo "make up      start Kafka, PostgreSQL and every service in the background; addresses in .run/endpoints.json"
	@echo "make down    stop them, keep the data          make clean   stop them, delete the data"
	@echo "make test    every test, on real Kafka and PostgreSQL"
	@echo "make check   format, lint, types, import layers, contract drift"
	@echo "make bench   the measured load                 make chaos   the faults"

demo: $(SYNCED)
	@$(BIN)/nanzhu-demo

# The journeys through the whole platform, and beside them as many others as make both runs equally long.
JOURNEYS := tests/e2e tests/integration/shared

# What has to be downloaded is downloaded first, where its progress can be seen. The journeys through the whole platform mostly wait; the rest runs beside them
# and uses what they leave of the machine. With ARGS, arguments for pytest, it is one run.
test: $(SYNCED)
	@$(BIN)/nanzhu fetch
	@$(if $(ARGS),$(BIN)/pytest $(ARGS),$(MAKE) --no-print-directory --jobs=2 test-journeys test-rest)

test-journeys:
	@$(BIN)/pytest $(JOURNEYS)

test-rest:
	@$(BIN)/pytest $(JOURNEYS:%=--ignore=%)

up: $(SYNCED)
	@$(BIN)/nanzhu up

# These two make no environment: where there is none, nothing runs.
down:
	@if [ -x $(BIN)/nanzhu ]; then $(BIN)/nanzhu down; fi

clean:
	@if [ -x $(BIN)/nanzhu ]; then $(BIN)/nanzhu clean; fi
	@rm -rf build

bench: $(SYNCED)
	@$(BIN)/nanzhu fetch
	@PYTHONPATH=tests $(BIN)/python -m bench $(ARGS)

chaos:
	@echo "make chaos is not there yet: it comes with issue 7 (the proof)" >&2; exit 1

check: $(SYNCED)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python -m loyalty_shared.contracts.generate --check

$(SYNCED): $(PROJECTS) | $(UV)
	@$(UV) sync --frozen
	@touch $@

.tools/bin/uv:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or later is needed, and none is on the PATH (looked for python3.11, 3.12, 3.13, python3): install one." >&2; exit 1; fi
	@echo "Installing uv $(UV_VERSION) into .tools"
	@$(PYTHON) -m venv .tools >/dev/null 2>&1 || $(PYTHON) -m venv --clear --without-pip .tools
	@{ if [ -x .tools/bin/pip ]; then .tools/bin/pip install --quiet uv==$(UV_VERSION); \
	else $(PYTHON) -m pip --python .tools/bin/python install --quiet uv==$(UV_VERSION); fi; } || { rm -rf .tools; \
	echo "uv could not be installed: check the network, or install uv $(UV_VERSION) yourself (this Python may lack venv and pip: Debian has them in python3-venv)." >&2; exit 1; }
