# Every target builds the environment first if it does not stand yet.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One BLAS and one numba thread per process: results keep their bits, and test workers do not compete.
export OPENBLAS_NUM_THREADS ?= 1
export MKL_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 1
export MPLBACKEND ?= Agg

.PHONY: help figures test oldest newest verify verify-tenth planted planted-ten docs benchmarks peers lint wheel release clean

help:
	@echo "make figures     every figure at its quick size, with a gallery page (figures/output/index.html)"
	@echo "make test        the fast tests"
	@echo "make oldest      the fast tests with the oldest supported dependencies, in an environment of their own"
	@echo "make newest      the same with the newest dependencies and Python"
	@echo "make verify      every theory-against-simulation check at full size, resumable (validation/)"
	@echo "make planted     errors planted one at a time in a copy of the code, and the tests that must notice them"
	@echo "make docs        the documentation (docs/_build/html/index.html)"
	@echo "make benchmarks  speed, as ratios against what one would otherwise run"
	@echo "make peers       designed grids in diffusers and k-diffusion, in an environment of their own (peers/record.json)"
	@echo "make lint        style and types"
	@echo "make wheel       the wheel, tried in an empty environment"
	@echo "make release     wheel and source archive, tried in the same way, in dist/"

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) 2>/dev/null || (rm -rf $(VENV) && $(PYTHON) -m virtualenv -q $(VENV)) 2>/dev/null \
		|| { rm -rf $(VENV); echo "No virtual environment can be made: install python3-venv (Debian: apt-get install python3-venv) or virtualenv."; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

figures: $(STAMP)
	$(BIN)/python -m figures --preset quick --workers 2

# Tests start many processes: modules are compiled for the first and not for each.
test planted planted-ten: export PYTHONDONTWRITEBYTECODE :=
test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist worksteal

# $(call fast-tests,environment,interpreter,options of pip): the fast tests in an environment of their own.
define fast-tests
	$(2) -m venv build/$(1)
	build/$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(3) --editable '.[test]'
	build/$(1)/bin/python -m pytest -p no:cacheprovider -n 2 --dist worksteal $(TESTS)

endef

# pyproject.toml's lower bounds; by hand when one of them or the code that needs it changes.
oldest:
	$(call fast-tests,oldest,$(PYTHON),--constraint constraints-oldest.txt)

# Everything as new as pyproject.toml allows, with each Python newer than the lowest that is found, or with PYTHON=...
NEWEST = $(if $(filter file,$(origin PYTHON)),$(foreach version,3.12 3.13,$(if $(shell python$(version) --version 2>/dev/null),python$(version))),$(PYTHON))
newest:
	@test -n "$(strip $(NEWEST))" || { echo "Neither python3.12 nor python3.13 is on the path: give one as PYTHON=..."; exit 1; }
	$(foreach python,$(NEWEST),$(call fast-tests,newest-$(notdir $(python)),$(python),--upgrade --upgrade-strategy eager))

verify: $(STAMP)
	$(BIN)/statphys-gen verify --output validation

# A random tenth of the checks, drawn anew for every commit; the seeds of the checks do not change. It adds its runs to the
# ledger of this clone, and prints their lines.
verify-tenth: $(STAMP)
	$(BIN)/statphys-gen verify --output validation --workers 2 --fraction 0.1 --seed $$(git rev-list --count HEAD)
	@git --no-pager diff --unified=0 -- validation/ledger.jsonl | grep '^+{' || true

planted: $(STAMP)
	$(BIN)/python -m tests.planted run --checks --workers 2

# Ten of them, drawn anew for every commit, after the tests have passed.
planted-ten: $(STAMP)
	$(BIN)/python -m tests.planted run --random 10 --seed $$(git rev-list --count HEAD) --tests-pass --workers 2 --seconds 60

docs: figures
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html

benchmarks: $(STAMP)
	$(BIN)/python -m benchmarks

# The samplers come with torch, whose builds for processors alone have an index of their own.
TORCH ?= https://download.pytorch.org/whl/cpu
peers: $(STAMP)
	test -x build/peers/bin/python || $(PYTHON) -m venv build/peers
	build/peers/bin/python -m pip install --quiet --disable-pip-version-check --index-url $(TORCH) torch torchvision
	build/peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement peers/requirements.txt
	$(BIN)/python -m peers build/peers/bin/python

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

wheel: $(STAMP)
	PYTHON=$(PYTHON) BIN=$(BIN) sh .ci/wheel

# From a committed state: what is released is what the history holds.
release: $(STAMP)
	@test -z "$$(git status --porcelain)" || { echo "There are changes that are not committed: git status"; exit 1; }
	PYTHON=$(PYTHON) BIN=$(BIN) sh .ci/wheel dist

clean:
	rm -rf $(VENV) build dist *.egg-info docs/_build figures/output
