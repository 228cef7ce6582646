# `make help` lists what there is. Everything happens in .venv and var/; nothing outside this folder changes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# A CPU-only torch saves gigabytes:  make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
# Another package index for everything else:  make demo PIP_INDEX=https://…
PIP_INDEX ?=
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(if $(PIP_INDEX),--index-url $(PIP_INDEX))

# The versions of deploy/lock.txt, by digest; with NEWEST=1 the newest that both pyproject.toml allow.
NEWEST ?=

DEMO_EXTRAS := worker,embedded
COMMA := ,
# The tests on real photographs need the encoder's wheels, and only where the photographs lie beside the checkout.
TEST_EXTRAS := $(DEMO_EXTRAS),dev,docs$(if $(wildcard ../shared/realdata/README.md),$(COMMA)realdata)
CHECKED := annotations clarify_site deploy modeling tests worker manage.py

# glibc returns freed memory at once and faults it in again for the next batch of images: keep it instead.
export MALLOC_MMAP_THRESHOLD_ := 1073741824
export MALLOC_TRIM_THRESHOLD_ := 4294967296
export MALLOC_TOP_PAD_ := 67108864

# A run of the tests starts a hundred processes, and each would compile the site's code anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-changed test-browser test-services lint format messages docs bench bench-gpu bench-scale chaos load lock audit clean venv browser

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: ONCE=1, RESET=1 and POOL=20000 (demo), PORT=8000 (demo), PYTHON=python3.12, TORCH_INDEX=…, PIP_INDEX=…, NEWEST=1, UPGRADE=1 (lock), ARGS=… (test, test-changed, test-browser, test-services, chaos, load, bench, bench-scale) and COVERAGE=1 (test)"

demo: $(VENV)/demo.stamp ## Run the whole job on this machine and leave the site running (ONCE=1: stop it; RESET=1: begin anew; POOL=20000: more drawings to gather from)
	@$(BIN)/python -m deploy.local.demo $(if $(ONCE),--once) $(if $(RESET),--reset) $(if $(POOL),--pool $(POOL))

# Tests wait for browsers, workers and clocks as long as they compute: three processes for two cores.
PROCESSES := $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))

# With COVERAGE=1 it is that of the whole suite, in all and in each package. Python 3.11 then traces every line that runs,
# Django's too, and the suite takes half as long again; from 3.12 on it takes hardly longer.
test: $(VENV)/test.stamp $(if $(ARGS),browser) ## Run the test suite (ARGS="…" goes to pytest, for any part of it; COVERAGE=1 measures coverage)
	@$(BIN)/python -m pytest --durations=10 $(or $(ARGS),-m "not browser and not services" -n $(PROCESSES) --dist worksteal) \
		$(if $(COVERAGE),--cov --cov-report=term)
ifdef COVERAGE
	@for package in modeling annotations worker; do \
		$(BIN)/python -m coverage report --include="$$package/*" --fail-under=90 > /dev/null || \
			{ echo "The tests reach less than 90 % of the lines of $$package."; exit 1; }; done
endif

test-changed: $(VENV)/test.stamp ## Run the tests of the rooms that changed since main, and of those after them
	@tests=$$($(BIN)/python -m tests.support.changed_rooms) || exit 1; \
	if [ -z "$$tests" ]; then echo "Nothing has changed since main that has tests."; \
	else $(BIN)/python -m pytest --durations=10 -m "not browser and not services" -n $(PROCESSES) --dist worksteal $(ARGS) $$tests; fi

test-browser: $(VENV)/test.stamp browser ## Run the tests that need a browser
	@$(BIN)/python -m pytest --durations=10 -m "browser and not services" -n $(PROCESSES) --dist worksteal $(ARGS)

test-services: $(VENV)/test.stamp ## Run the tests that take long or need further servers
	@$(BIN)/python -m pytest -m services $(ARGS)

# What the settings must have, for a check that talks to no server.
lint: export SECRET_KEY = only-for-lint-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJ
lint: export IDENTITY_KEYS = only-for-lint-abcdefghijklmnopqrstuvwxyz-0123456789-KLMNOPQRST
lint: export ALLOWED_HOSTS = example.org
lint: export DATABASE_URL = postgresql://lint@localhost:1/lint
lint: export REDIS_URL = redis://localhost:1/0
lint: $(VENV)/test.stamp ## Check style, types and the deployment settings
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/mypy $(CHECKED)
	$(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(VENV)/test.stamp ## Format the code
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

messages: $(VENV)/test.stamp ## Collect the participants' texts for translation, and compile the translations
	@$(BIN)/python -m tests.support.messages

docs: $(VENV)/test.stamp ## Build the site of the docs into build/site; a link that leads nowhere is an error
	@$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --jobs auto docs build/site

bench: $(VENV)/test.stamp browser ## Measure against named baselines and write docs/engineers/benchmarks.md (ARGS="…": print a part of it)
	@$(BIN)/python -m tests.benchmarks.make_bench $(ARGS)

bench-gpu: $(VENV)/test.stamp ## Measure a GPU against the processor of its machine, and print the tables
	@$(BIN)/python -m tests.benchmarks.make_bench tests/gpu/test_gpu_speed.py

bench-scale: $(VENV)/test.stamp ## From embeddings of ImageNet's size to the report, in 8 GiB (ARGS="--share 0.02"; --docs: into docs/operators/scale.md)
	@$(BIN)/python -m tests.scale.bench_scale $(ARGS)

chaos: $(VENV)/demo.stamp ## Make faults happen to a site that people use, and check that nothing got lost (ARGS="--faults 20 --seed 1")
	@$(BIN)/python -m tests.chaos.make_chaos $(ARGS)

load: $(VENV)/test.stamp ## Send more and more people, and measure what one costs (ARGS="--people 50,100 --seconds 60")
	@$(BIN)/python -m tests.load.make_load $(ARGS)

# The environment can follow a pyproject.toml only once the lock does, so this needs no more of it than Python.
lock: $(VENV)/bin/python ## Write deploy/lock.txt from both pyproject.toml (UPGRADE=1: with the newest versions)
	@PIP_INDEX=$(PIP_INDEX) $(BIN)/python -m deploy.lock tools uv
	@$(BIN)/python -m deploy.lock $(if $(UPGRADE),upgrade,write)

audit: $(VENV)/test.stamp ## Look for known holes and unfit licences in what the lock names, and list it (build/sbom.json)
	@$(BIN)/python -m tests.support.lock_audit

clean: ## Remove .venv, caches and all data of the demo
	rm -rf $(VENV) var build *.egg-info modeling/*.egg-info modeling/build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.*

browser: $(VENV)/test.stamp
	@$(BIN)/python -m tests.support.installed_browser

venv: $(VENV)/demo.stamp ## Make .venv with all that the demo needs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
		"Clarify needs Python 3.11 or newer, and $(PYTHON) is not: install one, or name it with PYTHON=python3.12."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo \
		"$(PYTHON) has no venv module: install it (on Debian and Ubuntu: apt-get install python3-venv)."; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

# One stamp a set of extras; a change of a pyproject.toml or the lock installs again.
$(VENV)/demo.stamp: EXTRAS = $(DEMO_EXTRAS)
$(VENV)/test.stamp: EXTRAS = $(TEST_EXTRAS)
$(VENV)/demo.stamp $(VENV)/test.stamp: $(VENV)/bin/python pyproject.toml modeling/pyproject.toml deploy/lock.txt
	@echo "Installing $(EXTRAS) into $(VENV); the first time takes minutes …"
ifdef NEWEST
	@$(if $(TORCH_INDEX),$(PIP) --index-url $(TORCH_INDEX) torch torchvision)
	@$(PIP) --editable modeling --editable '.[$(EXTRAS)]'
else
	@PIP_INDEX=$(PIP_INDEX) TORCH_INDEX=$(TORCH_INDEX) $(BIN)/python -m deploy.lock install $(EXTRAS)
endif
	@touch $@
