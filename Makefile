# `make help` lists what there is. Arguments for the program: make run ARGS='--dir /srv/hotline --port-base 20000'

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --no-print-directory
# Every recipe finds the Go and Node that install.sh may have fetched.
export BASH_ENV := $(CURDIR)/deploy/env.sh

WEB := agentui/web
ARGS ?=
# For every package alike: generic code, such as that of sync.Map, is linked once for all, and without the detector in one of them it invents races in the
# others. go vet has read the tests already.
# Two libraries are not watched, which halves the time of all tests: SQLite, translated from C with memory of its own, and the arithmetic of argon2, which
# touches 19 MiB for each password. Neither has generic code.
UNWATCHED := modernc.org/sqlite/lib golang.org/x/crypto/argon2 golang.org/x/crypto/blake2b
RACE := -race -vet=off $(foreach lib,$(UNWATCHED),'-gcflags=$(lib)=-race=false -d=checkptr=0')
# Rules that start no goroutine: there is no race to find, and thousands of lives run five times as fast without looking for one.
PURE := hotline/telephony/call hotline/queue/model hotline/queue/simulation
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

web_sources = $(shell find $(WEB)/src $(WEB)/public -type f 2>/dev/null) $(wildcard $(WEB)/*.json $(WEB)/*.ts $(WEB)/*.html)
web_modules := $(WEB)/node_modules/.hotline-installed
web_built := $(WEB)/node_modules/.hotline-built

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: install-run build ## Install what is missing, build, and run everything on this machine until Ctrl-C
	@exec bin/hotline up $(ARGS)

.PHONY: test
test: install-test web ## Every test, with real Asterisk, Redis, databases and Chromium
	cd $(WEB) && npm test
	go vet ./...
	go test -vet=off -timeout 30m -p 2 $(PURE)
# The controller's tests wait more than they work: as the last ones they would leave a core idle for two minutes.
	go test $(RACE) -timeout 30m -p 2 $$(go list ./... | grep -v '^hotline/test/' | grep -vxF "$$(printf '%s\n' $(PURE))" | sed 's#^hotline/queue$$#hotline/telephony &#')
	go test $(RACE) -timeout 30m -p 1 ./test/...

SOAK ?= 10m
.PHONY: soak bench-queue bench-calls bench-console bench-board bench-recordings
soak: install-test ## The queue's rules in worlds that nobody has seen, on the model and on a real Redis beside it, for SOAK (10m); a failing seed prints how to run it again
	go test -count 1 -timeout 0 -v -run 'TestSoak' ./queue/model ./queue -soak $(SOAK)
bench-queue: install-test ## What a routing decision costs; BENCH=quick for a short run
	go run ./test/bench/queue $(ARGS)
bench-calls: install-test web ## The whole hotline beside app_queue, A B B A; BENCH=quick for a short run
	go run ./test/bench/calls $(ARGS)
bench-console: install-test web ## How fast 500 consoles see what changed, a reader that stalls, and all of them reconnecting; BENCH=quick for a short run
	go run ./test/bench/console $(ARGS)
bench-board: install-test web ## The supervisor's board: 500 people, 200 waiting, 20 changes a second, in a real browser
	go run ./test/bench/board $(ARGS)
bench-recordings: install-test ## Talks recorded and sealed at once, beside MixMonitor in plain and the age command, A B B A; BENCH=quick for a short run
	go run ./test/bench/recordings $(ARGS)

.PHONY: story
story: install-test web ## The pictures of docs/story, made anew by playing the story
	HOTLINE_STORY=$(CURDIR)/docs/story go test -count 1 -timeout 10m -run TestStory ./test/system

.PHONY: check
check: test lint ## Everything that must hold before a change is taken: test and lint

.PHONY: lint
lint: install-check web ## Linters, type checks and formatting, of Go, web and shell
	go run $(GOLANGCI) run ./...
	cd $(WEB) && npx eslint . && npx prettier --check . && npx vue-tsc --noEmit
	bash -n deploy/install.sh deploy/env.sh .ci/run

.PHONY: fmt
fmt: $(web_modules) ## Put Go and web sources into their form
	gofmt -w $$(git ls-files --cached --others --exclude-standard '*.go')
	cd $(WEB) && npx prettier --write .

.PHONY: build
build: web ## The program: bin/hotline, the web app inside
	CGO_ENABLED=0 go build -trimpath -o bin/hotline ./cmd/hotline

.PHONY: web
web: $(web_built) ## The web app, when its sources changed

$(web_built): $(web_modules) $(web_sources)
	cd $(WEB) && npm run build
	touch $(WEB)/dist/.keep $@

$(web_modules): $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund
	touch $@

.PHONY: install-run install-test install-check
install-run: ## What `make run` needs
	@deploy/install.sh run
install-test: ## What `make test` needs
	@deploy/install.sh test
install-check: ## What `make check` needs
	@deploy/install.sh check

.PHONY: clean
clean: ## Remove what was built; var/ and the cache folder stay
	rm -rf bin $(WEB)/node_modules
	find $(WEB)/dist -mindepth 1 ! -name .keep -delete
