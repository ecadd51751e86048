# Fuzzing: included by the Makefile. One target is one file tests/fuzz/fuzz_NAME.c with its corpus in tests/fuzz/corpus/NAME.
#
# build/fuzz/run/NAME is the target with libFuzzer, by clang; build/fuzz/cover/NAME the same with libraries that do not count, so
# that what is counted are ways through our own code; build/asan/fuzz/NAME runs it over the corpus without libFuzzer, by gcc, so that
# "make test" needs no clang. That one there is with OpenSSL as well: build/asan-openssl/fuzz/NAME, by "make replay TLS=openssl".

fuzz_targets := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ ?= $(fuzz_targets)
FUZZ_SECONDS ?= 60
FUZZ_FLAGS ?=

# Files that a target has beside its own, and its linker flags.
fuzz_beside_conversation := conversation
fuzz_beside_certificate = certificate_$(engine_of)
fuzz_link_conversation := -Wl,--wrap=cancel_sleep,--wrap=clock_ms,--wrap=cond_wait_ms

define fuzz_objects
build/$1/fuzz/%.o: tests/fuzz/%.c build/$1/deps.stamp Makefile tests/fuzz/fuzz.mk
	@mkdir -p $$(@D)
	@$(say) "CC   $1 $$<"
	@$$(call compile,$1) -Itests/fuzz -D_GNU_SOURCE -DFUZZ_FOLDER='"tests/fuzz"' -c -o $$@ $$<

-include $(fuzz_targets:%=build/$1/fuzz/fuzz_%.d) $(patsubst %,build/$1/fuzz/%.d,conversation certificate_$(engine_of) replay)
endef

# fuzz_program FLAVOR,TARGET,NAME,EXTRA OBJECTS,EXTRA FLAGS,FLAVOR OF THE LIBRARIES
define fuzz_program
build/$1/$3: build/$1/fuzz/fuzz_$2.o $(fuzz_beside_$2:%=build/$1/fuzz/%.o) $4 build/$1/libimage-syncer.a | build/$6/deps.stamp
	@mkdir -p $$(@D)
	@$(say) "LINK $1 $$@"
	@$$(CC_$1) -pthread $$(LINK_$1) $5 $(fuzz_link_$2) -o $$@ $$^ -Lbuild/$6/deps/lib $(libraries_of)
endef

$(foreach flavor,fuzz asan asan-openssl coverage,$(eval $(call fuzz_objects,$(flavor))))
$(foreach target,$(fuzz_targets),\
	$(eval $(call fuzz_program,fuzz,$(target),run/$(target),,-fsanitize=fuzzer,fuzz))\
	$(eval $(call fuzz_program,fuzz,$(target),cover/$(target),,-fsanitize=fuzzer,asan))\
	$(foreach flavor,asan asan-openssl coverage,\
		$(eval $(call fuzz_program,$(flavor),$(target),fuzz/$(target),build/$(flavor)/fuzz/replay.o,,$(flavor)))))

.PHONY: fuzz fuzz-build fuzz-setup corpus corpus-build replay
fuzz-build: $(FUZZ:%=build/fuzz/run/%)

fuzz-setup:
	@src/deps/setup.sh fuzz

fuzz: fuzz-setup ## fuzz each parser for FUZZ_SECONDS (60); FUZZ="url log" for these alone; finds go to build/fuzz/found
	@$(MAKE) $(parallel) fuzz-build
	@$(sanitizers) tests/fuzz/run "$(FUZZ_SECONDS)" $(FUZZ) -- $(FUZZ_FLAGS)

corpus-build: $(FUZZ:%=build/fuzz/cover/%)

corpus: fuzz-setup ## reduce the fuzzers' corpora to inputs that reach something new, those that fuzzing has found included
	@$(MAKE) $(parallel) corpus-build
	@$(sanitizers) tests/fuzz/minimise $(FUZZ)

replay_runs := $(fuzz_targets:%=replay/%)
.PHONY: $(replay_runs)
replay: $(fuzz_targets:%=build/asan$(engine)/fuzz/%) ## the fuzzers' corpora under the address sanitizer, without clang
	@$(MAKE) $(together) $(replay_runs)
	@echo "replay: $(words $(fuzz_targets)) targets passed"

$(replay_runs): replay/%: build/asan$(engine)/fuzz/%
	@$(sanitizers) $< tests/fuzz/corpus/$*
