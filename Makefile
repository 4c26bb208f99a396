SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory --warn-undefined-variables

GO ?= go
PKG ?= ./...
CI ?=
CHROMIUM ?=
# CI never takes a test result from the cache.
TESTFLAGS ?= $(if $(CI),-count=1)
# A number of runs, not a duration: go test can report its own deadline as a failure.
FUZZTIME ?= 50000x
BENCH ?= .
BENCHRUNS ?= 6
# The version that `make breaking` compares with: the newest tag; without a tag, the previous commit.
AGAINST ?= $(shell git describe --tags --abbrev=0 2>/dev/null || git rev-parse --verify --quiet HEAD~1)

# The go command builds each tool from the tool's own module, so the library's go.mod lists none.
TOOLS := bench buf buf-plugin-idempotency conformance figure filegraph gen lint schema stripe
BUF := $(GO) tool -modfile=tools/buf/go.mod buf
OPENAPI := examples/payments/openapi.json
GOLANGCI_LINT := $(GO) tool -modfile=tools/lint/go.mod golangci-lint
# Exactly the versions of the lock file, without their scripts.
NPM_CI := npm ci --ignore-scripts --no-audit --no-fund --silent
BENCHSTAT := $(GO) tool -modfile=tools/bench/go.mod benchstat

.PHONY: help
help: ## Show every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: servers
servers: ## Install the servers that tests start, if they are missing
	@.ci/servers.sh

.PHONY: all
all: ## Run all that CI runs, in the same order
	@.ci/run

.PHONY: short
short: ## Run the quick tests, without servers (about 10 seconds)
	$(GO) test -short $(TESTFLAGS) $(PKG)

.PHONY: test
test: servers ## Run every test
	$(GO) test $(TESTFLAGS) $(PKG)

.PHONY: race
race: servers ## Run every test under the race detector
	$(GO) test -race $(TESTFLAGS) $(PKG)

.PHONY: cover
cover: servers ## Print the coverage of all packages together, with a report in .tmp/cover.html
	@mkdir -p .tmp
	$(GO) test $(TESTFLAGS) -coverpkg=./... -coverprofile=.tmp/cover.all $(PKG)
	@grep -v '/gen/' .tmp/cover.all >.tmp/cover.out
	@$(GO) tool cover -html=.tmp/cover.out -o .tmp/cover.html
	@$(GO) tool cover -func=.tmp/cover.out | tail -n 1

# go.mod requires the lowest versions that are tested. The other tests use those.
.PHONY: newest
newest: servers ## Run the quick tests and those of the stores with the newest dependencies
	@mkdir -p .tmp && cp go.mod .tmp/newest.mod && cp go.sum .tmp/newest.sum
	@direct=$$($(GO) list -m -f '{{if not (or .Indirect .Main)}}{{.Path}}@latest{{end}}' all); \
	$(GO) get -modfile=.tmp/newest.mod $$direct
	$(GO) test -modfile=.tmp/newest.mod -short $(TESTFLAGS) ./...
	$(GO) test -modfile=.tmp/newest.mod $(TESTFLAGS) ./backend/...

.PHONY: valkey
valkey: ## Run the tests of the Redis store on Valkey, where it can be installed
	@program=$$(.ci/valkey.sh) || { echo "valkey: NOTHING TESTED"; exit 0; }; \
	REDIS_SERVER=$$program $(GO) test -count=1 ./backend/redisstore ./internal/redistest

.PHONY: conformance
conformance: ## Run the suites of Connect and of gRPC against guarded servers
	$(GO) -C tools/conformance test -count=1 -timeout 15m

.PHONY: stripe
stripe: ## Run Stripe's client library against the guarded example, losing replies
	$(GO) -C tools/stripe test -count=1

.PHONY: schema
schema: ## Use the options in schemas outside this repository, and test their lint plugin
	@.ci/protoc.sh
	$(GO) -C tools/schema test -count=1
	$(GO) -C tools/buf-plugin-idempotency test -count=1

# Without npm or a browser it says NOT TESTED, which .ci/run repeats at its end. CHROMIUM names a browser.
# playwright-core stays at 1.61, the last version for Node 18, which is that of Debian 12.
.PHONY: browser
browser: ## Drive the example's page in a real Chromium, with screenshots in .tmp/browser
	@.ci/program.sh npm npm >/dev/null || { echo "browser: NOT TESTED: there is no npm"; exit 0; }; \
	$(MAKE) checkpage; \
	chromium=$$($(if $(CHROMIUM),NO_INSTALL=1) .ci/program.sh chromium $(or $(CHROMIUM),chromium google-chrome chromium-browser)) || \
		{ echo "browser: NOT TESTED: there is no chromium"; exit $(if $(CHROMIUM),1,0); }; \
	cd tools/browser && $(NPM_CI) && CHROMIUM=$$chromium npm test

.PHONY: fuzz
fuzz: ## Run each fuzz target for FUZZTIME (50000 runs)
	@targets=$$($(GO) test -list '^Fuzz' $(PKG) | \
		awk '/^Fuzz/ { names[++n] = $$1 } /^ok/ { for (i = 1; i <= n; i++) print names[i], $$2; n = 0 }'); \
	if [[ -z "$$targets" ]]; then echo "fuzz: there is no fuzz target yet"; exit; fi; \
	while read -r name package; do \
		echo "fuzz: $$name in $$package for $(FUZZTIME)"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x "$$package" </dev/null; \
	done <<<"$$targets"

.PHONY: bench
bench: servers ## Run benchmarks BENCHRUNS (6) times over, interleaved, into .tmp/bench.txt
	@mkdir -p .tmp && : >.tmp/bench.txt
	@for ((run = 1; run <= $(BENCHRUNS); run++)); do \
		$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG) | tee -a .tmp/bench.txt; \
	done
	$(BENCHSTAT) .tmp/bench.txt

# COMPARE names some benchmarks, which are then printed instead of written into the page.
.PHONY: compare
compare: servers ## Compare with a bare handler and with other libraries, into docs/performance.md (about 15 minutes)
	@benchmarks/compare.sh

.PHONY: benchmarks
benchmarks: servers ## Prove that every subject of `make compare` answers correctly and every benchmark runs
	$(GO) -C benchmarks vet ./...
	$(GO) -C benchmarks test -count=1 -bench . -benchtime 1x . -args -records 1000
	$(GO) -C benchmarks test -count=1 ./report

.PHONY: lint
lint: ## Check format, Go and protobuf
	@unformatted=$$(gofmt -l .); \
	if [[ -n "$$unformatted" ]]; then echo "lint: not gofmt-clean:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GOLANGCI_LINT) run ./...
	$(BUF) format --diff --exit-code
	$(BUF) lint

.PHONY: generate
generate: ## Regenerate gen/ and the OpenAPI document of the example from the schemas
	$(BUF) generate
	$(BUF) build -o .tmp/schema.binpb
	$(GO) run ./cmd/idemopenapi -descriptors .tmp/schema.binpb .tmp/openapi/payments/v1/payments.swagger.json >$(OPENAPI)

.PHONY: checkgenerate
checkgenerate: generate ## Fail when what is generated is not what the schemas give
	@changed=$$(git status --porcelain --untracked-files=all -- gen $(OPENAPI)); \
	if [[ -n "$$changed" ]]; then \
		echo "generated files are out of date: run 'make generate' and commit the result"; \
		echo "$$changed"; git --no-pager diff -- gen $(OPENAPI); exit 1; \
	fi

.PHONY: page
page: ## Rebuild the script of the example's page from its source and proto/ (needs npm)
	cd examples/payments/web && $(NPM_CI)
	$(BUF) generate --template examples/payments/web/buf.gen.yaml
	cd examples/payments/web && npm run --silent build

.PHONY: checkpage
checkpage: ## Fail when the script of the example's page is not what its source gives
	@mkdir -p .tmp && cp examples/payments/page/page.js .tmp/page.js
	@$(MAKE) page
	@cmp .tmp/page.js examples/payments/page/page.js || \
		{ echo "examples/payments/page/page.js was out of date: commit what 'make page' gives"; exit 1; }

.PHONY: figures
figures: ## Draw the pictures of docs/figures from their texts
	@for text in docs/figures/*.txt; do $(GO) -C tools/figure run . "$(CURDIR)/$$text" >"$${text%.txt}.svg"; done

.PHONY: breaking
breaking: ## Fail when a schema change would break records or clients
	@if [[ -z "$(AGAINST)" ]]; then \
		echo "breaking: NOTHING CHECKED: there is neither a tag nor an earlier commit to compare with"; \
	elif ! git cat-file -e "$(AGAINST):buf.yaml" 2>/dev/null; then \
		echo "breaking: NOTHING CHECKED: $(AGAINST) has no buf.yaml to compare with"; \
	else \
		echo "breaking: comparing proto/ with $(AGAINST)"; \
		git archive --format=tar "$(AGAINST)" buf.yaml proto/idempotency | \
			$(BUF) breaking proto --against '-#format=tar,subdir=proto'; \
	fi

.PHONY: release-check
release-check: ## Fail when Version, CHANGELOG.md and the tag of this commit disagree
	@.ci/release-check.sh

.PHONY: workflows
workflows: ## Fail when a workflow names a target that this file lacks
	@.ci/workflows.sh

.PHONY: depcheck
depcheck: ## Prove that no package makes its users compile what it must not
	@.ci/depcheck.sh

.PHONY: filegraph
filegraph: ## Report which files of the root and adapter packages need each other
	@$(GO) -C tools/filegraph run . ../.. ../../httpmw ../../interceptor/idemgrpc ../../interceptor/idemconnect ../../interceptor/idemconnect2 \
		../../interceptor/internal/rpc ../../interceptor/internal/canonical

.PHONY: tidycheck
tidycheck: ## Fail when a go.mod or go.sum is not tidy
	$(GO) mod tidy -diff
	@for module in benchmarks $(addprefix tools/,$(TOOLS)); do echo "$$module"; $(GO) -C "$$module" mod tidy -diff; done
