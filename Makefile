SHELL := bash
# Version 3.81 of make, that of macOS, does not read it.
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
# Number of stages to run in parallel; without it, that of the processors. Each uses one core unless runtime.n_jobs says
# otherwise.
SEARCHES ?=

export PATH := $(CURDIR)/.venv/bin:$(PATH)

.DEFAULT_GOAL := help
# What the engine's kernel is made of. Environments build it, and again when one of these has changed.
KERNEL := $(wildcard $(addprefix packages/lockstep/src/lockstep/kernel/,build.py kernel.c library.py))
PACKAGES := $(wildcard packages/*/pyproject.toml)
# Before pip, which says nothing until it is done.
SAY_HOW_LONG = @echo "Installing packages into $(@D): the first time, this takes minutes, and 1.5 GB or more of disk."
# The address that the metadata of wheels link to: make wheels REPOSITORY=https://HOST/OWNER/NAME
REPOSITORY ?=

# Builds wheels of the packages $(3), installs them into the environment $(1) under the constraints $(2), and runs their tests.
define test_installed
$(1)/bin/pip install --quiet --constraint $(2) pytest-xdist $(foreach each,$(3),./packages/$(each) --group packages/$(each)/pyproject.toml:test)
for name in $(3); do $(1)/bin/python packages/test_installed.py $$name --numprocesses auto --dist worksteal || exit; done
endef

# The targets that `make help` lists; none is a file.
TARGETS := $(shell sed -n 's/^\([a-z-]*\): .*\#\# .*/\1/p' $(firstword $(MAKEFILE_LIST)))
# A folder is up to date for make: without these, `make tests` would do nothing, and look like a success.
FOLDERS := $(shell ls -d */ | grep -x '[A-Za-z0-9._-]*/')
NO_TARGETS := $(filter-out $(TARGETS),$(FOLDERS:/=)) $(FOLDERS)
.PHONY: $(TARGETS) $(NO_TARGETS)

help: ## Print this list
	@awk -F ': .*## ' '/^[a-z-]+: .*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

check: .venv/repro ## Find all mistakes before anything runs, and say what each search will take
	@gridstage check

# With --quiet, the exit status of `dvc status` says whether anything is stale. With the name of the file, the command
# fails where git ignores that file.
status: .venv/repro ## Say whether the results are those of the files that are here; runs nothing
	@dvc status --quiet dvc.yaml || { dvc status dvc.yaml; \
	  echo "dvc.lock does not fit the files. Run \`dvc repro\`, and commit dvc.lock, metrics and models." >&2; \
	  echo "If a table is missing that DVC tracks, run \`dvc pull\` first." >&2; exit 1; }
	@echo "dvc.lock fits the files."

repro: .venv/repro ## Run every stage from scratch, and compare the results with the committed ones
	gridstage check
	set -o pipefail; gridstage rerun $(SEARCHES) 2>&1 | cat
	@gridstage reproduced

test: .venv/test ## Lint, check types and imports, run the tests
	ruff check .
	ruff format --check .
	mypy
	lint-imports --no-cache --no-logo
	zizmor --offline --quiet .github
	pytest --numprocesses auto --dist worksteal

test-all: .venv/test ## Run all tests, the long ones too, with thousands of generated nets; takes one to two hours
	pytest --numprocesses auto --dist worksteal --hypothesis-profile many

test-oldest: .venv-oldest/python ## Run the tests of lockstep and resampled from wheels, with the oldest versions that the engine takes
	{ cat requirements-oldest.txt; \
	  grep -vf <(sed -n 's/^\([a-z-]*==\).*/^\1/p' requirements-oldest.txt) constraints.txt; } > .venv-oldest/constraints.txt
	$(call test_installed,.venv-oldest,.venv-oldest/constraints.txt,lockstep resampled)

test-wheels: .venv-wheels/python ## Run the tests of all three packages from wheels, as a user installs them
	$(call test_installed,.venv-wheels,constraints.txt,lockstep resampled gridstage)

cross-cpu: .venv/test $(if $(ARM),.venv-arm64/made) ## Run the pipeline as on older processors, and in small on two emulated ones; ARM=yes adds arm64; needs qemu-user
	python -m benchmarks.cross_cpu $(if $(ARM),--arm64)

bench-joint: .venv/bench ## Compare the joint search with Optuna; takes about 2 minutes
	python -m benchmarks.engine.joint

bench: .venv/repro ## Benchmark both engines; takes about 12 minutes
	python -m benchmarks.engine
	python -m benchmarks.engine.against_plain

simulate: .venv/test ## Check the statistics where the truth is known, and write docs/simulations.csv; takes about three hours on two cores
	python -m benchmarks.simulate

torture: .venv/repro ## Kill a whole run at twenty random moments, and repair it; takes about 45 minutes on two cores
	python -m benchmarks.torture

wheels: .venv/python ## Write the packages' wheels, for Linux, macOS and Windows, and their sources into dist/, as HEAD has them; downloads zig's compiler
	PYTHON=.venv/bin/python packages/build.sh $(REPOSITORY)

site: .venv/site ## Build the site of the documentation, which needs no network, into site/; fails at a warning
	rm -rf site
	sphinx-build --quiet --fail-on-warning --keep-going --fresh-env --doctree-dir .venv/doctrees --conf-dir docs . site
	@echo "Open site/index.html."

constraints: .venv/python ## Renew constraints.txt, the version of every package that is installed
	python -m packages.gridstage.tests.constraints

clean: ## Remove the environment, the report, the site and all caches
	rm -rf .venv .venv-arm64 .venv-oldest .venv-wheels report.html dvc_plots site .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(NO_TARGETS):
	@echo 'error: $@ is a folder, not a target. $(strip $(foreach each,$(TARGETS),$(if $(findstring $(each),$@),Did \
	  you mean `make $(each)`?)) `make help` lists the targets.)' >&2; exit 1

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, but $(PYTHON) is older. Name another one: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	touch $@

.venv/repro: requirements.txt constraints.txt $(PACKAGES) $(KERNEL) | .venv/python
	$(SAY_HOW_LONG)
	pip install --quiet --constraint constraints.txt --requirement requirements.txt
	python -m lockstep.kernel.build
	touch $@

.venv/test: requirements-dev.txt requirements.txt constraints.txt $(PACKAGES) $(KERNEL) | .venv/python
	$(SAY_HOW_LONG)
	pip install --quiet --constraint constraints.txt --requirement requirements-dev.txt
	python -m lockstep.kernel.build
	touch $@ .venv/repro .venv/site

.venv/site: requirements-site.txt requirements.txt constraints.txt $(PACKAGES) $(KERNEL) | .venv/python
	$(SAY_HOW_LONG)
	pip install --quiet --constraint constraints.txt --requirement requirements-site.txt
	python -m lockstep.kernel.build
	touch $@ .venv/repro

.venv/bench: requirements-bench.txt requirements.txt constraints.txt $(PACKAGES) $(KERNEL) | .venv/python
	$(SAY_HOW_LONG)
	pip install --quiet --constraint constraints.txt --requirement requirements-bench.txt
	python -m lockstep.kernel.build
	touch $@ .venv/repro

# Python and the packages with compiled code for an emulated arm64: a download of 520 MB.
.venv-arm64/made: constraints.txt benchmarks/cross_cpu/arm64.py | .venv/test
	python -m benchmarks.cross_cpu.arm64
	touch $@

define new_environment
$(SAY_HOW_LONG)
$(PYTHON) -m venv $(@D)
$(@D)/bin/pip install --quiet --upgrade pip  # the newest one knows dependency groups
touch $@
endef

.venv-wheels/python:
	$(new_environment)

# The oldest versions have builds for few versions of Python.
.venv-oldest/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "The oldest versions are tried with Python 3.11: make test-oldest PYTHON=python3.11" >&2; exit 1; }
	$(new_environment)
