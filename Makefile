# Each target sets up what it needs by itself: Rust, Python 3 and the package registries suffice.
.DEFAULT_GOAL := help
SHELL := /usr/bin/env bash -euo pipefail

VENV := target/venv
# ministack and moto pin another botocore than the AWS CLI does.
STANDINS := target/venv-standins
EMULATOR := target/emulator/aws-lambda-rie
TOOLS := target/tools/bin
CARGO_DENY_VERSION := 0.20.2

.PHONY: help demo test test-rust test-peers prove check format lint docs deny shellcheck clean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: build ## rotate a key, offline, with the real Lambda binary (ARGS=--serve leaves AWS's stand-in up)
	@target/debug/demo $(ARGS)

.PHONY: build
build:
	@cargo build --locked --quiet --workspace --bins

test: test-rust test-peers ## every test

test-rust:
	cargo test --locked --workspace -- --show-output

test-peers: build $(VENV)/ready $(STANDINS)/ready $(EMULATOR)
	$(VENV)/bin/pytest tests/peers

$(VENV)/ready: tests/peers/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(STANDINS)/ready: tests/peers/requirements-standins.txt
	python3 -m venv $(STANDINS)
	$(STANDINS)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(EMULATOR): tests/peers/requirements-emulator.txt tests/peers/unpack_emulator.py | $(VENV)/ready
	mkdir -p $(@D)
	$(VENV)/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest $(@D) --requirement $<
	$(VENV)/bin/python tests/peers/unpack_emulator.py $(@D)/aws_sam_cli-*.whl $@
	rm $(@D)/aws_sam_cli-*.whl

SEEDS ?= 20000
TRIPLES ?= 100000
CASES ?= 1000000
prove: ## many more interleavings, triples of faults and bad inputs: SEEDS=… TRIPLES=… CASES=…
	SEEDS=$(SEEDS) TRIPLES=$(TRIPLES) CASES=$(CASES) cargo test --locked --test it -- --nocapture crash interleave bad_input

check: format lint docs deny shellcheck test ## what CI runs: the tests, and everything that can be linted

format:
	cargo fmt --all --check

lint:
	cargo clippy --locked --workspace --all-targets -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

deny: $(TOOLS)/cargo-deny
	$(TOOLS)/cargo-deny --locked check bans licenses sources

$(TOOLS)/cargo-deny:
	cargo install --quiet --locked --root target/tools --version $(CARGO_DENY_VERSION) cargo-deny

shellcheck: $(VENV)/ready
	$(VENV)/bin/shellcheck .ci/run

clean: ## remove everything that was built
	cargo clean
