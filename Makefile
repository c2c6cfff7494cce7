# Two commands for a newcomer: `make demo` and `make test`. Everything else is for working on the project.
VENV ?= .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

# One more than there are processors, for some tests wait; four at most.
PROCESSES := $(shell n=$$(nproc); echo $$((n < 4 ? n + 1 : 4)))

.PHONY: demo test test-fast check bench eval setup clean

demo: $(VENV)/.ready
	ask-profiler demo

# Tests that measure run one after the other, with nothing beside them; all others on several processors.
test: $(VENV)/.ready-dev
	python -m pytest -n $(PROCESSES) --dist worksteal -m "not alone"
	python -m pytest -m alone

test-fast: $(VENV)/.ready-dev
	python -m pytest -n $(PROCESSES) --dist worksteal -m "not slow and not alone"

check: $(VENV)/.ready-dev
	ruff format --check .
	ruff check .
	mypy
	lint-imports

bench: $(VENV)/.ready-dev
	python -m evals.bench

eval: $(VENV)/.ready-dev
	python -m evals.run

setup: $(VENV)/.ready-dev

$(VENV)/.ready: pyproject.toml .ci/constraints.txt .ci/setup
	.ci/setup $(VENV)
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	.ci/setup $(VENV) dev
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
