# A fresh machine needs Python 3.11 with venv, and make; the rest is set up below.
.DEFAULT_GOAL := help
.PHONY: help demo up setup test test-long check bench screenshots faults upgrade-test audit sbom attacks einvoice-report apps apps-n8n env static-assets catalogs fmt docs site lock static
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
# Where it is set, each of the hundred processes of a test run would compile all of the code again.
unexport PYTHONDONTWRITEBYTECODE

help: ## Show this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

demo: setup ## Run the main job on real messages, embedded, and show each step
	@exec $(BIN)/ledgerwire demo

up: setup ## Keep everything running until Ctrl-C; the data survive
	@exec $(BIN)/ledgerwire up

env: ## Write .env with fresh secrets for docker-compose.yml; one that is there stays
	@$(or $(PYTHON),python3) deploy/make_env.py

setup: ## Make .venv with everything in it; does nothing when it is there
	@.ci/setup

# A file runs in one worker. Three share two cores, as each waits a third of its time; with four, tests that wait with a deadline failed.
test: static ## Lint, types, architecture and all tests but the long ones, on a real Postgres and RabbitMQ
	@$(BIN)/python -m tests.support.servers
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not long"

test-long: setup ## The long tests: stories in a browser and over RabbitMQ, programs, killed servers, a fault run
	@$(BIN)/python -m tests.support.servers
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder -m long

check: static ## Lint, types, architecture and the quick unit tests only
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow" tests/architecture tests/unit

screenshots: setup ## Picture every page of the console, light, dark and as on a phone, and those of the user guide
	@exec $(BIN)/python -m tests.screenshots

bench: setup ## Measure it beside the raw limits of this machine
	@exec $(BIN)/python -m tests.bench

faults: setup ## Kill and cut everything by a seeded plan, and count what was lost
	@exec $(BIN)/python -m tests.faults

upgrade-test: setup ## Upgrade under load from an earlier revision (REV=), one replica at a time
	@exec $(BIN)/python -m tests.upgrade $(if $(REV),--rev $(REV))

attacks: setup ## Send hostile input and show memory and what other accounts notice
	@exec $(BIN)/python -m tests.attacks

einvoice-report: setup ## Compare our reading of the e-invoices in DIR with an independent one
	@$(BIN)/python -m tests.einvoice_report $(or $(DIR),$(error name the folder: DIR=...))

audit: setup ## Look up every pinned version in the index's database of vulnerabilities
	@$(BIN)/uv tool run --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes -r requirements/standalone.txt

sbom: setup ## Write sbom/*.json (CycloneDX), one for each service, from the locks
	@mkdir -p sbom
	@for service in ingress ledger trigger-dispatcher action-executor console standalone; do \
	  $(BIN)/uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements requirements/$$service.txt \
	    --output-format JSON --output-file sbom/$$service.json || exit 1; echo "sbom/$$service.json"; \
	done

fmt: setup ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: setup ## Write again what is made from the code
	$(BIN)/python docs/generate.py

site: setup ## Build the documentation as a site in build/site; a link that leads nowhere is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict && echo "build/site/index.html"

apps: setup ## Write the Zapier app and the n8n package again from the catalog
	@$(BIN)/python -m tools.apps

apps-n8n: setup ## Install a real n8n, load the package and run a workflow of its nodes
	@exec $(BIN)/python -m tests.real_n8n

static-assets: ## Bring the console's third-party files again from npm, as pinned
	@python3 tools/static_assets.py

catalogs: setup ## Bring the console's catalogs up to date with its texts
	@$(BIN)/python tools/catalogs.py

lock: setup ## Pin all dependencies again with their hashes (UPGRADE=1 for newer versions)
	@for extra in ingress ledger trigger-dispatcher action-executor console standalone tracing dev; do \
	  echo "requirements/$$extra.txt"; \
	  $(BIN)/uv pip compile $(LOCK) $(if $(UPGRADE),--upgrade) --extra $$extra pyproject.toml -o requirements/$$extra.txt || exit 1; \
	done
	@echo "requirements/uv.txt"; echo uv | $(BIN)/uv pip compile $(LOCK) -c requirements/dev.txt - -o requirements/uv.txt

LOCK := --quiet --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate --python-version 3.11

# The contracts of imports are among the tests of the architecture.
static: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
