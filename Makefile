# One command each: 'make run' starts the app, 'make test' checks everything. Both set up first.
# Settings: HOST (localhost; 0.0.0.0 for all), PORT (8501), WAREHOUSE_URL, STATE_URL, SCORECARD_CONFIG,
# PYTHON (for .venv).

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

HOST ?= localhost
PORT ?= 8501
VENV := .venv
PY := $(VENV)/bin/python
HOME_DIR := $(or $(SCORECARD_HOME),.scorecard)
# Written while packages are being installed: if it is still there, an install was cut short.
UNFINISHED := $(VENV)/.unfinished

.PHONY: help
help:
	@echo "make run        start the app (the first time: set up, build the demo company)"
	@echo "make test       all tests, with a real PostgreSQL and a real browser"
	@echo "make test-long  the same and the tests that take minutes"
	@echo "make test-spark the tests of SQL on a real Spark of two executors (3 GB, Java 17)"
	@echo "make lint       ruff and mypy"
	@echo "make bench      measure; every bench/bench_*.py"
	@echo "make setup      create $(VENV) with all requirements"
	@echo "make lock       resolve the requirements anew from pyproject.toml"
	@echo "make clean      remove $(VENV) and caches; the data in $(HOME_DIR) stay"

# ---- set-up -------------------------------------------------------------------------------------

define FIND_PYTHON
found=""; \
for candidate in $(or $(PYTHON),python3.11 python3.12 python3.13 python3.14 python3 python); do \
  if "$$candidate" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
      >/dev/null 2>&1; then found="$$candidate"; break; fi; \
done; \
if [ -z "$$found" ]; then \
  echo "No Python 3.11 or newer with the venv module was found." >&2; \
  echo "Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13)" >&2; \
  echo "or name it: make setup PYTHON=/path/to/python3" >&2; \
  exit 1; \
fi
endef

# $(1): a requirements file. A .venv that is broken or half installed is made anew.
define INSTALL
if [ -e "$(UNFINISHED)" ] || ! $(PY) -m pip --version >/dev/null 2>&1; then \
  $(FIND_PYTHON); \
  echo "Creating $(VENV) with $$("$$found" --version)"; \
  "$$found" -m venv --clear $(VENV); \
fi; \
touch $(UNFINISHED); \
echo "Installing $(1) (the first time this takes a minute or two)"; \
$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); \
rm $(UNFINISHED)
endef

.PHONY: setup
setup: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.txt
	@$(call INSTALL,requirements.txt)
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt
	@$(call INSTALL,requirements-dev.txt)
	@touch $(VENV)/.installed $@

$(VENV)/.installed-spark: requirements-test-spark.txt
	@$(call INSTALL,requirements-test-spark.txt)
	@touch $(VENV)/.installed $(VENV)/.installed-dev $@

LOCK = $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: lock
lock: $(VENV)/.installed-dev
	@$(PY) -m pip install --quiet uv
	@rm -f requirements.txt requirements-dev.txt requirements-spark.txt requirements-test-spark.txt
	@$(LOCK) pyproject.toml --output-file requirements.txt
	@$(LOCK) --constraint requirements.txt --group dev pyproject.toml --output-file requirements-dev.txt
	@$(LOCK) --constraint requirements-dev.txt --extra spark pyproject.toml \
	  --output-file requirements-spark.txt
	@$(LOCK) --constraint requirements-dev.txt --extra spark --group dev --group spark-tests \
	  pyproject.toml --output-file requirements-test-spark.txt

# ---- run ----------------------------------------------------------------------------------------

.PHONY: run
run: $(VENV)/.installed
	@if [ -z "$${WAREHOUSE_URL:-}" ] && [ ! -e "$(HOME_DIR)/warehouse.duckdb" ]; then \
	  echo "No warehouse yet: building the demo company."; \
	  $(PY) -m data demo; \
	fi
	@echo
	@echo "  Shared Scorecard   http://$(HOST):$(PORT)"
	@echo "  Sign in            with an account of '$(PY) -m data users list';"
	@echo "                     a new one:    $(PY) -m data users add NAME"
	@echo "                     new password: $(PY) -m data users password NAME"
	@echo "  Stop               Ctrl+C"
	@echo
	@exec $(PY) -m streamlit run app.py \
	  --server.address "$(HOST)" --server.port "$(PORT)" --server.headless true

# ---- check --------------------------------------------------------------------------------------

# A process a core; the tests of one file stay together, for they share servers and databases. Files
# in the order of tests/conftest.py: what takes long begins, however few its tests are.
PARALLEL := -n auto --dist loadfile --no-loadscope-reorder

.PHONY: test
test: setup
	@$(PY) -m pytest -m "not long" $(PARALLEL)

.PHONY: test-long
test-long: setup
	@$(PY) -m pytest $(PARALLEL)

# Java is the system's. Where it is missing and cannot be installed, the tests are skipped and say so.
define ENSURE_JAVA
if ! command -v java >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "Installing Java"; \
  { apt-get update -qq && apt-get install -qq -y openjdk-17-jre-headless; } >/dev/null || true; \
fi
endef

# One process: the tests share one Spark, whose executors are processes of their own.
.PHONY: test-spark
test-spark: $(VENV)/.installed-spark
	@$(ENSURE_JAVA)
	@TEST_ENGINES=spark $(PY) -m pytest -m "not long"

.PHONY: lint
lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

.PHONY: bench
bench: setup
	@$(PY) -m bench

.PHONY: clean
clean:
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
