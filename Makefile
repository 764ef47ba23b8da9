# install: .venv with everything, pinned · check: format, lint, types, import rules
# test: the whole suite, in TESTERS processes, one more than there are cores: many tests wait for processes of their own
# test-quick: those without a broker, a process or chdb, within a minute; test-rest: all others but the stories
# stories: markets of minutes under faults, small ones; bench/results/stories.json says how they ended (faults: in full)
# test-random: tests over examples made at random, with new ones; SEED=… repeats those of a former time
# demo: a simulated market streams through everything · reference: docs/reference anew from the code
# screenshots: those of the README, of the portal (chromium is needed); tests leave one of each page in build/screenshots
# bench-…: figures of speed and memory, into bench/results (each says what it measures: python -m bench.live --help)
# migration: of a new kind of events, from its .avsc: make migration KIND=certificate (docs/how-to/add-an-event-kind.md)
# dashboards: deploy/grafana/dashboards anew from dashboards.py
# kafka: a broker on 127.0.0.1:9092 (deploy/kafka/README.md)
# deploy-tools: promtool and docker compose for the tests of deploy/, built with Go 1.26 or later (2 minutes, once)
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
CORES   := $(shell getconf _NPROCESSORS_ONLN)
TESTERS ?= $(shell expr $(CORES) + 1)
# where an image says that nothing compiled is to be kept, each of the many processes of a test run would compile all
# modules of ours anew
unexport PYTHONDONTWRITEBYTECODE
# files as tests/tiers.py orders them: what takes longest begins first
SPREAD  := --dist=loadfile --no-loadscope-reorder

.PHONY: install check test test-quick test-rest test-random stories faults soak demo kafka deploy-tools dashboards reference screenshots \
	migration format bench-throughput bench-latency bench-search bench-investigate bench-divisions bench-http-publish bench-portal-cost \
	bench-idle bench-live bench-reassess bench-recall bench-batch bench-draw bench-audit \
	bench-cluster bench-cluster-throughput bench-cluster-latency bench-cluster-recovery bench-cluster-growth rivals bench-trace-join clean
install: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name one with: make PYTHON=python3.12"; exit 1; }
	@echo "Installing Suyuan and what it needs into $(VENV): 1.4 GB on disk, one to five minutes, most of it downloads; once"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade -c constraints.txt pip
	$(ADVICE) $(BIN)/pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $(READY)
	@echo "Installed: $(BIN)/suyuan. See it work: make demo. Use it: . $(BIN)/activate"

# setuptools warns of a folder named like the package; here it is the package itself
ADVICE := PYTHONWARNINGS='ignore:Editable installation'

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p suyuan
	MYPYPATH=deploy/kafka $(BIN)/mypy deploy/kafka/kafka
	$(BIN)/lint-imports --no-cache

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: $(READY)
	$(BIN)/pytest --numprocesses=$(TESTERS) $(SPREAD)

test-quick: $(READY)
	$(BIN)/pytest --tier quick --numprocesses=$(CORES) $(SPREAD)

test-rest: $(READY)
	$(BIN)/pytest --tier rest --numprocesses=$(TESTERS) $(SPREAD)

test-random: SEED := $(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
test-random: $(READY)
	@echo "The same examples again: make test-random SEED=$(SEED)"
	$(BIN)/pytest -m hypothesis --hypothesis-profile=random --hypothesis-seed=$(SEED) \
		--numprocesses=$(TESTERS) $(SPREAD) || { echo "The same examples again: make test-random SEED=$(SEED)"; exit 1; }

stories: $(READY)
	$(BIN)/python -m pytest --tier stories --stories=bench/results/stories.json --numprocesses=$(TESTERS) $(SPREAD)

# the faults of tests/faults and tests/cluster/test_market.py in full, and a soak of five minutes, over brokers of their
# own; figures in the file, and in bench/results/soak.json
faults: $(READY)
	SUYUAN_FAULTS=bench/results/faults.json $(BIN)/python -m pytest tests/faults tests/cluster/test_market.py tests/soak

# random markets under random faults for so many minutes: make soak MINUTES=60 SEED=1; TRANSACTIONS=no leaves those out
soak: $(READY)
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),5) $(if $(SEED),--seed $(SEED)) \
		$(if $(filter no,$(TRANSACTIONS)),--no-transactions)

demo: $(READY)
	$(BIN)/suyuan demo

kafka:
	@deploy/kafka/kafka start

# unoptimised, and promtool without the clouds that it could find targets in: quicker to build
GO_BUILD := go build -trimpath -tags remove_all_sd,enable_dns_sd -gcflags='all=-N -l' -ldflags=-s
deploy-tools: build/tools/promtool build/tools/docker-compose
build/tools/promtool: deploy/checks/go.mod deploy/checks/go.sum
	cd deploy/checks && $(GO_BUILD) -o ../../$@ github.com/prometheus/prometheus/cmd/promtool
build/tools/docker-compose: deploy/checks/go.mod deploy/checks/go.sum
	cd deploy/checks && $(GO_BUILD) -o ../../$@ github.com/docker/compose/v5/cmd

dashboards: $(READY)
	$(BIN)/python deploy/grafana/dashboards.py

reference: $(READY)
	$(BIN)/python docs/reference/write.py

screenshots: $(READY)
	$(BIN)/python -m tests.portal.browser.images

migration: $(READY)
	@$(BIN)/python -m suyuan.sinks.new_kind $(KIND)

# each writes bench/results/; minutes, and a machine that does nothing else
bench-throughput: $(READY)
	$(BIN)/python bench/embedded.py throughput

# one portal, no stages beside it
bench-http-publish: $(READY)
	$(BIN)/python -m bench.http_publish

# what a portal that nobody asks costs: a pipeline beside it, and a run that idles
bench-portal-cost: $(READY)
	$(BIN)/python bench/portal_cost.py

# what a run burns that has nothing to do, with and without portal and jobs, and a cluster; how soon they are awake: three
# minutes
bench-idle: $(READY)
	$(BIN)/python -m bench.idle

# from an event over HTTP to its alert in an open stream, and five hundred streams: five minutes
bench-live: $(READY)
	$(BIN)/python -m bench.live

bench-latency: $(READY)
	$(BIN)/python bench/embedded.py latency

# a producer with a million listings changes, alone and while others list 500 goods a second
bench-reassess: $(READY)
	$(BIN)/python bench/reassess.py

# the same of a recall of one lot that they all are of, by sellers of all counties
bench-recall: $(READY)
	$(BIN)/python bench/reassess.py --change recall

# one SQL statement over the events every minute instead (bench/rivals/batch), compared row by row
bench-batch: $(READY)
	$(BIN)/python -m bench.batch

# search over 2,000,000 listings that SQL makes, idle and while more come
bench-search: $(READY)
	$(BIN)/python -m bench.search

# chains, evidence and traces hop by hop over as many
bench-investigate: $(READY)
	$(BIN)/python -m bench.investigate

# what figures of divisions take over 2,000,000 listings in every county, idle and while 1,000 a second come
bench-divisions: $(READY)
	$(BIN)/python -m bench.divisions

# ten thousand listings drawn from ten million, and verified
bench-draw: $(READY)
	$(BIN)/python -m bench.draw

# what the audit costs: an entry, a proof, and a system that idles with it and without: five minutes
bench-audit: $(READY)
	$(BIN)/python -m bench.audit

# Kafka, workers, loader and ClickHouse's interface on two cores; bench-cluster: all of them, within 25 minutes
bench-cluster bench-cluster-throughput bench-cluster-latency bench-cluster-recovery bench-cluster-growth: $(READY)
	$(BIN)/python -m bench.cluster $(or $(patsubst bench-cluster-%,%,$(filter bench-cluster-%,$@)),all)

# the product beside Kafka Streams, Flink, Quix Streams and plain Faust: an hour
bench-trace-join: $(READY) rivals
	$(BIN)/python -m bench.trace_join

# built outside the product's environment: Java 17 and Maven for two, an environment of its own for each of the others
rivals: build/rivals/.ready
build/rivals/.ready: $(shell find bench/rivals bench/trace_join/chain.avsc -name '*.java' -o -name '*.avsc' -o -name pom.xml -o -name requirements.txt)
	nice -n 10 mvn --quiet --batch-mode --file bench/rivals/pom.xml package
	for rival in quix faust; do \
		$(PYTHON) -m venv build/rivals/$$rival/venv && \
		build/rivals/$$rival/venv/bin/pip install --quiet -r bench/rivals/$$rival/requirements.txt || exit 1; \
	done
	touch $@

clean:
	rm -rf build $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
