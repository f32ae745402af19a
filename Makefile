# The front door: `make` alone lists what there is to do. Every target does its own set-up.

PYTHON ?= python3
DATA_DIR ?= data
SOURCE ?= challenge
VIEWS ?= auto
TEXT_FIELD ?=
LABEL_FIELD ?=
MODEL_DIR ?=
PORT ?= 8080
BASE ?= python:3.11-slim
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
IMAGE ?= text-classifier:$(VERSION)

# Where containers have no network of their own: make image NETWORK=host
DOCKER_NETWORK = $(if $(NETWORK),--network $(NETWORK))

VENV_PYTHON := .venv/bin/python
DATA = --data-dir "$(DATA_DIR)" --text-field "$(TEXT_FIELD)" --label-field "$(LABEL_FIELD)"
MODEL_OF_DATA = $(DATA) $(if $(MODEL_DIR),--model-dir "$(MODEL_DIR)")
SETUP := @command -v $(PYTHON) >/dev/null || { echo "error: there is no $(PYTHON) here: install Python \
	3.11 to 3.14, or name the one you have, for example make PYTHON=python3.12 run" >&2; exit 1; }; \
	$(PYTHON) scripts/install.py requirements.txt
SETUP_DEV := $(SETUP) requirements-dev.txt

.DEFAULT_GOAL := help
.PHONY: help install run predict test test-all data train evaluate robustness compare docs benchmark \
	benchmark-peers chaos lint format lock audit image image-run deploy undeploy test-cluster

help: ## List the targets
	@echo "usage: make TARGET [PYTHON=python3.12] [DATA_DIR=data] [SOURCE=challenge] [VIEWS=auto] [PORT=8080] [WORKERS=2]"
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1|/' \
		| awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

install: ## Make or repair .venv with the pinned requirements, tools included
	$(SETUP_DEV)

run: ## Serve the model, or that of MODEL_DIR, on http://localhost:8080
	@scripts/require.sh port "$(PORT)"
	$(SETUP)
	@test -n "$(MODEL_DIR)" || test -e model/trained/manifest.json || { \
		echo "model/trained/ holds no trained model: training one first"; \
		$(MAKE) --no-print-directory train; }
	@echo "starting on http://localhost:$(PORT) (Ctrl-C ends it)"
	@TEXTCLF_PORT=$(PORT) $(if $(WORKERS),TEXTCLF_WORKERS=$(WORKERS)) \
		$(if $(MODEL_DIR),TEXTCLF_MODEL_DIR="$(MODEL_DIR)") \
		exec $(VENV_PYTHON) -m gunicorn

predict: ## Label a file: make predict IN=posts.jsonl OUT=labelled.jsonl [ARGS="--scores --resume"]
	$(SETUP)
	@test -n "$(IN)" || { echo "error: name a file: make predict IN=posts.jsonl OUT=labelled.jsonl"; exit 1; }
	@$(VENV_PYTHON) -m scripts.predict $(if $(MODEL_DIR),--model-dir "$(MODEL_DIR)") $(ARGS) "$(IN)" $(if $(OUT),"$(OUT)")

test: ## Run the quick tests (those on the full dataset only where DATA_DIR has it)
	$(SETUP_DEV)
	@echo "running the quick tests, for about three minutes on two CPUs; the percentages show how far"
	@DATA_DIR="$(DATA_DIR)" $(VENV_PYTHON) -m pytest tests/model tests/evaluation tests/bulk tests/app tests/scripts tests/contract

test-all: ## Run all tests, with servers, browser, Postman and Prometheus, and measure coverage
	$(SETUP_DEV)
	@echo "running all tests, for a quarter of an hour on two CPUs, and three minutes for each Python there is"
	@DATA_DIR="$(DATA_DIR)" $(VENV_PYTHON) -m pytest --cov

data: ## Fetch the challenge's files into DATA_DIR unless they are there
	$(SETUP_DEV)
	@$(VENV_PYTHON) -m scripts.fetch_data --data-dir "$(DATA_DIR)" --source $(SOURCE)

train: data ## Train on DATA_DIR/train.jsonl (or .csv ...); the model goes to models/NAME, or MODEL_DIR
	@$(VENV_PYTHON) -m scripts.train $(MODEL_OF_DATA) --views $(VIEWS)

evaluate: data ## Judge the model of DATA_DIR on its test file; writes reports/
	@$(VENV_PYTHON) -m scripts.evaluate $(MODEL_OF_DATA)

robustness: data ## Change the test posts as mail software would, and count the labels that change
	@$(VENV_PYTHON) -m scripts.robustness --data-dir "$(DATA_DIR)"

compare: data ## Cross-validate the candidates on the training file; writes reports/comparison.*
	@echo "cross-validating every candidate, for some minutes"
	@$(VENV_PYTHON) -m scripts.compare $(DATA) --reports-dir reports

docs: ## Write the tables of the documents that are made of code and of the artifact
	$(SETUP_DEV)
	@$(VENV_PYTHON) -m scripts.document

benchmark: data ## Measure speed against its reaches (needs wrk); writes reports/
	@echo "measuring in rounds, for a quarter of an hour; each round is announced"
	@DATA_DIR="$(DATA_DIR)" $(VENV_PYTHON) -m benchmarks

PEERS := benchmarks/peers/requirements.txt

benchmark-peers: ## Install the services that `make benchmark` compares with, in .venv-peers
	@$(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --require-hashes -r $(PEERS)
	@.venv-peers/bin/python -m pip check

chaos: ## Make faults and report what the service does (needs wrk and nginx); writes reports/
	$(SETUP_DEV)
	@echo "making faults for about ten minutes; each kind is announced"
	@$(VENV_PYTHON) -m chaos

lint: ## Check style, types, import directions and workflows
	$(SETUP_DEV)
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m scripts.check_words
	@$(VENV_PYTHON) -m ruff format --check .
	@$(VENV_PYTHON) -m mypy
	@.venv/bin/lint-imports
	@.venv/bin/zizmor --offline --quiet .github
	@scripts/lint_workflows.sh

format: ## Fix style and format where that can be done
	$(SETUP_DEV)
	@$(VENV_PYTHON) -m ruff check --fix --quiet .
	@$(VENV_PYTHON) -m ruff format --quiet .

lock: ## Compile the .in files to pinned requirements with hashes
	$(SETUP_DEV)
	@for name in requirements requirements-cluster requirements-dev benchmarks/peers/requirements; do \
		$(VENV_PYTHON) -m uv pip compile --quiet --output-file $$name.txt $$name.in || exit 1; \
	done

audit: ## Look up known vulnerabilities of the pinned requirements (needs PyPI itself, not a mirror)
	$(SETUP_DEV)
	@$(VENV_PYTHON) -m uv tool run pip-audit@2.10.1 --strict --disable-pip --require-hashes \
		--requirement requirements.txt

image: ## Build the container image IMAGE, on BASE
	@scripts/require.sh docker
	@docker build $(DOCKER_NETWORK) --tag $(IMAGE) --build-arg BASE=$(BASE) --build-arg VERSION=$(VERSION) \
		--build-arg REVISION="$$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
		--build-arg SOURCE="$$(git remote get-url origin 2>/dev/null | sed 's#//[^/@]*@#//#')" .

image-run: ## Run the image on http://localhost:8080, as confined as Kubernetes would
	@scripts/require.sh docker
	@docker run $(DOCKER_NETWORK) --rm --name text-classifier --publish 127.0.0.1:$(PORT):8080 \
		--read-only \
		--cap-drop ALL --security-opt no-new-privileges --memory 512m --cpus 1 --pids-limit 64 \
		--stop-timeout 30 $(IMAGE)

deploy: ## Deploy IMAGE to the cluster that kubectl is set to, and wait until it serves
	@scripts/require.sh cluster
	@sed 's|image: text-classifier:.*|image: $(IMAGE)|' k8s/*.yaml | kubectl apply -f -
	@kubectl --namespace text-classifier rollout status deployment/text-classifier --timeout 5m

undeploy: ## Remove the namespace text-classifier and all that is in it from the cluster
	@scripts/require.sh cluster
	@kubectl delete -f k8s/ --ignore-not-found

test-cluster: ## Test deployment, load and rollout of IMAGE on the cluster of KUBECONFIG
	@test -n "$(KUBECONFIG)" || { echo "error: name the cluster: make test-cluster KUBECONFIG=..."; exit 1; }
	$(SETUP_DEV)
	@TEST_CLUSTER=1 KUBECONFIG=$(KUBECONFIG) IMAGE=$(IMAGE) $(VENV_PYTHON) -m pytest tests/cluster

k8s/monitoring/prometheus-rule.yaml: monitoring/alerts.yml
	@{ sed '/^spec:/q' $@; sed -n '/^groups:/,$$ s/^./  &/p' $<; } >$@.new && mv $@.new $@
