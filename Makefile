# make run    set up what is missing and serve the dashboard
# make test   set up what is missing, the browser included, and run every check and test
# make faults kill, cut, fill and damage what the dashboard stands on, with random seeds
# make bench  measure how fast all is: minutes (make bench-full: the numbers of docs/performance.md)
# make soak   the same with 200 seeds each, and the figures of docs/guarantees.md made anew
#
# Everything Python lives in .venv. PYTHON chooses the interpreter (3.11 or newer).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2
FAULT_WORKERS ?= 4
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

run: $(VENV)/.run ## serve the dashboard (settings: RYX_*, or FLAGS="--port 9000")
	@$(BIN)/python app.py $(FLAGS)

test: lint unit js browser faults ## every check and test
	@$(BIN)/python -m coverage combine -q .coverage-data/coverage.*
	@$(BIN)/python -m coverage report --fail-under=95

lint: $(VENV)/.test ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# coverage from earlier runs must not count
unit: $(VENV)/.test ## tests without a browser
	@rm -rf .coverage-data && mkdir -p .coverage-data
	$(BIN)/python -m pytest -m "not browser and not faults" -n $(WORKERS) --cov --cov-report= $(ARGS)
	@mv .coverage .coverage-data/coverage.unit

js: node ## tests of the client-side layer
	node --test tests/js/*.test.js

browser: $(VENV)/.test chromium nginx ## tests of the page in Chromium
	@mkdir -p .coverage-data
	$(BIN)/python -m pytest -m "browser and not faults" -n $(WORKERS) --dist worksteal \
		--cov --cov-report= $(ARGS)
	@mv .coverage .coverage-data/coverage.browser

# What they harm are processes, networks and disks, so they say nothing about coverage. They mostly
# wait, so there are more of them at once than processors; a file's stay together, since they share
# browsers and servers. ARGS may name a file of them.
FAULTS = $(BIN)/python -m pytest $(if $(findstring tests/,$(ARGS)),,tests/faults tests/fuzz) $(ARGS) \
	-n $(FAULT_WORKERS) --dist loadfile --no-loadscope-reorder

faults: $(VENV)/.test chromium node nginx ## faults, each with FAULT_SEEDS random seeds (5), and fuzzing
	$(FAULTS)

soak: export FAULT_FIGURES := docs/faults.json
soak: export FAULT_SEEDS ?= 200
soak: $(VENV)/.test chromium node nginx ## the same with 200 seeds each, for the table of docs/guarantees.md
	$(FAULTS) -p no:randomly

fault-shots: export FAULT_SCREENSHOTS ?= fault-shots
fault-shots: $(VENV)/.test chromium nginx ## a picture of the page in the midst of each fault
	$(BIN)/python -m pytest tests/faults/test_truth.py -p no:randomly

bench: $(VENV)/.test chromium ## what the dashboard costs and how late it is, in minutes
	$(BIN)/python -m bench $(ARGS)

bench-full: $(VENV)/.test chromium ## the same with the numbers of the goals: a quarter of an hour
	$(BIN)/python -m bench --full $(ARGS)

pictures: $(VENV)/.test chromium ## the screenshots in docs/images, at three window sizes
	$(BIN)/python -m scripts.pictures

# atheris has another newest version for each Python.
constraints: ## renew constraints.txt from the newest versions that pyproject.toml allows
	$(PYTHON) -m venv --clear .venv-new
	.venv-new/bin/pip install -q --disable-pip-version-check '.[test]'
	( echo '# The exact versions that are tested. `make constraints` renews them.'; \
	  .venv-new/bin/pip freeze --exclude ryx-dash --exclude atheris ) > constraints.txt
	rm -rf .venv-new

clean: ## remove the environment and everything generated
	rm -rf $(VENV) .coverage* .coverage-data .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it with PYTHON=…" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml constraints.txt
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@ $(VENV)/.run

chromium node nginx:
	@./scripts/need $@

.PHONY: help run test lint unit js browser faults pictures bench bench-full soak fault-shots constraints clean chromium node nginx
