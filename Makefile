# wholenation: `make` alone lists the targets. `make demo` and `make test` install what they need into .venv.
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
REPORT := build/report.html
PORT ?= 8000

EXAMPLE := examples/semiconductors
QUESTION := --home CHN --controllers USA,JPN,NLD

.PHONY: help setup demo test lint docs bench bench-smoke simulate serve lock clean browser postgres

help: ## list the targets
	@echo "wholenation: where a nation's technology can be stopped, and what to fund against it"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

setup: $(STAMP) ## install the pinned packages into .venv (done once)

$(STAMP): requirements.lock pyproject.toml
	@sh tools/ensure.sh venv "$(PYTHON)" $(VENV)
	@echo "Installing the pinned packages into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo "Compiling the loops, once ..."
	@$(BIN)/python tools/compile.py
	@touch $@

demo: setup ## measure the semiconductor chain and write the report
	$(BIN)/wholenation measure $(EXAMPLE) $(QUESTION) --top 10
	$(BIN)/wholenation report $(EXAMPLE) $(QUESTION) --to $(REPORT)
	@echo "Open it in a browser, or run: make serve"

test: setup browser postgres ## run the tests (with CI=true also lint, docs and the benchmarks' smoke run)
ifeq ($(CI),true)
	@$(MAKE) lint docs bench-smoke
endif
	$(BIN)/python -m pytest

lint: setup ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: setup ## build the documentation into site/
	$(BIN)/mkdocs build --strict --quiet
	@echo "The documentation lies in site/index.html."

bench: setup ## run the benchmarks in full and print medians and ratios
	$(BIN)/python -m benchmarks

bench-smoke: setup ## run every benchmark once, small, without timing claims
	$(BIN)/python -m benchmarks --smoke

RUNS ?= 10000
simulate: setup ## crash the ledger 10,000 times, and see that nothing is lost (fewer: make simulate RUNS=500)
	$(BIN)/python tools/simulate.py --runs $(RUNS)

serve: setup ## show the report on 127.0.0.1:8000 (another port: make serve PORT=8080)
	@test -f $(REPORT) || $(MAKE) demo
	@echo "Open http://127.0.0.1:$(PORT)/report.html in a browser; stop with Ctrl-C."
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory build

lock: ## pin the packages again, after a change in pyproject.toml (needs uv)
	@sh tools/lock.sh

clean: ## remove what was built (.venv stays)
	rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} +

browser:
	@sh tools/ensure.sh browser

postgres:
	@sh tools/ensure.sh postgres
