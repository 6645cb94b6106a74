# `make demo` shows the template at work, `make test` runs all of its tests.
# Both need Python 3.11+, git and make, and set up the rest in .venv.
PYTHON ?= python3
DI ?= dishka
BUS ?= memory
BASE ?= main
# What pytest takes for -k: `make test ONLY=dishka+redis`, `make test ONLY=post_generation`.
ONLY ?=
# More than there are processors: much of the time is waiting, for disks and for processes that start and end.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(max(2, 3 * os.cpu_count() // 2))')

BIN := $(CURDIR)/.venv/bin
READY := .venv/.ready

.PHONY: help demo test prove bench tree lint format clean
.DEFAULT_GOAL := help

help:
	@echo "make demo      one service, from nothing to a counted signup; DI=... and BUS=... choose it"
	@echo "make test      everything: lint, then every combination, rendered and run; ONLY=dishka+redis is one"
	@echo "make prove     every bus held to its contract, Apache Kafka too, and chaos; needs Maven and Java"
	@echo "make bench     what injection and delivery cost"
	@echo "make lint      ruff and mypy over hooks, scripts and tests"
	@echo "make format    let ruff write"
	@echo "make tree      what the changes since BASE=main do to each combination, in Markdown"
	@echo "make clean     remove environments and caches"

$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Error: $(PYTHON) is missing or older than 3.11: name another one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { echo "Error: no virtual environment: on Debian or Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --requirement requirements.txt
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python scripts/demo.py --di $(DI) --bus $(BUS)

test: lint
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --maxschedchunk 1 $(if $(ONLY),-k "$(ONLY)")

lint: $(READY)
	$(BIN)/ruff check benchmarks hooks scripts tests
	$(BIN)/ruff format --check benchmarks hooks scripts tests
	$(BIN)/mypy hooks scripts tests

prove: $(READY)
	$(BIN)/python scripts/prove.py

bench: $(READY)
	$(BIN)/python scripts/bench.py

tree: $(READY)
	@$(BIN)/python scripts/tree.py --base $(BASE)

format: $(READY)
	$(BIN)/ruff check --fix benchmarks hooks scripts tests
	$(BIN)/ruff format benchmarks hooks scripts tests

clean:
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache
