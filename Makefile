# image-syncer: build, test and install. "make help" lists the targets.
#
# The program is built from the same files for:
#   musl   the release: static, position independent, build/image-syncer
#   asan   AddressSanitizer and UndefinedBehaviorSanitizer, build/asan/image-syncer
#   tsan   ThreadSanitizer, build/tsan/image-syncer
# and, when asked for:
#   amd64, arm64  the release for another machine, cross-compiled, build/arm64/image-syncer
#   fuzz      libFuzzer's targets, by clang; see tests/fuzz/fuzz.mk
#   coverage  counted lines and branches, build/coverage/image-syncer; see tests/analyse/analyse.mk
# A folder build/<flavor> holds the objects, a link "deps" to the libraries that src/deps/build.sh made or found in its cache,
# and the two generated headers. Everything but src/main.c goes into libimage-syncer.a, which the unit tests link against.

VERSION := 1.0.0

PYTHON ?= /usr/bin/python3
CLANG_FORMAT ?= clang-format-19
PREFIX ?= /usr/local
PYTEST := $(PYTHON) -B -m pytest -p no:cacheprovider

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh
export LC_ALL := C.UTF-8

include src/deps/flags.mk

# --- What is compiled, and how ---------------------------------------------------------------------------------------

machines := amd64 arm64
flavors := musl $(machines) asan tsan fuzz coverage
library := $(sort $(wildcard src/*/*.c))
units := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
scripts := $(sort $(wildcard src/deps/*.sh src/deps/*.mk src/deps/*.patch) src/deps/packages)

# The one place that says which language and which interfaces: C11, POSIX.1-2008 and what the BSDs and Linux share.
language := -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -pthread
# The sanitizers' instrumentation makes gcc guess wrongly about buffer sizes: there its guesses are left out, and no warning
# is an error.
warnings := -Wall -Wextra -Wformat=2 -Werror=format-security -Wconversion -Wvla -Wshadow -Wmissing-prototypes \
	-Wstrict-prototypes -Wimplicit-fallthrough
warnings_asan := -Wno-format-truncation -Wno-stringop-overflow -Wno-maybe-uninitialized
warnings_tsan := $(warnings_asan)
warnings_musl := $(if $(filter true 1 yes,$(CI) $(WERROR)),-Werror)
warnings_lint := -Werror
libraries := -lcurl -lbearssl -lcjson -lyaml -lpcre2-8 -lnettle

CC_musl := build/musl/deps/bin/musl-gcc
CC_amd64 := build/amd64/deps/bin/musl-gcc
CC_arm64 := build/arm64/deps/bin/musl-gcc
CC_asan := gcc
CC_tsan := gcc
CC_fuzz := $(COMPILER_fuzz)
CC_coverage := gcc
CC_lint := $(CC_musl)

# Libraries of another flavor: those of asan know nothing of coverage, and need not.
deps_lint := musl
deps_coverage := asan

# What tests/unit/test_scarce_fixture.h lets fail.
denied := malloc calloc realloc $(addprefix arena_,alloc array copy string printf)
unit_link_test_scarce_documents := $(denied:%=-Wl,--wrap=%)
unit_link_test_scarce_rules := $(unit_link_test_scarce_documents)
unit_link_test_scarce_host := $(unit_link_test_scarce_documents)

# The lint flavor is the release's objects once more with every warning an error; it is never linked.
FLAGS_lint := $(FLAGS_musl)

# What the kernel offers beyond the C library: seccomp, Landlock. Its headers come after musl's own.
# Where something examines the program from inside, it must not defend itself against that.
kernel_harden := -D_GNU_SOURCE -idirafter /usr/include -idirafter /usr/include/$(shell gcc -print-multiarch)
examined_asan := -DHARDEN_NOTHING
examined_tsan := -DHARDEN_NOTHING
examined_fuzz := -DHARDEN_NOTHING
examined_coverage := -DHARDEN_NOTHING

# compile FLAVOR: the command of one object, without its names.
compile = $(CC_$1) $(language) $(kernel_$(*F)) $(examined_$1) $(FLAGS_$1) $(warnings) $(warnings_$1) $(CFLAGS) -Isrc -Ibuild/$1 -isystem build/$1/deps/include -MMD -MP

# --- Everyday targets ------------------------------------------------------------------------------------------------

.PHONY: all asan tsan $(machines) setup demo test check e2e lint format unit cases runner gates install clean distclean help FORCE

all: build/image-syncer ## build build/image-syncer, the static release binary

asan tsan $(machines): %: build/%/image-syncer

setup: ## install the Debian packages that building, the demo and the tests need (root)
	@src/deps/setup.sh test

demo: ## two registries on this machine, one sync, the report (sets itself up)
	@src/deps/setup.sh demo
	@$(MAKE) --no-print-directory all
	@$(PYTHON) -B tests/demo/demo.py build/image-syncer

test: ## everything: lint, unit, text cases, fuzz corpora, gates, end to end on all three builds (sets itself up)
	@src/deps/setup.sh test
	@$(MAKE) --no-print-directory -j$(shell nproc) all build-tests
	@tests/runner/install-tools.sh >/dev/null
	@$(MAKE) --no-print-directory lint
	@$(PYTEST) -q tests/lint
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory cases
	@$(MAKE) --no-print-directory replay
	@$(MAKE) --no-print-directory gates
	@$(MAKE) --no-print-directory runner
	@$(MAKE) --no-print-directory examples
	@tests/e2e/install-original.sh
	@$(MAKE) --no-print-directory e2e
	@$(MAKE) --no-print-directory e2e-asan
	@$(MAKE) --no-print-directory e2e-tsan
	@$(MAKE) --no-print-directory torture-quick

check: unit cases ## fast and without network: unit tests and text cases

install: build/image-syncer ## install program and manual under $(DESTDIR)$(PREFIX)
	install -D -m 755 build/image-syncer $(DESTDIR)$(PREFIX)/bin/image-syncer
	install -D -m 644 src/image-syncer.1 $(DESTDIR)$(PREFIX)/share/man/man1/image-syncer.1

clean: ## remove build/
	rm -rf build

distclean: clean ## remove build/ and the cached libraries and sources (the next make fetches the newest)
	rm -rf "$${IMAGE_SYNCER_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/image-syncer}"

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' Makefile tests/*/*.mk | expand -t 12

FORCE:
.SECONDARY:

# Progress lines, silent with -s.
say := $(if $(findstring s,$(firstword -$(MAKEFLAGS))),:,echo)

# Write stdin to the target, but leave its date alone when nothing changed.
replace = cat >$@.new && if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# --- One flavor ------------------------------------------------------------------------------------------------------

# The link to the libraries is renewed when the recipe changed or the cache was emptied.
define flavor_rules
build/$1/deps.stamp: $(scripts) $(if $(wildcard build/$1/deps/versions),,FORCE)
	@mkdir -p build/$1
	@prefix=$$$$(src/deps/build.sh $(or $(deps_$1),$1)) && ln -sfn "$$$$prefix" build/$1/deps && touch $$@

# Rewritten only when the text changed, so that a commit does not recompile more than the file that prints it.
build/$1/version.h: FORCE
	@mkdir -p build/$1
	@printf '#pragma once\n#define VERSION "%s"\n' "$$(program_version)" | $$(replace)

build/$1/versions.h: build/$1/deps.stamp
	@awk '{ all = all (all == "" ? "" : " ") $$$$1 " " $$$$2 } END { \
		print "#pragma once\n#define DEPS_VERSIONS \"" all "\"" }' build/$1/deps/versions | $$(replace)

build/$1/%.o: src/%.c build/$1/deps.stamp Makefile | build/$1/version.h build/$1/versions.h
	@mkdir -p $$(@D)
	@$(say) "CC   $1 $$<"
	@$$(call compile,$1) -include src/base/banned.h -c -o $$@ $$<

build/$1/unit/%.o: tests/unit/%.c build/$1/deps.stamp Makefile | build/$1/version.h build/$1/versions.h
	@mkdir -p $$(@D)
	@$(say) "CC   $1 $$<"
	@$$(call compile,$1) -Itests/unit -c -o $$@ $$<

build/$1/libimage-syncer.a: $(library:src/%.c=build/$1/%.o)
	@rm -f $$@
	@$$(TOOLS_$1)ar rcs $$@ $$^

-include $(library:src/%.c=build/$1/%.d) build/$1/main.d $(units:%=build/$1/unit/%.d)
endef

define program_rules
build/$1/image-syncer$2: build/$1/main.o build/$1/libimage-syncer.a
	@$(say) "LINK $1 $$@"
	@$$(CC_$1) -pthread $$(LINK_$1) $$(LDFLAGS) -o $$@ $$^ -Lbuild/$1/deps/lib $(libraries)

build/$1/unit/%: build/$1/unit/%.o build/$1/libimage-syncer.a
	@$(say) "LINK $1 $$@"
	@$$(CC_$1) -pthread $$(LINK_$1) $$(unit_link_$$*) -o $$@ $$^ -Lbuild/$1/deps/lib $(libraries) -lcmocka
endef

# A tag when there is one, else the line above with the commit behind it; a tree without history has only the line.
ifeq ($(origin VERSION),file)
program_version = $$(version=$$([ -e .git ] && git describe --tags --dirty 2>/dev/null || \
	{ [ -e .git ] && commit=$$(git describe --always --dirty 2>/dev/null) && echo "$(VERSION)-g$$commit"; } || \
	echo '$(VERSION)'); \
	echo "$${version\#v}")
else
program_version = $(VERSION)
endif

$(foreach flavor,$(flavors) lint,$(eval $(call flavor_rules,$(flavor))))
$(foreach flavor,musl $(machines),$(eval $(call program_rules,$(flavor),.debug)))
$(eval $(call program_rules,asan,))
$(eval $(call program_rules,tsan,))
$(eval $(call program_rules,coverage,))

# $(call release,FLAVOR): strip and look at it before it gets its name.
define release
@$(TOOLS_$1)strip --strip-all -o $@.new $<
@TOOLS=$(TOOLS_$1) src/deps/gates.sh --quick $@.new $<
@mv $@.new $@
@$(say) "DONE $@, $$(stat -c %s $@) bytes"
endef

build/image-syncer: build/musl/image-syncer.debug src/deps/gates.sh
	$(call release,musl)

arm64: ## the release for arm64, cross-compiled where that is another machine: build/arm64/image-syncer (make amd64: likewise)

$(machines:%=build/%/image-syncer): build/%/image-syncer: build/%/image-syncer.debug src/deps/gates.sh
	$(call release,$*)

# --- Tests -----------------------------------------------------------------------------------------------------------

# Any finding ends the program with 99, which no test takes for an answer.
sanitizers := ASAN_OPTIONS=exitcode=99:halt_on_error=1:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1 \
	LSAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99:halt_on_error=1:print_stacktrace=1 \
	TSAN_OPTIONS=exitcode=99:halt_on_error=1:second_deadlock_stack=1

# ThreadSanitizer's fixed address plan does not fit a kernel that randomises mappings with more than 28 bits.
steady = $(shell setarch $(MACHINE) -R true 2>/dev/null && echo setarch $(MACHINE) -R)

.PHONY: build-tests lint-objects e2e-asan e2e-tsan e2e-signatures
build-tests: build/asan/image-syncer build/tsan/image-syncer $(foreach f,asan tsan,$(units:%=build/$f/unit/%)) \
	$(fuzz_targets:%=build/asan/fuzz/%)
lint-objects: build/lint/libimage-syncer.a build/lint/main.o

# As many at once as there are processors; what each says stays together, and those that fail are named.
together := --no-print-directory --keep-going --output-sync=target -j$(shell nproc)
unit_runs := $(foreach f,asan tsan,$(units:%=run/$f/unit/%))
.PHONY: $(unit_runs)
unit: $(unit_runs:run/%=build/%) ## unit tests under the address and the thread sanitizer
	@$(MAKE) $(together) $(unit_runs)
	@echo "unit: $(words $(unit_runs)) programs passed"

$(unit_runs): run/%: build/%
	@echo "TEST $<"; $(sanitizers) $(if $(filter run/tsan/%,$@),$(steady)) $<

# Tests spend most of their time waiting: for retries, for registries to start, for peers that are silent on purpose. So twice as
# many workers as there are processors take one file after the other, each with registries of its own. A file is never divided,
# since its fixtures are expensive. WORKERS=0: one test after the other, as a debugger wants it.
WORKERS ?= $(shell expr 2 '*' $$(nproc))
side_by_side = $(if $(filter-out 0,$(WORKERS)),$(shell $(PYTHON) -c 'import xdist' 2>/dev/null && \
	echo --numprocesses=$(WORKERS) --dist=loadfile))

# $(call pytest,FLAVOR,PROGRAM,FOLDER)
pytest = $(sanitizers) IMAGE_SYNCER=$(CURDIR)/$2 IMAGE_SYNCER_FLAVOR=$1 $(if $(filter tsan,$1),$(steady)) $(PYTEST) $(side_by_side) $3 $(TESTS)

cases: build/image-syncer build/asan/image-syncer ## text cases
	@$(call pytest,asan,build/asan/image-syncer,tests/cases $(if $(side_by_side),--dist=load))

e2e: build/image-syncer ## end to end against real registries, with the release binary
	@$(call pytest,musl,build/image-syncer,tests/e2e)

runner: build/image-syncer ## the GitHub Action as a runner runs it, against real registries
	@$(call pytest,musl,build/image-syncer,tests/runner)

# The harness's tests of itself are left out: nothing of the program runs in them.
e2e-asan e2e-tsan: e2e-%: build/%/image-syncer
	@$(call pytest,$*,build/$*/image-syncer,tests/e2e --ignore=tests/e2e/test_harness.py)

e2e-signatures: build/image-syncer ## signatures by cosign and notation, which are installed by Go first (minutes)
	@tests/e2e/install-signers.sh
	@E2E_SIGNATURES=1 $(call pytest,musl,build/image-syncer,tests/e2e/test_signatures.py)
# The program for another machine, in an emulator. What is emulated is slow: all of it only when asked for.
MACHINE_amd64 := x86_64
MACHINE_arm64 := aarch64
emulated := test_processor.py test_tls.py
.PHONY: e2e-arm64 e2e-amd64
e2e-arm64: ## end to end with the program for arm64, emulated: a part of the suite, with ALL=1 the whole
e2e-amd64 e2e-arm64: e2e-%:
	@src/deps/setup.sh test
	@src/deps/setup.sh $*
	@$(MAKE) --no-print-directory $*
	@TOOLS=$(TOOLS_$*) src/deps/gates.sh build/$*/image-syncer build/$*/image-syncer.debug
	@printf '#!/bin/sh\nexec %s "%s" "$$@"\n' '$(if $(filter-out $(MACHINE),$(MACHINE_$*)),qemu-$(MACHINE_$*))' $(CURDIR)/build/$*/image-syncer >build/$*/run
	@chmod +x build/$*/run
	@$(call pytest,$*,build/$*/run,$(if $(ALL),tests/e2e,$(emulated:%=tests/e2e/%)))

# --- Image -----------------------------------------------------------------------------------------------------------

IMAGE := image-syncer:test

.PHONY: image image-checks examples e2e-image
image: ## build the scratch image with the Dockerfile, check it and the Action with an engine (root; sets itself up, BASE= for another base)
	@src/deps/setup.sh image
	@tests/image/engine $(MAKE) --no-print-directory image-checks

image-checks: build/image-syncer
	@tests/image/build $(IMAGE)
	@IMAGE=$(IMAGE) $(PYTEST) tests/image $(TESTS)
	@tests/image/e2e $(IMAGE) $(PYTEST) tests/e2e/test_cli.py
	@$(call pytest,musl,build/image-syncer,tests/runner/test_container.py tests/runner/test_engine.py)

examples: build/image-syncer ## the files in .github/examples
	@$(call pytest,musl,build/image-syncer,tests/examples)

e2e-image: ## the whole end-to-end suite with the program in a container of the image
	@src/deps/setup.sh image
	@tests/image/engine tests/image/e2e $(IMAGE) $(PYTEST) $(side_by_side) tests/e2e $(TESTS)

gates: build/image-syncer ## what the release binary must be
	@src/deps/gates.sh build/image-syncer build/musl/image-syncer.debug

# Each cell breaks one thing in one run between real registries. LAYER=B takes one layer, SHARD=2/5 a part, LIMIT=500 at most so
# many cells, ONLY=dst-put those whose name has it.
torture_program = $(PYTHON) -B tests/torture/torture.py build/image-syncer
.PHONY: torture torture-quick torture-memory
torture: build/image-syncer build/musl/torture/image-syncer ## break everything in every way: layers A to F, I and J (hours; LAYER=D takes one)
	@$(torture_program) --layer "$(or $(LAYER),ABCDEFIJ)" --shard "$(or $(SHARD),1/1)" --limit "$(or $(LIMIT),0)" --only "$(ONLY)"

torture-quick: build/image-syncer build/musl/torture/image-syncer ## 400 cells of layer A, and a few of each other layer
	@$(torture_program) --quick 400 --layer "$(or $(LAYER),ADEFIJ)"

torture-memory: build/image-syncer build/asan/torture/image-syncer ## layer E under the address sanitizer: leaks count as well
	@$(torture_program) --layer E --alloc build/asan/torture/image-syncer --shard "$(or $(SHARD),1/1)" --limit "$(or $(LIMIT),2000)" --only "$(ONLY)" \
		--out build/torture/asan

# The program with allocations that fail on purpose; the call sites in the libraries count as well as ours.
define torture_rules
build/$1/torture/alloc.o: tests/torture/alloc.c build/$1/deps.stamp Makefile
	@mkdir -p $$(@D)
	@$$(say) "CC   $1 $$<"
	@$$(call compile,$1) -c -o $$@ $$<

build/$1/torture/image-syncer: build/$1/main.o build/$1/torture/alloc.o build/$1/libimage-syncer.a
	@$$(say) "LINK $1 $$@"
	@$$(CC_$1) -pthread $$(LINK_$1) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o $$@ $$^ -Lbuild/$1/deps/lib $$(libraries)
endef
$(foreach flavor,musl asan,$(eval $(call torture_rules,$(flavor))))

build/musl/bench/%.o: tests/bench/%.c build/musl/deps.stamp Makefile
	@mkdir -p $(@D)
	@$(say) "CC   musl $<"
	@$(call compile,musl) -c -o $@ $<

build/musl/bench/%: build/musl/bench/%.o build/musl/libimage-syncer.a
	@$(say) "LINK musl $@"
	@$(CC_musl) -pthread $(LINK_musl) -o $@ $^ -Lbuild/musl/deps/lib $(libraries)

# BENCH="--only image512,tags50 --rounds 3" chooses; a folder $BENCH_PEERS may hold peers that are not on PATH.
.PHONY: bench bench-tls
bench: build/image-syncer build/musl/bench/measure bench-tls ## measure: side by side with every peer that is installed
	@src/deps/setup.sh bench
	@tests/bench/install-peers.sh
	@mkdir -p build/bench
	@BENCH_PEERS="$$(tests/bench/install-peers.sh --where):$$BENCH_PEERS" $(PYTHON) -B tests/bench/bench.py build/image-syncer \
		build/musl/bench/measure --out build/bench/results.json $(BENCH)
	@$(PYTHON) -B tests/bench/growth.py build/image-syncer build/musl/bench/measure

bench-tls: build/musl/bench/tls_connect ## measure: the CPU cost of a new https connection
	@src/deps/setup.sh test
	@$(PYTHON) -B tests/bench/tls.py $<

# The image is built without tests/.
-include tests/fuzz/fuzz.mk tests/analyse/analyse.mk

lint: ## the rules of the tree
	@MAKE='$(MAKE)' PYTHON='$(PYTHON)' CLANG_FORMAT='$(CLANG_FORMAT)' tests/lint/run

format: ## let clang-format lay out all C files
	@$(CLANG_FORMAT) -i $(wildcard src/*.c src/*/*.c src/*/*.h tests/unit/*.[ch] tests/fuzz/*.[ch])
