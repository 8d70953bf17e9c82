# make dev and make test need Go, git and make; PostgreSQL's server is
# installed if it is not there.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

SOAK := 60s
LOAD := TestHashesOutsideTransactions|TestLoginStorm|TestLoginTiming|TestExactlyOneAnswer|TestSoak|TestReloadUnderLoad|TestShutdown|TestWatchCheckout|TestSaveToLive

.PHONY: build dev test load hostile soak check bench docs postgres

build: ## bin/vera, static
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/vera ./cmd/vera

dev: postgres build ## serve actions/ on a local Plugboard, reload on save
	@exec bin/vera dev

test: postgres ## every test, with the race detector, on a real PostgreSQL
	go test -race -skip '$(LOAD)' ./...
	go test ./cmd/vera -run 'TestAuthCases|TestReload$$' # again, where times are limited

load: postgres ## the tests that put the machine under load, and so want it for themselves
	go test ./cmd/vera ./host/registry -run '$(LOAD)' -v -timeout 20m
	go test -race ./cmd/vera -run 'TestExactlyOneAnswer|TestShutdown|TestSoak' # by themselves
	go test ./cmd/vera -run 'TestLoginStorm$$' -strict -v # 200 logins at once at cost 12, held to the limits as they stand

hostile: postgres ## the hostile corpus, held to its limits: on a quiet machine
	go test ./cmd/vera -run TestHostile -strict -v -timeout 10m

soak: postgres ## three hosts, one hub, and everything failing in turn; prints the ledger
	go test ./cmd/vera -run TestSoak -soak $(SOAK) -v -timeout 60m

check: build ## everything that reads the code without running it
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	@if command -v luacheck >/dev/null; then luacheck --quiet actions; else echo "luacheck is not installed, actions are not linted"; fi
	bin/vera check actions

bench: postgres ## what the host costs, as ratios; see docs/performance.md
	go test -run '^$$' -bench . -benchtime 1x ./cmd/vera
	go test -run '^$$' -bench 'RoundTrip|ParseRequest$$|Validate|Run$$|Answer' -benchmem ./host/plugboard ./host/schema ./host/script
	go test -run '^$$' -bench . -benchmem ./stdlib/json ./stdlib/strictjson ./host/script/lualib

docs: ## write what is generated: docs/reference.md, parts of README.md, docs/check.md and docs/schema.md, .env.example, .luacheckrc, .luarc.json
	go test ./cmd/vera -run TestGeneratedDocs -update

postgres:
	@sh .ci/postgres
