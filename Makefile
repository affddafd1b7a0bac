# Everything a person or a build machine does with Sextant. `make help` lists it.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
.DEFAULT_GOAL := help

SOURCES := Package.swift Sources Tests Benchmarks

# Debian's OpenBLAS takes some processors with AVX-512 for older ones and runs at half speed on them. The library reads
# the variable when it is loaded. The program repairs itself (`sextant doctor` tells); test programs need it from here.
AVX512 := $(shell for flag in avx512f avx512dq avx512bw avx512vl avx512cd; do \
	grep -qw $$flag /proc/cpuinfo 2>/dev/null || exit 0; done; echo yes)
ifeq ($(AVX512),yes)
export OPENBLAS_CORETYPE ?= SkylakeX
endif

.PHONY: help
help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

.PHONY: setup
setup: ## Install the system libraries that are missing; does nothing when all are there
	@scripts/setup.sh

.PHONY: build
build: setup ## Build the sextant program, optimised, into .build/release
	@swift build -c release --product sextant

.PHONY: demo
demo: build ## Build, then run the main job on the embedded synthetic climate
	@.build/release/sextant demo --output demo --overwrite

# Arguments go in BENCH, such as BENCH='--rows realnvp --rounds 9'.
.PHONY: bench
bench: setup ## Build, then time Sextant beside PyTorch and JAX, where these are installed
	@swift build -c release --product sextant
	@swift build -c release --product SextantBenchmarks
	@.build/release/SextantBenchmarks $(BENCH)

# Arguments go in GROWTH, such as GROWTH='--largest 100000 --rounds 1'.
.PHONY: bench-growth
bench-growth: setup ## Build, then measure how time and memory grow with the problem, into growth/
	@swift build -c release --product SextantBenchmarks
	@.build/release/SextantBenchmarks growth $(GROWTH)

.PHONY: bench-peers
bench-peers: ## Install what the benchmark compares with, into .build/peers
	@python3 -m venv .build/peers
	@.build/peers/bin/pip install --quiet --requirement Benchmarks/Peers/requirements.txt

# Tests have a build folder of their own: their flags differ, and one folder would be rebuilt at every change of hand.
# One test after the other: each is parallel inside, and some set the number of threads of the process.
# Swift Testing says how many tests ran in its last line, which is repeated at the end.
# Arguments go in TESTS, such as TESTS='--filter MethodLaws'.
.PHONY: test
test: setup ## Run all tests in release mode; the last line counts them
	@mkdir -p .build
	@swift test --no-parallel -c release -Xswiftc -enable-testing --scratch-path .build/testing --disable-xctest $(TESTS) \
		2>&1 | tee .build/test.log
	@grep -E 'Test run with [0-9]+ tests?' .build/test.log | tail -1

# What needs no training of networks, no long sampling and no other program.
QUICK := SextantArraysTests SextantStorageTests SextantNetworksTests SextantGeometryTests SextantSignalsTests \
	SextantMeasurementTests SextantPriorsTests SextantEvaluationTests SextantReportTests NoisePredictorLaws \
	DiffusionSolverLaws GaussianPosteriorLaws MixtureTests MethodLaws ConfigurationTests

.PHONY: test-quick
test-quick: ## Run the fast suites, under two minutes once built: nine modules, and the laws of methods and solvers
	@$(MAKE) --no-print-directory test TESTS="$(addprefix --filter ,$(QUICK))"

# Tables stand between comments that name their command; data that is not in the repository comes from SEXTANT_DATA.
PAGES := README.md $(wildcard docs/*.md)
.PHONY: results
results: build ## Make the tables of README and docs/ again from the commands that they name
	@scripts/results.py $(PAGES)

.PHONY: docs
docs: setup ## Build the API pages with DocC, into .build/docs
	@scripts/docs.sh

.PHONY: check-library
check-library: setup ## Build and run a package that uses the library alone
	@scripts/check-library.sh

.PHONY: format
format: ## Format all Swift code in place
	@swift format --in-place --recursive --parallel $(SOURCES)

.PHONY: lint
lint: ## Check the format of all Swift code
	@swift format lint --strict --recursive --parallel $(SOURCES)

.PHONY: clean
clean: ## Remove everything that was built
	@rm -rf .build
