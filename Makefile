# make quickstart   set up once, then the main job: text to table in minutes, in my-quickstart/
# make test         set up once, then lint, types and the fast tests
# make lint         formatting, lint, types
# make test-slow    the tests that take minutes
# make test-browser the explorer in a real browser (Debian's chromium)
# make format       put the code into its format
# make readme       render the answer and the README's blocks again from the stored results
#
# PYTHON=python3.12         another interpreter (3.11, 3.12, 3.13)
# TORCH_INDEX=URL           where to look for torch first, such as PyTorch's index of CPU builds

PYTHON ?= python3
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints.txt
STAMP := .make/$(shell cat pyproject.toml constraints.txt | cksum | cut -d ' ' -f 1)

export OMP_NUM_THREADS ?= 1

.PHONY: quickstart test test-slow test-browser lint format clean
.DELETE_ON_ERROR:

quickstart: $(STAMP)-run
	$(BIN)/wordrel run configs/quickstart.yaml --out my-quickstart

test: lint
	$(BIN)/python -m pytest -m "not slow and not browser" -n 2 --dist loadfile

test-slow: $(STAMP)-dev
	$(BIN)/python -m pytest -m slow

test-browser: $(STAMP)-dev
	@command -v chromium >/dev/null || { echo "found no chromium; Debian: apt-get install chromium"; exit 1; }
	$(BIN)/python -m pytest -m browser

lint: $(STAMP)-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(STAMP)-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .make .mypy_cache .pytest_cache .ruff_cache

# torch comes first and by itself: asked for by another package, pip takes its newest build with
# gigabytes of CUDA. A stamp stands for one content of pyproject.toml and constraints.txt.
$(STAMP)-run:
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	$(PIP) -e .
	mkdir -p .make && touch $@

$(STAMP)-dev: $(STAMP)-run
	$(PIP) -e ".[dev]"
	touch $@

.PHONY: readme
readme: $(STAMP)-run
	$(BIN)/python -c "from pathlib import Path; from wordrel.report.readme import refresh_readme; \
	  refresh_readme(Path('README.md'), Path('results'))"
	$(BIN)/python experiments/answer.py
