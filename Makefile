# The verbs of Marbre. Two of them are enough: make demo, make test.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8000

.PHONY: cluster cluster-stop cluster-test demo test check lint types docs lock build bench torture whoosh-suite whoosh-2.7.4 quality clean

demo: $(VENV)/.ready  ## build the sample archive and serve it
	$(BIN)/marbre demo --port $(PORT)

test: $(VENV)/.test-ready  ## the whole test suite
	$(BIN)/python -m pytest

check: lint types test  ## what must be green before a commit (the documentation is held by tests)

lint: $(VENV)/.test-ready
	$(BIN)/ruff check .

types: $(VENV)/.test-ready
	$(BIN)/mypy

build: $(VENV)/.test-ready  ## sdist and wheel in dist/
	$(BIN)/python -m build

quality: $(VENV)/.test-ready  ## relevance figures: make quality DATA=folder
	$(BIN)/python -m bench.quality $(DATA)

bench: $(VENV)/.bench-ready  ## speed against peers; python -m bench --help
	$(BIN)/python -m bench $(ARGS)

CLUSTER ?= /tmp/marbre-cluster
cluster: ci/opensearch/target/.ready  ## start three OpenSearch nodes on loopback, for tests; needs a JDK (17 or 21) and Maven
	$(PYTHON) ci/opensearch/nodes.py start $(CLUSTER)

cluster-stop:  ## stop them, by their process ids
	$(PYTHON) ci/opensearch/nodes.py stop $(CLUSTER)

cluster-test: $(VENV)/.test-ready  ## the tests on a running cluster: MARBRE_TEST_CLUSTER=127.0.0.1:9301,...
	$(BIN)/python -m pytest tests/cluster

ci/opensearch/target/.ready: ci/opensearch/pom.xml
	mvn -q -B -Dstyle.color=never -f ci/opensearch/pom.xml generate-resources 1>&2
	touch $@

torture: $(VENV)/.test-ready  ## kills, power cuts, full disks by the hundred; python -m bench.torture --help
	$(BIN)/python -m bench.torture $(ARGS)

whoosh-suite: $(VENV)/.test-ready  ## Whoosh's own tests on our codec (fetches its source distribution)
	$(BIN)/python tests/indexer/codec/whoosh_suite.py

WHOOSH_2 := .venv-whoosh-2.7.4
whoosh-2.7.4: $(WHOOSH_2)/.ready  ## the test suite with Whoosh 2.7.4 in place of whoosh3: ARGS=tests/search for a part
	$(WHOOSH_2)/bin/python -m pytest $(ARGS)

$(WHOOSH_2)/.ready: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(WHOOSH_2)
	$(WHOOSH_2)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(WHOOSH_2)/bin/pip uninstall --quiet --yes whoosh3
	$(WHOOSH_2)/bin/pip install --quiet --disable-pip-version-check --no-deps Whoosh==2.7.4
	$(WHOOSH_2)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

lock: $(VENV)/.test-ready  ## resolve the dependencies anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --group install -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --extra cluster --group install -o requirements-cluster.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --group install --group dev -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml --group install --group dev --group bench -o requirements-bench.lock

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.test-ready: $(VENV)/.ready requirements-dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

$(VENV)/.bench-ready: $(VENV)/.test-ready requirements-bench.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	touch $@

clean:
	rm -rf $(VENV) $(WHOOSH_2) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
