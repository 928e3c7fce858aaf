# make start      install once, run the first kata, say what to do next
# make test       the project's own tests
# make verify     prove every kata sound (CI's long half)
# make help       the rest
.DEFAULT_GOAL := help
.PHONY: help start setup test verify lint format vsix test-editors clean distclean

PYTHON ?=
EXTRAS ?=
KATA ?= attention
JOBS ?= 2
ARGS ?=
CHROMIUM ?= /usr/bin/chromium
VENV := .venv/bin
EXTENSION := .vscode/extensions/kata
SETUP := PYTHON="$(PYTHON)" sh .ci/setup.sh

help:
	@echo "make start            install once, run a kata (KATA=$(KATA)), say what to do next"
	@echo "make setup            install only; EXTRAS=gpu,triton,compiler,cluster,tutor,dev for more"
	@echo "make test             the project's own tests (ARGS='-k sandbox', JOBS=$(JOBS))"
	@echo "make verify           prove every kata sound: references, misconceptions, mutants"
	@echo "make lint, format     ruff and mypy; put the source into shape"
	@echo "make vsix             compile and pack the extension for VS Code (needs npm)"
	@echo "make test-editors     solve a kata in the real VS Code (needs npm and Chromium)"
	@echo "make clean            remove caches and build leftovers; distclean removes .venv too"

start:
	@$(SETUP) start --kata "$(KATA)"

setup:
	@$(SETUP) setup --extras "$(EXTRAS)"

test:
	@$(SETUP) setup --extras "dev,$(EXTRAS)"
	@$(VENV)/python -m pytest -n $(JOBS) --durations 10 $(ARGS)

verify:
	@$(SETUP) setup --extras "dev,$(EXTRAS)"
	@$(VENV)/kata verify --all --mutants

lint:
	@$(SETUP) setup --extras "dev,$(EXTRAS)"
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy

format:
	@$(SETUP) setup --extras "dev,$(EXTRAS)"
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

vsix:
	@cd $(EXTENSION) && npm install --silent && npm run --silent build && npm run --silent package

# code-server is VS Code served to a browser; it needs its own Node, and some minutes to install.
test-editors:
	@mkdir -p .kata/editors && cd .kata/editors && npm init -y >/dev/null && \
	    npm install --silent node@24 playwright-core && \
	    PATH="$$PWD/node_modules/node/bin:$$PATH" \
	    npm install --silent --unsafe-perm code-server@4.139.1
	@cp $(EXTENSION)/test/editor/run.mjs .kata/editors/ && cd .kata/editors && \
	    PATH="$$PWD/node_modules/node/bin:$$PATH" node run.mjs "$(CURDIR)" \
	    node_modules/.bin/code-server "$(CHROMIUM)" "$(CURDIR)/.kata/editors/screenshots"

clean:
	@rm -rf build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean
	@rm -rf .venv
