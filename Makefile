# Two commands matter: `make cockpit` and `make test`. Each sets up what is missing first; a second call starts at once.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
CODE   := vbot_tui automl vbot_rl vbot_sim sessions tests examples

.DEFAULT_GOAL := help
.PHONY: help cockpit test check fault fmt install lock clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "  %-14s %s\n", $$1, $$2}'

cockpit: $(STAMP)  ## set up if needed, then open the cockpit (ARGS="--workspace DIR" is passed on)
	@$(BIN)/vbot-tui $(ARGS)

test: check  ## everything that must hold: format, lint, types, import rules, tests (ARGS="-k name" is passed on)
	$(BIN)/pytest $(ARGS)

check: $(STAMP)  ## format, lint, types and import rules, without the tests
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports

fault: $(STAMP)  ## kill, fill, tear and doubt everything for real, then at random (ARGS="--seed 7 --rounds 500 CASE")
	$(BIN)/python -m tests.fault $(ARGS)

fmt: $(STAMP)  ## format the code and mend what lint can mend
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

install: $(STAMP)  ## set-up alone: an own environment in .venv, every version locked

# torch comes first and alone: asked for through another package, pip may pick a different build of it.
$(STAMP): pyproject.toml requirements.lock
	@sh tools/make_venv.sh "$(PYTHON)" $(VENV)
	$(BIN)/python -m pip install --quiet --constraint requirements.lock "$$(grep '^torch==' requirements.lock)"
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(STAMP)  ## write requirements.lock anew from the environment
	@sh tools/write_lock.sh $(BIN)/python requirements.lock

clean:  ## remove the environment and all caches
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
