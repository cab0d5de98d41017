# Everything here works from a fresh clone with only Python 3.11+, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# the measuring material for `make accuracy`; the run says so and ends where it is absent
export KINESIGHT_ACCURACY_DATA ?= $(abspath ../shared/data)

.PHONY: help demo test check serve bench accuracy docs lock fuzz kill-test clean

help:
	@echo "make demo      analyse real sample videos and say where the results are"
	@echo "make test      run the whole suite"
	@echo "make check     format, lint, types, import contracts, budgets"
	@echo "make serve     start the server on this machine"
	@echo "make bench     measure speed and memory"
	@echo "make accuracy  measure errors against motion capture and write docs/accuracy.md"
	@echo "make docs      regenerate the reference pages"

$(VENV)/run.stamp: requirements/run.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: Kinesight needs Python 3.11 or newer; call make with PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements/test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.txt
	@touch $@

demo: $(VENV)/run.stamp
	@$(BIN)/python scripts/demo.py

test: $(VENV)/test.stamp check
	@sh scripts/ensure_browser.sh
	@$(BIN)/kinesight models fetch
	$(BIN)/python -m pytest -q --numprocesses 2

check: $(VENV)/test.stamp
	$(BIN)/ruff format --check src tests scripts
	$(BIN)/ruff check src tests scripts
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/budgets.py

serve: $(VENV)/run.stamp
	@$(BIN)/kinesight models fetch
	@$(BIN)/kinesight serve

bench: $(VENV)/test.stamp
	@$(BIN)/kinesight models fetch
	@$(BIN)/python scripts/bench.py
	@$(BIN)/python scripts/bench_alarm.py
	@$(BIN)/python scripts/accuracy_alarm.py --print-only
	@$(BIN)/python scripts/bench_persons.py --repeat 2

accuracy: $(VENV)/test.stamp
	@$(BIN)/python scripts/accuracy.py && $(BIN)/python scripts/accuracy_back.py && $(BIN)/python scripts/accuracy_alarm.py

fuzz: $(VENV)/test.stamp
	@$(BIN)/python scripts/fuzz_analyses.py

kill-test: $(VENV)/test.stamp
	@$(BIN)/python scripts/kill_test.py

docs: $(VENV)/test.stamp
	@$(BIN)/python scripts/reference.py

# new versions are taken on purpose: run this, look at the difference, run the suite
lock: $(VENV)/test.stamp
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		pyproject.toml --group build --output-file requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
		pyproject.toml --group build --group test --constraint requirements/run.txt --output-file requirements/test.txt

clean:
	rm -rf $(VENV) demo-out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
