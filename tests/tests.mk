# Tests: included by the Makefile. tests/README.md says where what is tested, and how to run one test.

units := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/*/test_*.c)))

# These layers begin no thread, nor do their tests; and those that let memory run out at each place take long. Under the thread sanitizer
# they run with ALL=1, every night.
threadless := doc oci config request plan
threaded := $(if $(ALL),$(units),$(foreach unit,$(filter-out $(threadless:%=%/%),$(units)),$(if $(findstring /test_scarce_,$(unit)),,$(unit))))
unit_runs := $(units:%=run/asan$(engine)/unit/%) $(threaded:%=run/tsan$(engine)/unit/%)

# Any finding ends the program with 99, which no test takes for an answer.
sanitizers := ASAN_OPTIONS=exitcode=99:halt_on_error=1:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1 \
	LSAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99:halt_on_error=1:print_stacktrace=1 \
	TSAN_OPTIONS=exitcode=99:halt_on_error=1:second_deadlock_stack=1

# ThreadSanitizer's fixed address plan does not fit a kernel that randomises mappings with more than 28 bits.
steady = $(shell setarch $(MACHINE) -R true 2>/dev/null && echo setarch $(MACHINE) -R)

# --- All of it -------------------------------------------------------------------------------------------------------

.PHONY: test check programs lint lint-tests format unit cases runner examples e2e e2e-openssl e2e-asan e2e-tsan e2e-signatures e2e-registries e2e-arm64 soak \
	e2e-amd64 build-tests lint-objects

stages := programs lint lint-tests unit cases replay gates runner examples e2e e2e-openssl e2e-asan e2e-tsan torture-quick

# With -k the stages after one that failed run as well. Either way the last lines say how each of them ended.
test: ## everything: lint, unit, text cases, fuzz corpora, gates, end to end on all three builds (sets itself up)
	@src/deps/setup.sh test
	@tests/runner/install-tools.sh >/dev/null
	@tests/e2e/install-original.sh
	@MAKE='$(MAKE)' tests/stages $(if $(findstring k,$(firstword -$(MAKEFLAGS))),-k) $(stages)

check: unit cases ## fast and without network: unit tests and text cases

# What each says stays together, and those that fail are named.
together = $(parallel) --keep-going --output-sync=target

programs:
	@$(MAKE) $(together) all build-tests
	@$(PYTEST) --collect-only -q tests/e2e >build/collected || { tail -n 20 build/collected; false; } # once, not in each worker

build-tests: build/asan/image-syncer build/tsan/image-syncer $(unit_runs:run/%=build/%) \
	$(fuzz_targets:%=build/asan/fuzz/%) build/musl/torture/image-syncer build/musl/e2e/confined build/musl/e2e/snapshot

# --- Rules of the tree -----------------------------------------------------------------------------------------------

lint: ## the rules of the tree
	@MAKE='$(MAKE)' JOBS='$(JOBS)' PYTHON='$(PYTHON)' CLANG_FORMAT='$(CLANG_FORMAT)' tests/lint/run

lint-tests: ## that each rule of the tree can fail, and what the recipe for the libraries refuses
	@$(PYTEST) -q tests/lint tests/deps

lint-objects: build/lint/libimage-syncer.a build/lint/main.o build/musl-openssl/libimage-syncer.a

format: ## let clang-format lay out all C files
	@$(CLANG_FORMAT) -i $(wildcard src/*.c src/*/*.[ch] src/*/*/*.[ch] tests/unit/*.[ch] tests/unit/*/*.[ch] tests/fuzz/*.[ch])

# --- Unit tests ------------------------------------------------------------------------------------------------------

# What tests/unit/test_scarce_fixture.h lets fail in the tests named test_scarce_*, and tests/unit/test_copy_fixture.h replaces so
# that no wait takes any time.
denied := malloc calloc realloc $(addprefix arena_,alloc array copy string printf)
hurried := cancel_sleep clock_ms
hurries := cmd/test_state_image copy/test_created copy/test_fanout copy/test_image copy/test_pieces copy/test_ranges copy/test_scarce_image \
	copy/test_transfer store/test_mirrored
unit_link = $(if $(findstring /test_scarce_,$1),$(denied:%=-Wl,--wrap=%)) \
	$(if $(filter $(hurries),$1),$(hurried:%=-Wl,--wrap=%))

# They are run by "make unit TLS=openssl" as well; what concerns one engine alone asks for this.
engine_macro = $(if $(filter openssl,$(engine_of)),-DENGINE_OPENSSL)

define unit_rules
build/$1/unit/%.o: tests/unit/%.c build/$1/deps.stamp Makefile tests/tests.mk | build/$1/version.h build/$1/versions.h
	@mkdir -p $$(@D)
	@$(say) "CC   $1 $$<"
	@$$(call compile,$1) -Itests/unit $(engine_macro) -c -o $$@ $$<

build/$1/unit/%: build/$1/unit/%.o build/$1/libimage-syncer.a
	@$(say) "LINK $1 $$@"
	@$$(CC_$1) -pthread $$(LINK_$1) $$(call unit_link,$$*) -o $$@ $$^ -Lbuild/$1/deps/lib $(libraries_of) $(if $(engine_macro),-lbearssl) -lcmocka

-include $(units:%=build/$1/unit/%.d)
endef
$(foreach flavor,asan tsan asan-openssl tsan-openssl coverage,$(eval $(call unit_rules,$(flavor))))

# Most of their time is waits as well (see WORKERS below). Everything is built by then.
waiting = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(or $(filter-out 0,$(WORKERS)),1))
.PHONY: $(unit_runs)
unit: $(unit_runs:run/%=build/%) ## unit tests under the address and the thread sanitizer
	@$(MAKE) $(together) $(waiting) $(unit_runs)
	@echo "unit: $(words $(unit_runs)) programs passed"

# What depends on the engine of TLS, with the other one.
engine_units := $(filter-out net/test_tls_decoder,$(filter net/test_tls_% net/test_ecdsa oci/test_signature,$(units)))
engine_runs := $(engine_units:%=run/asan-openssl/unit/%)
.PHONY: $(filter-out $(unit_runs),$(engine_runs)) unit-openssl
unit-openssl: $(engine_runs:run/%=build/%) ## unit tests of what depends on the engine of TLS, with OpenSSL (all: make unit TLS=openssl)
	@$(MAKE) $(together) $(waiting) $(engine_runs)
	@echo "unit-openssl: $(words $(engine_runs)) programs passed"

$(sort $(unit_runs) $(engine_runs)): run/%: build/%
	@echo "TEST $<"; $(sanitizers) $(if $(ALL),EVERY_FAULT=1) $(if $(filter run/tsan%,$@),$(steady)) $<

# --- With pytest -----------------------------------------------------------------------------------------------------

# Tests spend most of their time waiting: for retries, for registries to start, for peers that are silent on purpose. So four times as
# many workers as JOBS take one file after the other, each with registries of its own. A file is not divided, since its fixtures
# are expensive, but for those that tests/conftest.py names. WORKERS=0: one test after the other, as a debugger wants it.
WORKERS ?= $(shell expr 4 '*' $(JOBS))
side_by_side = $(eval side_by_side := $(if $(filter-out 0,$(WORKERS)),$(shell $(PYTHON) -c 'import xdist' 2>/dev/null && \
	echo --numprocesses=$(WORKERS) --dist=loadfile)))$(side_by_side)
# Under a sanitizer the program computes more, and fewer are enough.
fewer = $(if $(side_by_side),$(if $(filter file,$(origin WORKERS)),--numprocesses=$(shell expr 3 '*' $(JOBS))))

# $(call pytest,FLAVOR,PROGRAM,FOLDER): TESTS="-k word" chooses among those of the folder, TESTS=tests/e2e/test_x.py takes its place.
pytest = $(sanitizers) IMAGE_SYNCER=$(CURDIR)/$2 IMAGE_SYNCER_FLAVOR=$1 $(if $(filter tsan%,$1),$(steady)) $(PYTEST) $(side_by_side) \
	$(if $(filter asan% tsan%,$1),$(fewer)) $(if $(filter tests/%,$(TESTS)),,$3) $(TESTS)

# These wait for nothing.
cases: build/image-syncer$(engine) build/asan$(engine)/image-syncer ## text cases
	@IMAGE_SYNCER_RELEASE=build/image-syncer$(engine) $(call pytest,asan$(engine),build/asan$(engine)/image-syncer,tests/cases \
		$(if $(side_by_side),--dist=load))

runner: build/image-syncer ## the GitHub Action as a runner runs it, against real registries
	@$(call pytest,musl,build/image-syncer,tests/runner)

examples: build/image-syncer build/musl/e2e/snapshot ## the files in .github/examples
	@$(call pytest,musl,build/image-syncer,tests/examples)

build/musl/e2e/confined: tests/e2e/confined.c build/musl/libimage-syncer.a
	@mkdir -p $(@D)
	@$(say) "LINK musl $@"
	@$(call compile,musl) $(LINK_musl) -o $@ $^ -Lbuild/musl/deps/lib -lmicrohttpd -lnettle

# What the server tells of itself, without the server.
build/musl/e2e/snapshot: tests/e2e/snapshot.c build/musl/libimage-syncer.a tests/unit/test_state_fixture.h
	@mkdir -p $(@D)
	@$(say) "LINK musl $@"
	@$(call compile,musl) -Itests/unit $(LINK_musl) -o $@ $(filter-out %.h,$^)

e2e: build/image-syncer$(engine) build/musl/e2e/confined build/musl/e2e/snapshot ## end to end against real registries, with the release binary (TLS=openssl: with the other engine)
	@$(if $(engine),tests/e2e/install-registries.sh registry >/dev/null)
	@$(call pytest,musl$(engine),build/image-syncer$(engine),tests/e2e)

e2e-openssl: ## what depends on the engine of TLS, with the other one (all: make e2e TLS=openssl)
	@$(MAKE) --no-print-directory TLS=openssl TESTS="$(or $(TESTS),tests/e2e/test_engines.py tests/e2e/test_tls.py)" e2e

# Left out: the harness's tests of itself, and what is asked of build/musl/e2e/snapshot. The program under test does not run in them.
others := $(patsubst %,--ignore=tests/e2e/%,test_lib.py test_page.py test_status.py)
# The files in which others say what the program reads: answers, files, folders and archives, hooks. All others run under this sanitizer
# every night.
memory := archives auth config detours digest_lists events faults hooks layouts lying_registries paging plan regressions resources resume \
	ssrf
e2e-asan: build/asan$(engine)/image-syncer ## end to end under the address sanitizer: what is about memory, with ALL=1 the whole
	@$(call pytest,asan$(engine),build/asan$(engine)/image-syncer,$(if $(ALL)$(TESTS),tests/e2e $(others),$(memory:%=tests/e2e/test_%.py)))

# Elsewhere threads do nothing that they do not do in these files. Of those that have such tests, these do what others do as well, or
# mostly wait.
concurrent_nightly := cli connect dns login notify referrers_from resume stall
e2e-tsan: build/tsan$(engine)/image-syncer ## end to end under the thread sanitizer: what is about concurrency, with ALL=1 the whole
	@$(call pytest,tsan$(engine),build/tsan$(engine)/image-syncer,tests/e2e $(others) $(if $(ALL)$(TESTS),,-m concurrency \
		$(concurrent_nightly:%=--ignore=tests/e2e/test_%.py)))

e2e-signatures: build/image-syncer ## signatures by cosign and notation, which are installed by Go first (minutes)
	@tests/e2e/install-registries.sh registry
	@tests/e2e/install-signers.sh
	@E2E_SIGNATURES=1 $(call pytest,musl,build/image-syncer,tests/e2e/test_signatures.py tests/e2e/test_referrers_from.py)

e2e-registries: build/image-syncer ## what each make of registry does in its own way; distribution, zot and olareg are built by Go first (minutes)
	@tests/e2e/install-registries.sh
	@$(call pytest,musl,build/image-syncer,tests/e2e/test_catalogs.py tests/e2e/test_tags_together.py tests/e2e/test_prune_makes.py)

# --- A long life -----------------------------------------------------------------------------------------------------

# Within ten minutes: so many runs and hooks in one process, or what SOAK="--runs 500" says.
soaked := $(if $(filter asan tsan,$(FLAVOR)),--sanitized --runs 200 --hooks 2000)
soak_program := build/$(if $(filter-out musl,$(FLAVOR)),$(FLAVOR)/)image-syncer
soak: $(soak_program) build/musl/bench/hook_client ## a server for 10,000 runs and 100,000 hooks: nothing grows (FLAVOR=asan: 200 runs, no leaks)
	@$(sanitizers) IMAGE_SYNCER_FLAVOR=$(or $(FLAVOR),musl) $(if $(filter tsan,$(FLAVOR)),$(steady)) $(PYTHON) -B tests/soak/soak.py $^ $(soaked) $(SOAK)

# --- On another machine ----------------------------------------------------------------------------------------------

# The program for another machine, in an emulator. What is emulated is slow: all of it only when asked for.
MACHINE_amd64 := x86_64
MACHINE_arm64 := aarch64
emulated := test_processor.py test_tls.py $(if $(engine),test_engines.py)
e2e-arm64: ## end to end with the program for arm64, emulated: a part of the suite, with ALL=1 the whole (TLS=openssl: likewise)
e2e-amd64 e2e-arm64: e2e-%:
	@src/deps/setup.sh test
	@src/deps/setup.sh $*
	@$(MAKE) $(parallel) $*
	@TOOLS=$(TOOLS_$*) src/deps/gates.sh build/$*$(engine)/image-syncer build/$*$(engine)/image-syncer.debug
	@printf '#!/bin/sh\nexec %s "%s" "$$@"\n' '$(if $(filter-out $(MACHINE),$(MACHINE_$*)),qemu-$(MACHINE_$*))' $(CURDIR)/build/$*$(engine)/image-syncer \
		>build/$*$(engine)/run
	@chmod +x build/$*$(engine)/run
	@$(call pytest,$*$(engine),build/$*$(engine)/run,$(if $(ALL),tests/e2e $(others),$(emulated:%=tests/e2e/%)))
