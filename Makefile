# Aliases for those who have make; everything works without it through `python3 -m casemgr`.
.DEFAULT_GOAL := help
.PHONY: help run setup test attack chance check format requirements fonts clean

PY := .venv/bin/python

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## set up and start the app on http://127.0.0.1:8000
	@python3 -m casemgr run

setup: ## set up .venv only
	@python3 -m casemgr setup

test: ## set up and run every test
	@python3 -m casemgr test

attack: ## the long attacks, which no ordinary run of the tests collects (about fifteen minutes)
	$(PY) -m pytest -q -m attack tests/security tests/pages tests/store tests/api

chance: ## every property test on examples drawn anew (an ordinary run draws the same ones each time)
	$(PY) -m pytest -q -m "hypothesis and not attack" --hypothesis-profile=chance tests

check: ## ruff and strict types, no tests
	$(PY) -m ruff check .
	$(PY) -m mypy

format: ## mend import order and layout
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

requirements: ## resolve requirements*.in again (needs uv); pins move only where the .in files say so
	UV_CUSTOM_COMPILE_COMMAND="make requirements" uv pip compile -q --universal --python-version 3.11 \
		--only-binary :all: --no-annotate requirements.in -o requirements.txt
	UV_CUSTOM_COMPILE_COMMAND="make requirements" uv pip compile -q --universal --python-version 3.11 \
		--only-binary :all: --no-annotate requirements-test.in -o requirements-test.txt
	UV_CUSTOM_COMPILE_COMMAND="make requirements" uv pip compile -q --universal --python-version 3.11 \
		--only-binary :all: --no-annotate --generate-hashes -c requirements.txt requirements.in -o requirements.lock

fonts: ## cut the print fonts again (needs Debian's fonts-noto-cjk)
	$(PY) static/fonts/build.py

clean: ## remove caches; keeps .venv and instance
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find casemgr tests migrations -name __pycache__ -type d -prune -exec rm -rf {} +
