# Two commands do everything on a bare machine with Swift: `make demo` and `make test`.
.DEFAULT_GOAL := help
.PHONY: help setup build test demo serve-demo cluster-demo lint format bench sanitize fuzz clean

# The same flags in `build` and `test`, so that neither undoes what the other built.
RELEASE := -c release
TEST := swift test -c release --disable-testable-imports
DEMO ?= akin-demo
# Tests that wait for servers and deadlines: others, which compute without a pause, would keep them from being served.
ONE_BY_ONE := AkinClusterTests
# Tests that also pass without optimisation, and quickly.
DEBUG_SUBSET := NPYHeaderTests|AtomicFileTests|GroundTruthTests|RecallTests|ConfusionMatrixTests|TarSourceTests|UsageTests|ExampleTests

help: ## Lists these targets.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \t\2/p' Makefile | expand -t 22

setup: ## Installs what the build needs (as root), or says which packages to ask for.
	@scripts/setup.sh

build: setup ## Builds the program: .build/release/akin
	swift build $(RELEASE) --product akin

test: setup ## Builds and runs all tests, optimised, and a short subset without optimisation.
	swift build $(RELEASE) --build-tests
	$(TEST) --skip '$(ONE_BY_ONE)'
	$(TEST) --no-parallel --filter '$(ONE_BY_ONE)'
	swift test --filter '$(DEBUG_SUBSET)'

demo: build ## The whole way from pictures to a report, without a network: akin-demo/
	.build/release/akin demo --output $(DEMO)

serve-demo: setup ## Serves pictures that it draws itself, with a page for browsers: http://127.0.0.1:6333
	swift build $(RELEASE) --product akin
	swift build $(RELEASE) --product akin-server
	.build/release/akin serve --demo

cluster-demo: setup ## Three NATS servers, workers and a router on this machine; kills a worker and goes on.
	@scripts/cluster-demo.sh

lint: ## Formatting and cheap checks of every source file.
	@scripts/lint.sh

format: ## Formats the sources in place.
	git ls-files -z '*.swift' | xargs -0 swift format --in-place --parallel

bench: build ## Measures search, k-means and codes, with AKIN_DATA embedding too, beside their peers; JSON to Benchmarks/results.
	Benchmarks/run.sh

sanitize: setup ## All tests under AddressSanitizer, then ThreadSanitizer (slow).
	ASAN_OPTIONS=detect_leaks=0 swift test -c release --disable-testable-imports --scratch-path .build/asan --sanitize=address
	swift test -c release --disable-testable-imports --scratch-path .build/tsan --sanitize=thread

fuzz: setup ## Feeds hostile input to every reader of files: make fuzz SECONDS=60
	scripts/fuzz.sh $(or $(SECONDS),60)

clean: ## Removes what was built.
	rm -rf .build akin-demo Benchmarks/results
