VERSION ?= $(shell git describe --tags --abbrev=0 2>/dev/null | sed 's/^v//' | grep . || echo 0.0.0-dev)
HOST    ?= embedded
LDFLAGS  = -s -w -X main.version=$(VERSION)

.DEFAULT_GOAL := build

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/nodrop and bin/myapp; VERSION= sets what they report
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/nodrop ./cmd/myapp
	gzip -9nc packaging/myapp/myapp.8 > bin/myapp.8.gz
	gzip -9nc packaging/nodrop/nodrop.1 > bin/nodrop.1.gz
	GOARCH= go run ./scripts/licenses packaging/myapp/copyright ./cmd/myapp > bin/myapp.copyright
	GOARCH= go run ./scripts/licenses packaging/nodrop/copyright ./cmd/nodrop > bin/nodrop.copyright

test: ## every tier of tests that this machine can run (see CONTRIBUTING.md)
	scripts/test.sh

demo: ## upgrade myapp under load; with HOST=systemd by apt, on a throw-away host
	[ "$(HOST)" != systemd ] || scripts/setup.sh hosts
	go run ./scripts/demo $(HOST)

package: build ## myapp as deb and rpm, into bin/
	VERSION=$(VERSION) bin/nodrop package -f packaging/myapp/nfpm.yaml -p deb -t bin
	VERSION=$(VERSION) bin/nodrop package -f packaging/myapp/nfpm.yaml -p rpm -t bin

bench: ## what serve.Run and the carry cost, as ratios side by side
	scripts/bench.sh

bench-peers: ## upgrades of nginx, HAProxy, Caddy and others, and ours, under load: writes BENCHMARKS.md; takes root, ten minutes
	scripts/setup.sh hosts
	go run ./scripts/peers

bench-debian: ## what server packages of Debian lose in their own reinstall: writes benchmarks/debian.json; takes root, half an hour
	scripts/setup.sh hosts
	go run ./scripts/debian/drill

soak: ## 100 upgrades in a row under load, on a throw-away host; writes docs/soak.md
	scripts/setup.sh hosts
	NODROP_SOAK=$(or $(UPGRADES),101) NODROP_SOAK_REPORT=$(CURDIR)/docs/soak.md go test -count=1 -timeout 60m ./scripts/hosts -run 'TestSoak$$' -v

load: ## connections that arrive faster than they are accepted, on a throw-away host; writes docs/load.md
	scripts/setup.sh hosts
	NODROP_LOAD_REPORT=$(CURDIR)/docs/load.md go test -count=1 -timeout 60m ./scripts/hosts -run 'TestNewcomers$$' -v

fuzz: ## every fuzzer in turn, ten minutes each; FUZZTIME= for another time
	scripts/fuzz.sh

vuln: ## known vulnerabilities in what the programs call, by govulncheck; asks vuln.go.dev
	"$$(scripts/tool.sh govulncheck)" ./...

lint: ## formatters and linters, for Go, shell and units
	scripts/lint.sh

lint-debian: ## docs/lint-debian.md: nodrop lint held against benchmarks/debian.json; downloads the packages
	mkdir -p build/debs
	go run ./scripts/debian/lint benchmarks/debian.json build/debs

clean: ## remove what the other targets made in the checkout
	rm -rf bin build dist

.PHONY: help build test demo package bench soak fuzz lint lint-debian load vuln bench-peers bench-debian clean
