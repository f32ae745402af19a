# The front door: `make` alone lists what there is to do. Every target does its own set-up.

PYTHON ?= python3
DATA_DIR ?= data
VIEWS ?= auto
PORT ?= 8080

VENV_PYTHON := .venv/bin/python
SETUP := @$(PYTHON) scripts/install.py requirements.txt
SETUP_DEV := $(SETUP) requirements-dev.txt

.DEFAULT_GOAL := help
.PHONY: help install run test test-all data train evaluate benchmark benchmark-peers lint lock

help: ## List the targets
	@echo "usage: make TARGET [PYTHON=python3.12] [DATA_DIR=data] [VIEWS=auto] [PORT=8080] [WORKERS=2]"
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1|/' \
		| awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

install: ## Make or repair .venv with the pinned requirements, tools included
	$(SETUP_DEV)

run: ## Serve the model on http://localhost:8080 (trains one first where there is none)
	$(SETUP)
	@test -e model/manifest.json || { echo "model/ holds no trained model: training one first"; \
		$(MAKE) --no-print-directory train; }
	@TEXTCLF_PORT=$(PORT) $(if $(WORKERS),TEXTCLF_WORKERS=$(WORKERS)) \
		exec $(VENV_PYTHON) -m gunicorn

test: ## Run the quick tests (those on the full dataset only where DATA_DIR has it)
	$(SETUP_DEV)
	@DATA_DIR=$(DATA_DIR) $(VENV_PYTHON) -m pytest tests/model tests/app tests/scripts tests/contract

test-all: ## Run all tests, with servers, browser, Postman and Prometheus, and measure coverage
	$(SETUP_DEV)
	@DATA_DIR=$(DATA_DIR) $(VENV_PYTHON) -m pytest --cov --cov-report=term-missing:skip-covered

data: ## Fetch the challenge's files into DATA_DIR unless they are there
	$(SETUP_DEV)
	@$(VENV_PYTHON) -m scripts.fetch_data --data-dir $(DATA_DIR)

train: data ## Train on DATA_DIR/train.jsonl(.gz) and write the artifact into model/
	@$(VENV_PYTHON) -m scripts.train --data-dir $(DATA_DIR) --views $(VIEWS)

evaluate: data ## Judge the artifact on DATA_DIR/test.jsonl(.gz); writes reports/
	@$(VENV_PYTHON) -m scripts.evaluate --data-dir $(DATA_DIR)

benchmark: data ## Measure speed against its reaches (needs wrk); writes reports/
	@DATA_DIR=$(DATA_DIR) $(VENV_PYTHON) -m benchmarks

PEERS := benchmarks/peers/requirements.txt

benchmark-peers: ## Install the services that `make benchmark` compares with, in .venv-peers
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes -r $(PEERS)

lint: ## Check style, types and import directions
	$(SETUP_DEV)
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@$(VENV_PYTHON) -m mypy
	@.venv/bin/lint-imports

lock: ## Compile the .in files to pinned requirements with hashes
	$(SETUP_DEV)
	@for name in requirements requirements-dev benchmarks/peers/requirements; do \
		$(VENV_PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 \
			--fork-strategy fewest --generate-hashes --custom-compile-command "make lock" \
			--output-file $$name.txt $$name.in; \
	done
