# Two commands are enough: `make demo` and `make test`. Each sets up what it needs.

PYTHON ?= python3
VENV := .venv
PARITY := .parity
LOWEST := .lowest
BIN := $(VENV)/bin
PIP := -m pip install --quiet --disable-pip-version-check
INSTALL := $(BIN)/python $(PIP) --constraint requirements/versions.txt
INSTALL_LOWEST := $(LOWEST)/bin/python $(PIP) --constraint requirements/lowest.txt
JOBS ?= 2
# One thread each: the processes already keep the cores busy. The tests start a hundred more, and pytest rewrites every
# test file: what they compile is kept, even where the environment asks for no bytecode.
pytest = OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(1)/bin/python -m pytest -n $(JOBS) --dist worksteal

.PHONY: demo test test-fast test-full test-lowest lint types bench prove parity reach docs golden check clean help
.DEFAULT_GOAL := help

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.runtime: pyproject.toml requirements/torch.txt requirements/versions.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "netspec needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setting up $(VENV) (a few minutes the first time: torch is large)"
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -r requirements/torch.txt
	$(INSTALL) -e '.[torch]'
	@touch $@

$(VENV)/.test: $(VENV)/.runtime requirements/references.txt
	$(INSTALL) -e '.[torch,test]'
	$(INSTALL) --no-deps -r requirements/references.txt
	@touch $@

$(VENV)/.lint: $(VENV)/.test
	$(INSTALL) -e '.[torch,test,lint]'
	@touch $@

$(VENV)/.prove: $(VENV)/.runtime
	$(INSTALL) -e '.[torch,prove]'
	@touch $@

$(PARITY)/.installed: pyproject.toml requirements/parity.txt
	$(PYTHON) -m venv $(PARITY)
	$(PARITY)/bin/python $(PIP) -r requirements/parity.txt
	$(PARITY)/bin/python $(PIP) -e '.[torch,parity]'
	@touch $@

$(LOWEST)/.installed: pyproject.toml requirements/torch.txt requirements/lowest.txt requirements/references.txt
	$(PYTHON) -m venv $(LOWEST)
	$(INSTALL_LOWEST) -r requirements/torch.txt
	$(INSTALL_LOWEST) -e '.[torch,test]'
	$(INSTALL_LOWEST) --no-deps -r requirements/references.txt
	@touch $@

demo: $(VENV)/.runtime ## set up, build DenseNet-121 and say where its picture is
	$(BIN)/netspec build specs/densenet121.yaml
	@echo
	@echo "the picture:  $(CURDIR)/build/densenet121/densenet121.svg"
	@echo "the module:   $(CURDIR)/build/densenet121/densenet121.py"

test: $(VENV)/.test ## set up and run the tests on the CPU
	$(call pytest,$(VENV))

test-fast: $(VENV)/.test ## the quick tests, with short searches and without the networks of the zoo
	TEST_EFFORT=0.1 $(call pytest,$(VENV)) -m 'not parity and not full and not slow and not zoo'

test-full: $(VENV)/.test ## the long searches too
	TEST_EFFORT=10 $(call pytest,$(VENV)) -m 'not parity'

test-lowest: $(LOWEST)/.installed ## the tests on the lowest versions that pyproject.toml allows
	$(call pytest,$(LOWEST))

lint: $(VENV)/.lint ## style
	$(BIN)/ruff check netspec tests benchmarks examples experiments docs
	$(BIN)/ruff format --check netspec tests benchmarks examples experiments docs

types: $(VENV)/.lint ## types
	$(BIN)/mypy

bench: $(VENV)/.test ## speed as ratios in one run, written to benchmarks/RESULTS.md
	$(BIN)/python benchmarks/run.py

prove: $(VENV)/.prove ## train plain and residual networks on generated signals, written to experiments/RESULTS.md
	OMP_NUM_THREADS=1 $(BIN)/python -m experiments.prove

parity: $(PARITY)/.installed ## compare with torchvision and timm (an environment of its own, several GB)
	OMP_NUM_THREADS=2 $(PARITY)/bin/python -m pytest tests/zoo/test_parity.py -m parity

reach: $(PARITY)/.installed ## count the networks of other libraries whose operations the language has (an hour or two)
	$(PARITY)/bin/python $(PIP) 'transformers>=5'
	OMP_NUM_THREADS=1 $(PARITY)/bin/python benchmarks/reach.py

docs: $(VENV)/.test ## generate docs/ops.md, errors.md, zoo.md, pictures and the README's results
	$(BIN)/python -m docs.generate

golden: $(VENV)/.test ## write the golden files anew, to be read before they are committed
	$(BIN)/python -m pytest tests --update-golden

check: lint types test ## everything that must pass before a commit

clean: ## remove what the other commands made
	rm -rf $(VENV) $(PARITY) $(LOWEST) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
