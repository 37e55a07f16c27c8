# batchgen: the two commands of a fresh clone are `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-browser prove lint format messages lock clean

demo: $(READY) ## the sample catalogue through the whole pipeline, into out/demo
	$(BIN)/batchgen demo

test: $(READY) ## every test that needs nothing but pip packages
	$(BIN)/python -m pytest -q -n auto

test-browser: $(READY) ## the tests that open pages in Chromium (Debian: apt-get install chromium)
	$(BIN)/python -m pytest -q -m browser

prove: $(READY) ## the safety proofs: random kills, start races, damaged states, fuzzed inputs
	$(BIN)/python -m pytest -q -n auto -m prove tests/prove

lint: $(READY) ## layout, linter, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: $(READY) ## bring batchgen/locale/zh_CN.po in step with the messages of the code
	$(BIN)/python -m tests.translations

lock: $(READY) ## pin every dependency again, with hashes and without index hosts
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --upgrade \
	  --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.lock

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "batchgen needs Python 3.11 or newer")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

clean:
	rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build dist
