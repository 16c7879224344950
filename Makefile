# Two commands on a fresh machine: `make demo` and `make test`. Everything is installed into .venv, once, and again
# only when what is installed changes. Only Python 3.11+ with its venv module is needed.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
INPUTS := pyproject.toml constraints.txt setup.py MANIFEST.in $(wildcard player/*.json player/*.mjs player/.npmrc player/src/*)

# The newest Python for which every pinned package has a wheel, else a newer one. `make PYTHON=/path/to/python` decides.
ifndef PYTHON
PYTHON := $(shell for python in python3.13 python3.12 python3.11 python3 python3.14 python; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo $$python; break; }; done)
endif

.PHONY: install demo test lint clean

install: $(STAMP)

# Makes a 4D asset from the example pair and says where it is and how good it is.
demo: install
	$(BIN)/tween4d demo

# Arguments go to pytest: `make test TESTS="tests/io -x"`. A process per core takes whole files; `-n 0` is for debuggers.
test: install
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(TESTS)

PYTHON_CODE := setup.py src tests $(wildcard examples benchmarks training)

lint: install
	$(BIN)/ruff check $(PYTHON_CODE)
	$(BIN)/ruff format --check $(PYTHON_CODE)
	$(BIN)/lint-imports

$(STAMP): $(INPUTS)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || test -n "$(PYTHON)" || { \
	echo "tween4d needs Python 3.11 or newer with its venv module, and found none." >&2; \
	echo "Install it (Debian, Ubuntu: apt-get install python3-venv) or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	$(BIN)/python -m pip install --constraint constraints.txt --build-constraint constraints.txt --editable '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) build dist src/tween4d.egg-info src/tween4d/io/player player/node_modules demo_output
	rm -rf .pytest_cache .hypothesis .ruff_cache .import_linter_cache
	find src tests -name __pycache__ -prune -exec rm -rf {} +
