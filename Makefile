# What one may ask of this repository. `make` alone prints this list.
# Needs Python 3.11 or newer, make and git; everything else comes into .venv.

SHELL := /bin/sh
BIN := .venv/bin
PACKS := $(patsubst %/pack.xlsx,%,$(wildcard packs/*/pack.xlsx))

.DEFAULT_GOAL := help
.PHONY: help setup run test check fix translations bench-river bench-field kill-200 agree-2000 kill-field-200

help: ## Print this list
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 22

setup: .venv/.ready ## Make the environment in .venv, with `khula` in it

.venv/.ready: pyproject.toml uv.lock
	@python=""; for each in "$$KHULA_PYTHON" python3.13 python3.12 python3.11 python3; do \
	  if [ -n "$$each" ] && "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python="$$each"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Khula needs Python 3.11 or newer; found: $$(python3 --version 2>&1)."; \
	  echo "Install it (Debian 12: apt-get install python3 python3-venv), or name it: make setup KHULA_PYTHON=/path/to/python3.12"; exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ]; then \
	  echo "Making .venv with $$("$$python" --version)"; \
	  "$$python" -m venv .venv || { rm -rf .venv; \
	    echo "Python could not make an environment. On Debian: apt-get install python3-venv, then make setup again."; exit 1; }; \
	fi
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(BIN)/python -m uv sync --quiet --frozen --all-extras --python $(BIN)/python
	@touch .venv/.ready
	@echo "Ready: .venv/bin/khula is the command; make run shows Khula with invented children."

run: setup ## Serve a demonstration with invented children, and print where and as whom to sign in
	@$(BIN)/khula serve --demo $(if $(PORT),--port $(PORT))

test: setup ## Run every test; says first and last what is missing on this machine
	@$(BIN)/python tests/run.py

check: setup ## Format, lint, types, layers, migrations, translations, documents, packs; changes nothing
	@$(BIN)/python .ci/check.py $(PACKS)

fix: setup ## Format, write the documents' tables anew, and mend what can be mended without thinking
	@$(BIN)/ruff check --fix-only --quiet
	@$(BIN)/ruff format
	@$(BIN)/python docs/facts.py --write

translations: setup ## Collect every sentence of the server for the translators; says which still wait for one
	@$(BIN)/python tests/server/catalogue.py

bench-river: setup ## Measure the way of an answer: lines `figure NAME VALUE UNIT`
	@$(BIN)/python bench/bench_river.py

bench-field: setup ## Measure the field app beside ODK Web Forms: lines `figure NAME VALUE UNIT`
	@$(BIN)/python bench/bench_field.py

kill-200: setup ## Kill the server at 200 random moments while it receives; nothing acknowledged may be lost
	@$(BIN)/python -m tests.clients.kill --kills 200

agree-2000: setup ## Compare the field app's forms with ODK Collect's engine on 2,000 generated forms and ways through them
	@$(BIN)/python -m tests.clients.agreement --pairs 2000

kill-field-200: setup ## Kill browser and server at 200 random moments of a field day; nothing shown as saved may be lost
	@$(BIN)/python -m tests.field.kill --kills 200
