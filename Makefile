# ct0: two commands do everything on a fresh machine: `make demo` and `make test`.
# Both set up what they need: a virtual environment, and as root the Debian packages of the lab.

# Debian's own interpreter where there is one: it is the one the shims run on.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
VENV := .venv
BIN := $(VENV)/bin
export CT0_PYTHON := $(PYTHON)

.PHONY: help demo test unit lab matrix check bench shims packages zipapp lab-packages lab-clean clean

help:
	@echo 'make demo       the point in two minutes: real containers (root) or namespaces (user)'
	@echo 'make test       everything: checks, unit tests on each Python found, the lab (root)'
	@echo 'make unit       the quick tests alone'
	@echo 'make check      ruff and mypy'
	@echo 'make bench      our commands against the incumbents'
	@echo 'make shims      build/ct0-shims, the one file for hosts without pip'
	@echo 'make packages   build/packages/*.deb and *.rpm, built in a Debian 12 root (root)'
	@echo 'make zipapp     build/ct0.pyz, core, shims and checks in one file'
	@echo 'make lab-clean  remove what an interrupted lab left behind'

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 9))' || \
		{ echo 'ct0 needs Python 3.9 or later: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1 || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || \
			{ echo 'no venv module: install python3-venv, or run make as root' >&2; exit 1; }; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
			apt-get -qq install -y --no-install-recommends python3-venv python3-pip >/dev/null && \
		$(PYTHON) -m venv --clear $(VENV); }
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[all]' \
		cryptography 'hatchling>=1.26' 'hypothesis>=6.100' 'jsonschema>=4' 'junitparser>=2' 'mypy>=1.10' \
		'prometheus-client>=0.16' 'pytest>=8' 'pytest-xdist>=3' 'ruff>=0.6' selenium \
		types-PyYAML types-jsonschema types-psutil 'xmlschema>=2'
	@# Debian's version beside pip's: the plugins are tested with both, and no test needs the network.
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps \
		--target $(VENV)/nagiosplugin-1.3.2 nagiosplugin==1.3.2
	@touch $@

lab-packages: $(VENV)/ready
	@$(BIN)/python -m tests.lab.packages

demo: lab-packages
	@$(BIN)/python -m tests.lab.demo

test: lab-packages check
	$(BIN)/python tests/suite.py $(PYTEST_ARGS)

unit: $(VENV)/ready
	$(BIN)/python -m pytest -m 'not lab' $(PYTEST_ARGS)

lab: lab-packages
	$(BIN)/python -m pytest -m lab $(PYTEST_ARGS)

matrix: $(VENV)/ready
	@$(BIN)/python -m tests.matrix

check: $(VENV)/ready
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy

bench: lab-packages
	$(BIN)/python -m bench

shims: $(VENV)/ready
	@mkdir -p build && $(BIN)/ct0 shims build > build/ct0-shims && chmod 755 build/ct0-shims
	@echo 'build/ct0-shims: copy it to a host and run there: ./ct0-shims install'

packages: lab-packages
	@$(BIN)/python -m tests.lab.ct0_debs build/packages
	@$(BIN)/python -m tests.lab.ct0_rpms build/packages

zipapp: $(VENV)/ready
	@$(BIN)/python packaging/zipapp.py build/ct0.pyz
	@echo 'build/ct0.pyz: run it as ct0, or through links named ct0, ct0-read, check_*'

lab-clean: $(VENV)/ready
	@$(BIN)/python -m tests.lab.leftovers

clean:
	rm -rf build dist $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
