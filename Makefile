PYTHON ?= python3.11
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: setup demo test test-slow lint reference docs

# Only .venv: the tested versions, and this package from its sources.
setup: $(STAMP)

$(STAMP): requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps \
	    playground==0.2.0 mediapy==1.2.7 -e .
	touch $@

# A robot on its back, the language model's answers, reward code, recovery, report.
demo: setup
	$(BIN)/lamour demo

test: setup lint
	$(BIN)/pytest -n auto --dist loadfile -q

# NVIDIA Warp beside the rest: without it, its tests are skipped.
test-slow: setup
	$(BIN)/pip install --quiet --disable-pip-version-check warp-lang==1.19.0
	$(BIN)/pytest -n auto --dist worksteal -q -m slow

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What the pages say of the code: commands, settings, the repository's address.
reference: setup
	JAX_PLATFORMS=cpu $(BIN)/python docs/generate_reference.py

# The site, in site/.
docs: reference
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[docs]'
	$(BIN)/mkdocs build --strict --quiet
