# Everything a fresh clone needs: Python >= 3.11 and make. `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$python; break; fi; done)
VENV ?= .venv
BIN := $(VENV)/bin
QUICK := -m pytest -n auto --dist worksteal
# Two processes at most: a server or a validator takes a core and 4 GB. Tests of one server share it.
LAB := $(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder
PIP := -m pip --disable-pip-version-check --quiet
LATEST := .venv-latest
LOWEST := .venv-lowest
LOCKING := .venv-lock
COMPILE = $(LOCKING)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock"

.PHONY: help demo test test-fast test-here test-lab test-long test-servers test-latest test-lowest soak lock \
	check format docs conformance dist clean
.NOTPARALLEL:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# -- environments -------------------------------------------------------------------------------
# Exactly what requirements/ says, by hash; a changed lock makes the environment anew.
# A stamp file says what is installed, so that the second run is quick.

$(VENV)/.made: requirements/run.txt requirements/dev.txt
	@test -n "$(PYTHON)" || { echo "fhir-kb needs Python 3.11 or newer (make PYTHON=/path/to/it)"; exit 1; }
	@echo "making the environment $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.installed: pyproject.toml $(VENV)/.made
	@echo "installing fhir-kb"
	@$(BIN)/python $(PIP) install --require-hashes --requirement requirements/run.txt
	@$(BIN)/python $(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "installing the development tools"
	@$(BIN)/python $(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@

# What the registry has today, without the lock: $(call unlocked,FOLDER,pip options)
define unlocked
	@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	@$(1)/bin/python $(PIP) install --upgrade "pip>=25.1"
	@$(1)/bin/python $(PIP) install --editable . --group test $(2)
endef

# -- the two commands for a new user ------------------------------------------------------------

demo: $(VENV)/.installed ## make the environment, build definitions/ into output/, say what was made
	@$(BIN)/fhir-kb build definitions --output output
	@echo "Load one into a server:  output/r4/bundle.transaction.json"
	@echo "Use the program:         $(BIN)/fhir-kb --help"

test: test-here test-lab ## make the environment, run all tests; those that need ../shared skip without it

# -- for developers -----------------------------------------------------------------------------

test-fast: $(VENV)/.installed-dev ## the tests that take less than a few seconds
	$(BIN)/python $(QUICK) -m "not lab and not slow"

test-here: $(VENV)/.installed-dev ## the tests that need nothing but Python
	$(BIN)/python $(QUICK) -m "not lab"

test-lab: $(VENV)/.installed-dev ## the tests against HAPI and the official validator (Java, ../shared)
	$(LAB) -m "lab and not long"

test-long: $(VENV)/.installed-dev ## faults, kills and logins on real servers (HAPI, Medplum, Keycloak)
	$(LAB) -m long

test-servers: $(VENV)/.installed-dev ## test-lab and test-long in one run, which share their servers
	$(LAB) -m lab

soak: $(VENV)/.installed-dev ## pushing with faults, thousands of times (docs/push.md has the result)
	$(BIN)/python scripts/soak_push.py

test-latest: ## the quick tests with the newest dependencies that pyproject.toml allows
	$(call unlocked,$(LATEST),--upgrade --upgrade-strategy eager)
	$(LATEST)/bin/python $(QUICK) -m "not lab and not slow"

test-lowest: ## the quick tests with the oldest dependencies that pyproject.toml allows
	@mkdir -p $(LOWEST)
	@$(PYTHON) scripts/lowest.py > $(LOWEST)/constraints.txt
	$(call unlocked,$(LOWEST),--constraint $(LOWEST)/constraints.txt)
	$(LOWEST)/bin/python $(QUICK) -m "not lab and not slow"

lock: ## renew requirements/: the newest of everything that pyproject.toml allows, with hashes
	@test -x $(LOCKING)/bin/python || $(PYTHON) -m venv $(LOCKING)
	@$(LOCKING)/bin/python $(PIP) install --upgrade uv
	@rm -f requirements/run.txt requirements/dev.txt
	$(COMPILE) --group dev --output-file requirements/dev.txt pyproject.toml
	$(COMPILE) --group build --constraint requirements/dev.txt --output-file requirements/run.txt pyproject.toml

check: $(VENV)/.installed-dev ## format, lint, types, import contracts, generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/make_reference.py --check
	$(BIN)/python scripts/make_format_reference.py --check
	$(BIN)/python scripts/make_releases_reference.py --check
	$(BIN)/python scripts/paste_output.py --check

format: $(VENV)/.installed-dev ## format the code and fix what ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed-dev ## write what is generated of docs/ anew
	$(BIN)/python scripts/make_reference.py
	$(BIN)/python scripts/make_format_reference.py
	$(BIN)/python scripts/make_releases_reference.py
	$(BIN)/python scripts/paste_output.py

conformance: $(VENV)/.installed-dev ## score against the official suites in ../shared, write docs/conformance.md
	$(BIN)/python scripts/conformance.py

dist: $(VENV)/.installed-dev ## build the wheel and the sdist into dist/
	$(BIN)/python -m hatchling build --clean

clean: ## remove all that can be made again
	rm -rf $(VENV) $(LATEST) $(LOWEST) $(LOCKING) dist build .fhir-kb .mypy_cache .ruff_cache .pytest_cache
	rm -rf .hypothesis .import_linter_cache
	find output -mindepth 1 ! -name README.md -exec rm -rf {} +
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
