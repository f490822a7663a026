# Every target makes .venv by itself where it is missing: all it takes is make and Python 3.11 or later.
# To choose the interpreter: make test PYTHON=python3.12

SHELL := /bin/sh
VENV ?= .venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Four workers are enough for this suite, and spare the memory of larger machines.
PYTEST := $(PY) -m pytest -n auto --maxprocesses=4
BENCH ?= $(wildcard benchmarks/[a-z]*.py)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check format bench clean distclean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.light ## Plant a bias in drawn faces, find it, reduce it, and see the cost: demo/report.html
	$(VENV)/bin/evenface demo --out demo

test: $(VENV)/.dev ## Run all tests; for a part of them: make test TESTS=tests/core
	$(PYTEST) $(TESTS)

check: $(VENV)/.dev ## Lint, format check, types, then all tests
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PYTEST)

format: $(VENV)/.dev ## Sort imports, mend what can be mended, lay the code out
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(VENV)/.dev ## Run every benchmark that needs nothing more, name the others; for one: make bench BENCH=benchmarks/name.py
	@left=; for file in $(BENCH); do \
		echo "== $$file"; $(PY) $$file; case $$? in 0) ;; 2) left="$$left $$file" ;; *) exit 1 ;; esac; \
	done; test -z "$$left" || echo "Not run, for want of what each names above:$$left"

clean: ## Remove what runs, tests and builds left
	rm -rf demo runs build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## The same, and .venv too
	rm -rf $(VENV)

# The demo needs what draws faces and what learns from them; the development tools join the same environment when first asked for.
# Each stamp is older than what it was made from exactly when the install must be done again.
$(VENV)/.light: pyproject.toml constraints.txt | $(PY)
	@echo "Installing evenface into $(VENV)"
	@$(PIP_INSTALL) --editable '.[synthesis,models]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(PY)
	@echo "Installing evenface and its development tools into $(VENV) (a minute or two)"
	@$(PIP_INSTALL) --editable '.[dev]'
	@$(VENV)/bin/evenface assets fetch || echo "Model files were not fetched; the tests that need them are skipped."
	@touch $(VENV)/.light $@

$(PY):
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or later found. Name one: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: PYTHON=$(PYTHON) is not a Python 3.11 or later." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "make: $(PYTHON) cannot make environments: it lacks venv or ensurepip. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
