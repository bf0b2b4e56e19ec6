# The two commands: `make run` (ARGS="photo.jpg" passes photos) and `make test`. Both set up first.
# `make setup` alone sets up and stops there.

VENV := .venv
PY := $(VENV)/bin/python
SHARDS ?= auto

.PHONY: run test package setup check lint types imports tests bench clean

run: setup
	@$(PY) -m mobilenet_gui $(ARGS)

test: setup check tests

setup:
	@sh packaging/setup.sh

check: lint types imports

lint:
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types:
	$(PY) -m mypy

imports:
	$(VENV)/bin/lint-imports

tests:
	$(PY) -m pytest -n $(SHARDS) --dist loadgroup $(ARGS)

# Installers for this system, in dist/ (ARGS="--formats deb" makes one only).
package:
	@sh packaging/setup.sh
	@$(PY) packaging/build.py $(ARGS)

bench: setup
	$(PY) -m benchmarks

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
