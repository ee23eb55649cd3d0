# make quickstart   set up once, then the main job: text to table in minutes, in my-quickstart/
# make site         a study's explorer and report as a folder to publish; STUDY=my-quickstart, SITE=site
# make test         set up once, then lint, types and the fast tests
# make lint         formatting, lint, types
# make test-slow    the tests that take minutes
# make test-faults  five minutes of kill -9, failing disks, power cuts, commands side by side
# make test-browser the explorer in a real browser (Debian's chromium)
# make test-interop other libraries read what we write; in an environment of their own
# make format       put the code into its format
# make lock         write the locks again, after a change of pyproject.toml or constraints.txt
# make release      dist/: wheel and sdist, tried outside the repository, and the main study's models; MODELS=results/X: those of X
# make readme       render the answer, the README's blocks and its figure again
#
# PYTHON=python3.12         another interpreter (3.11, 3.12, 3.13)
# TORCH_INDEX=URL           where to look for torch first, such as PyTorch's index of CPU builds

PYTHON ?= python3
TORCH_INDEX ?=
STUDY ?= my-quickstart
SITE ?= site
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
LOCKS := requirements.lock requirements-dev.lock
STAMP := .make/$(shell cat pyproject.toml constraints.txt $(LOCKS) | cksum | cut -d ' ' -f 1)

export OMP_NUM_THREADS ?= 1
# Else every process of the tests compiles the package again.
unexport PYTHONDONTWRITEBYTECODE

MINUTES ?= 5
SEED ?= 0
# tests/conftest.py says in which order the files are handed out.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: quickstart site test test-slow test-faults test-browser lint format clean
.DELETE_ON_ERROR:

quickstart: $(STAMP)-run
	$(BIN)/wordrel run configs/quickstart.yaml --out my-quickstart

site: $(STAMP)-run
	test -e $(STUDY) || test $(STUDY) != my-quickstart || $(BIN)/wordrel run configs/quickstart.yaml --out $(STUDY)
	$(BIN)/wordrel site $(STUDY) --out $(SITE)

test: lint
	$(PYTEST) -m "not slow and not browser"

test-slow: $(STAMP)-dev
	$(PYTEST) -m slow $$(grep -l "mark\.slow" -r tests --include="test_*.py")

test-faults: $(STAMP)-dev
	$(BIN)/python -m benchmarks.reliability faults --minutes $(MINUTES) --seed $(SEED)

test-browser: $(STAMP)-dev
	@command -v chromium >/dev/null || { echo "found no chromium; Debian: apt-get install chromium"; exit 1; }
	$(PYTEST) -m browser tests/browser

# Not in `dev`: no run needs these libraries. docs/interop.md says which versions were tried.
.PHONY: test-interop
INTEROP := .make/interop
test-interop:
	$(MAKE) VENV=$(INTEROP) $(INTEROP)/$(notdir $(STAMP))-libraries
	status=0; $(INTEROP)/bin/python -m pytest -m interop -W default --junitxml=.make/interop.xml \
	  || status=$$?; $(INTEROP)/bin/python -m benchmarks.interop .make/interop.xml && exit $$status

$(INTEROP)/$(notdir $(STAMP))-libraries: requirements-interop.txt
	$(call install,requirements-dev.lock,.[dev])
	$(PIP) -c constraints.txt -r $<
	touch $@

lint: $(STAMP)-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(STAMP)-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .make .mypy_cache .pytest_cache .ruff_cache

# torch comes first and by itself, for its builds for CPU and for CUDA differ: so it is in no lock. The
# locks are for Linux; elsewhere constraints.txt gives the versions. A stamp stands for one content of
# these files. $(1): the lock, $(2): what the project is installed with.
define install
test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
$(PIP) -c constraints.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
$(if $(filter Linux,$(shell uname -s)),\
  $(PIP) --require-hashes --no-deps -r $(1) && $(PIP) --no-deps --no-build-isolation -e .,\
  $(PIP) -c constraints.txt -e "$(2)")
$(BIN)/python -m pip check
mkdir -p .make && touch $@
endef

$(STAMP)-run:
	$(call install,requirements.lock,.)

$(STAMP)-dev:
	$(call install,requirements-dev.lock,.[dev])
	touch $(STAMP)-run

# Both locks again, from pyproject.toml and constraints.txt. `make test` asks for the tools too; one
# lock of everything would make each user of `make quickstart` download them.
.PHONY: lock
lock:
	test -x .make/uv/bin/uv || { $(PYTHON) -m venv .make/uv && .make/uv/bin/python -m pip install \
	  --disable-pip-version-check --quiet -c constraints.txt uv; }
	echo "torch; python_version < '0'" > .make/without-torch
	echo hatchling > .make/build.in
	for lock in $(LOCKS); do .make/uv/bin/uv pip compile pyproject.toml .make/build.in --quiet \
	  $$(case $$lock in *-dev*) echo --extra dev;; esac) --override .make/without-torch \
	  --constraint constraints.txt --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --output-file $$lock || exit 1; done

# FRESH=1 tries the wheel on dependencies that are downloaded again, not on those of this environment.
.PHONY: release
release: $(STAMP)-dev
	$(BIN)/python -m benchmarks.release $(if $(MODELS),--models $(MODELS)) $(if $(FRESH),--fresh)

.PHONY: readme
readme: $(STAMP)-run
	$(BIN)/python experiments/answer.py
	$(BIN)/python experiments/paper.py
