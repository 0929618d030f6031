# What can be done here. `make` alone lists it. Needs GNU make, a Rust toolchain, and a C linker.

PREFIX ?= /usr/local
DESTDIR ?=
# What `make install-compat` puts before the names of other suites, where the originals are installed too; it ends
# with a dash.
PROGRAM_PREFIX ?=
CARGO ?= cargo
# The target of the static build. Where rustup does not have it, the host's own is taken.
STATIC_TARGET ?= $(shell uname -m)-unknown-linux-musl
# The example of `make run` and of `make image`.
EXAMPLE ?= graceful
IMAGE ?= supervision-$(EXAMPLE)
# How long `make fuzz` stays with each target.
FUZZ_SECONDS ?= 60
# How often `make kills` kills a logger.
KILL_ROUNDS ?= 1000
# How long `make chaos` lasts, and over whose tree: ours, s6, runit.
CHAOS_SECONDS ?= 3600
SUITE ?= ours
# How long `make simulate` plays schedules.
SIMULATE_SECONDS ?= 60
BENCH ?=

DIST := target/dist
PAGES = $(wildcard */*.[18] crates/*/*.5)
TEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo 'nextest run --no-tests=pass' || echo test)

.PHONY: help needs linker build static run test check pages differential golden kills simulate fuzz bench performance doc install install-compat image layer clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 16

needs: ## install what the tests need (as root, on Debian), or say what is missing
	@.ci/needs

linker:
	@.ci/needs linker

build: linker ## compile everything for this machine
	$(CARGO) build --workspace --all-targets

static: linker ## the programs as one static executable, with a link for each name, in target/dist
	@.ci/static $(STATIC_TARGET) $(DIST)

run: static ## run an example tree (EXAMPLE=graceful) in a scratch copy, until ^C
	@examples/run $(EXAMPLE) $(DIST)

test: needs static ## all tests; the integration tests a second time on Debian's s6; the differential
	$(CARGO) build --workspace --bins
	@failed=0; \
	step() { echo "$$@"; env "$$@" || failed=1; }; \
	step $(CARGO) $(TEST) --no-fail-fast --workspace; \
	if command -v s6-svscan >/dev/null; then step SUITE=s6 $(CARGO) $(TEST) --no-fail-fast -p suite-tests; \
	else echo 'make test: s6 is missing: the tests were not run on it'; fi; \
	step $(CARGO) test --manifest-path fuzz/Cargo.toml --test corpus; \
	exit $$failed

check: linker pages ## format, lints, unit tests, documentation, floors, manual pages
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check
	$(CARGO) clippy --manifest-path fuzz/Cargo.toml --tests -- -D warnings
	$(CARGO) $(TEST) --workspace --exclude suite-tests
	$(CARGO) test --quiet -p suite-tests --test floors --test manuals --test documents
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --quiet --workspace --no-deps

pages:
	@if ! command -v mandoc >/dev/null; then echo 'make check: mandoc is missing: the manual pages were not checked'; \
	else echo mandoc -T lint $(PAGES); \
	  ! mandoc -T lint $(PAGES) 2>/dev/null | grep -v 'referenced manual not found'; fi

differential: linker ## play random scripts of commands to our supervisor and to s6's
	$(CARGO) build --workspace --bins
	$(CARGO) test -p suite-tests --test differential -- --nocapture

golden: linker ## write the golden files again; then read the diff
	GOLDEN=write $(CARGO) test --workspace --exclude suite-tests
	GOLDEN=write $(CARGO) test -p suite-tests --test completions --test pictures

kills: linker ## kill loggers KILL_ROUNDS times at random moments
	$(CARGO) build --workspace --bins
	KILL_ROUNDS=$(KILL_ROUNDS) $(CARGO) test -p suite-tests --test svlog_kill -- --nocapture

simulate: linker ## play both machines with a kernel that is a value, for SIMULATE_SECONDS (SEED plays one schedule again)
	SIMULATE_SECONDS=$(SIMULATE_SECONDS) $(CARGO) test --profile simulate -p simulation -- --nocapture

chaos: static ## a storm over a tree for CHAOS_SECONDS (3600; SEED=, CHAOS_PLAN=, SUITE=s6|runit): docs/chaos.md
	$(CARGO) build --workspace --bins
	SUITE=$(SUITE) SUITE_BIN=$(abspath $(DIST)) CHAOS_SECONDS=$(CHAOS_SECONDS) \
	  $(CARGO) test -p suite-tests --test chaos -- --nocapture storm_is_weathered

fuzz: linker ## fuzz each parser for FUZZ_SECONDS (cargo-fuzz and a nightly toolchain)
	@fuzz/run $(FUZZ_SECONDS)

bench: static ## measure beside Debian's s6, runit and inits, in one run (BENCH="idle inits"), and the loggers (LOGGERS="bulk")
	@bench/bench.py --ours $(DIST) $(BENCH)
	@bench/loggers.py --ours $(DIST) $(LOGGERS)

performance: static ## the figures of docs/performance.md, with the machine that they come from (20 minutes, on a quiet one)
	@bench/performance $(DIST)

doc: ## the documentation of the crates, and the manual pages as HTML, in target/doc
	$(CARGO) doc --workspace --no-deps
	@if command -v mandoc >/dev/null; then for page in $(PAGES); do \
	  mandoc -T html -O style=mandoc.css $$page > target/doc/$${page##*/}.html; done; fi

install: static ## install into DESTDIR and PREFIX (/usr/local)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 755 $(DIST)/svbox $(DESTDIR)$(PREFIX)/bin/svbox
	@for link in $$(find $(DIST) -type l); do \
	  echo ln -sf svbox $(DESTDIR)$(PREFIX)/bin/$${link##*/}; ln -sf svbox $(DESTDIR)$(PREFIX)/bin/$${link##*/}; done
	install -D -m 644 completions/svctl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/svctl
	install -D -m 644 completions/_svctl $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_svctl
	install -D -m 644 completions/svctl.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/svctl.fish
	@for page in $(PAGES); do \
	  to=$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$${page##*/}; echo install -m 644 $$page $$to; install -D -m 644 $$page $$to; done

install-compat: install ## and links by the names of other suites (PROGRAM_PREFIX=compat- where those are there too)
	@for name in $$($(DIST)/svbox --list-compat); do \
	  echo ln -sf svbox $(DESTDIR)$(PREFIX)/bin/$(PROGRAM_PREFIX)$$name; ln -sf svbox $(DESTDIR)$(PREFIX)/bin/$(PROGRAM_PREFIX)$$name; done

image: static ## a container image of an example (EXAMPLE=graceful), with podman
	@examples/build-image $(EXAMPLE) $(IMAGE) $(DIST)

layer: static ## the suite as a layer of an image, target/sv.tar (ADD sv.tar /)
	@.ci/layer $(DIST) target/sv.tar

clean: ## remove what was built
	$(CARGO) clean
	rm -rf fuzz/target fuzz/artifacts fuzz/found
