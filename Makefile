# batchgen: the two commands of a fresh clone are `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-browser prove coverage soak bench lint format messages lock clean

demo: $(READY) ## the sample catalogue through the whole pipeline, into out/demo
	$(BIN)/batchgen demo

test: $(READY) ## every test that needs nothing but pip packages
	$(BIN)/python -m pytest -q -n auto

test-browser: $(READY) ## the tests that open pages in Chromium (Debian: apt-get install chromium)
	$(BIN)/python -m pytest -q -m browser

prove: $(READY) ## the safety proofs: kills, crash points, simulated disasters, planted bugs (strace helps)
	$(BIN)/python -m pytest -q -n auto -m prove tests/prove

coverage: $(READY) ## every branch of the money core, by the tests beside it
	$(BIN)/coverage run -m pytest -q -p no:cacheprovider tests/test_clip.py tests/state tests/run \
	  tests/provider tests/plan/test_plan_lock.py
	$(BIN)/coverage report

SOAK_FIGURES := out/soak.jsonl
SOAK_FILES := 100000
soak: $(READY) ## the long proofs: 2,000 kills, 50,000 simulated disasters, 100,000 damaged catalogues; hours
	mkdir -p out && rm -f $(SOAK_FIGURES)
	BATCHGEN_PROVE_KILLS=2000 BATCHGEN_PROVE_SEEDS=50000 BATCHGEN_PROVE_FIGURES=$(abspath $(SOAK_FIGURES)) \
	  $(BIN)/python -m pytest -q -n auto -m prove tests/prove/test_kills.py tests/prove/test_simulation.py
	$(BIN)/python -m tests.prove.figures $(SOAK_FIGURES)
	BATCHGEN_FUZZ_FILES=$(SOAK_FILES) $(BIN)/python -m pytest -q -n auto \
	  tests/catalogue/test_fuzz_catalogues.py tests/catalogue/test_fuzz_structured.py \
	  tests/catalogue/test_fuzz_workbooks.py

bench: $(READY) ## how fast it is: prints figures, asserts nothing
	$(BIN)/python -m tests.bench

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
