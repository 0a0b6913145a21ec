PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

# A goal over a folder of documents; the default needs recall, arithmetic and a file.
export GOAL ?= How much does the journal grow per step, and how much is that for a task of 500 steps? Write the answer to sizing.md.
export DOCS ?= docs

.PHONY: install run serve test lint bench conformance lock

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: install
	@$(BIN)/journeyman run --docs "$$DOCS" "$$GOAL"

serve: install
	@$(BIN)/journeyman serve

test: install
	@$(BIN)/python -m pytest

lint: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# By hand, on a quiet machine: figures are ratios to plain loops run in the same sitting.
bench: install
	@for bench in benchmarks/*.py; do echo "== $$bench"; $(BIN)/python -P "$$bench"; done

# Kills processes at every named point, over every store and broker: a quarter of an hour. Needs Postgres, Redis and RabbitMQ.
conformance: export JOURNEYMAN_TEST_POSTGRES_URL ?= postgresql://postgres@127.0.0.1:5432/postgres
conformance: export JOURNEYMAN_TEST_REDIS_URL ?= redis://127.0.0.1:6379/13
conformance: export JOURNEYMAN_TEST_RABBITMQ_URL ?= amqp://guest:guest@127.0.0.1:5672//

conformance: install
	@$(BIN)/journeyman selfcheck --full --database sqlite:///any.db --database "$$JOURNEYMAN_TEST_POSTGRES_URL" \
		--broker memory:// --broker "$$JOURNEYMAN_TEST_REDIS_URL" --broker "$$JOURNEYMAN_TEST_RABBITMQ_URL" $(ARGS)
	@JOURNEYMAN_SLOW=1 $(BIN)/python -m pytest tests/conformance --deselect tests/conformance/test_crashes.py

# Needs uv. Hashes of every platform's wheels, no addresses.
lock:
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
		--extra dev -o requirements.lock pyproject.toml
