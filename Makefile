# make            lists the targets
# make check      runs what CI runs
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

FUZZTIME ?= 30s
HEADS    ?= 200000000
SEED     ?= 1
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
IMAGE    ?= scopegate:$(VERSION)
PLATFORMS := linux/amd64 linux/arm64
PGO      := cmd/scopegate/release.pgo
LDFLAGS  := -s -w -X main.release=$(VERSION)

.PHONY: help
help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: check
check: ## everything that CI checks
	.ci/run checks

.PHONY: test
test: ## all tests
	go test ./...

.PHONY: race
race: ## all tests under the race detector
	go test -race -timeout 15m ./...

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s)
	@for dir in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -rn1 dirname | sort -u); do \
	  for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -c6- | sort -u); do \
	    echo "==> $$dir $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$dir; \
	  done; \
	done

.PHONY: bench
bench: ## all benchmarks, with allocations
	go test -run '^$$' -bench . -benchmem ./...

.PHONY: bench-peers
bench-peers: ## scopegate beside nginx, HAProxy and echo; BENCHFLAGS='-rounds 3'
	go run ./bench/peers $(BENCHFLAGS)

.PHONY: bench-tokens
bench-tokens: ## durable tokens beside a bare endpoint and Redis; BENCHFLAGS
	go run ./bench/tokens $(BENCHFLAGS)

.PHONY: bench-scale
bench-scale: ## a request with 100,000 clients and 10,000,000 tokens beside one with few; BENCHFLAGS
	go run ./bench/scale $(BENCHFLAGS)

.PHONY: soak-gateway
soak-gateway: ## ten minutes at saturation: nothing grows, every answer is counted; BENCHFLAGS
	go run ./bench/soak $(BENCHFLAGS)

.PHONY: differential
differential: ## the fast front beside net/http: HEADS (200000000) generated heads from SEED (1)
	go test -count=1 -timeout 24h -v -run TestGeneratedHeads ./gateway/wire -heads $(HEADS) -seed $(SEED)

.PHONY: pgo
pgo: ## the profile by which releases are compiled, from the benchmark
	go run ./bench/peers -window 12s -profile $(PGO)

.PHONY: torture
torture: ## kills, power cuts, failing and full disks, a soak, damage, histories: the long forms (root, strace, hours)
	go run ./bench/torture
	go test -count=1 -timeout 60m -v -run TestHistories ./store -args -operations 100000
	go test -count=1 -timeout 60m -v ./store/damage -args -tails 4096 -flips 1000

.PHONY: reloads
reloads: ## 1,000 reloads before each front, under load, with a WebSocket and a download running
	go test -count=1 -timeout 60m -v -run TestReloadsUnderLoad ./cmd/scopegate -args -reloads 1000

.PHONY: lint
lint: ## the linters of .golangci.yml
	.ci/run lint

.PHONY: docs
docs: ## write the generated documentation and all golden files anew
	go test $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' . | xargs -rn1 dirname | sort -u) -update

.PHONY: build
build: ## bin/scopegate for this machine
	CGO_ENABLED=0 go build -pgo $(PGO) -trimpath -ldflags "$(LDFLAGS)" -o bin/scopegate ./cmd/scopegate

.PHONY: image
image: ## the container image IMAGE
	docker build --build-arg VERSION=$(VERSION) --tag $(IMAGE) .

.PHONY: release
release: ## bin/release: a binary for each platform, and their checksums
	rm -rf bin/release && mkdir -p bin/release
	@for platform in $(PLATFORMS); do \
	  out=bin/release/scopegate-$(VERSION)-$${platform/\//-}; echo "==> $$out"; \
	  CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go build -pgo $(PGO) -trimpath -ldflags "$(LDFLAGS)" -o $$out ./cmd/scopegate || exit 1; \
	done
	cd bin/release && sha256sum scopegate-* >SHA256SUMS && cat SHA256SUMS
