SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
# How many searches run side by side; each takes one core, unless runtime.n_jobs says otherwise.
SEARCHES ?= $(shell getconf _NPROCESSORS_ONLN)

export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: repro test cross-cpu bench report pr-comment clean

# Every stage from scratch, whatever DVC holds to be up to date.
repro: .venv/repro
	dvc repro --force --single-item fetch
	dvc stage list --name-only | grep '^search@' | \
	  xargs -P $(SEARCHES) -n 1 dvc --wait-for-lock repro --force --single-item 2>&1 | cat
	dvc repro --force --single-item best_params
	dvc repro --force --single-item evaluate
	dvc repro --force --single-item charts
	@if [ -z "$$(git status --porcelain --untracked-files=all -- metrics models)" ]; \
	then echo "Every metric and the model are byte-identical to the committed ones."; \
	else echo "Not byte-identical to what is committed:"; git status --short -- metrics models; fi

test: .venv/test
	ruff check .
	ruff format --check .
	mypy
	pytest --numprocesses auto --dist worksteal

# The same small search here and on two emulated CPUs; needs qemu-x86_64 (Debian's qemu-user).
cross-cpu: .venv/repro
	python -m tests.cross_cpu

# Both engines side by side; about a quarter of an hour on two cores.
bench: .venv/repro
	python -m tests.bench

# Everything on one page, report.html; AGAINST=REVISION adds what changed since.
report: .venv/repro
	@python -m stages.report $${AGAINST:+"$$AGAINST"}

# What HEAD changes, as Markdown; fails where a fresh run gives other metrics than the committed ones.
pr-comment: .venv/repro
	@python -m stages.pr_comment $${AGAINST:+"$$AGAINST"}

clean:
	rm -rf .venv report.html dvc_plots .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, $(PYTHON) is older; name another: make PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	touch $@

.venv/repro: requirements.txt | .venv/python
	pip install --quiet --requirement requirements.txt
	touch $@

.venv/test: requirements-dev.txt requirements.txt | .venv/python
	pip install --quiet --requirement requirements-dev.txt
	touch $@ .venv/repro
