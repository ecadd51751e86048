# Analysers, valgrind and coverage: included by the Makefile.

# Ours alone, so they stand here and not in src/deps/flags.mk, which the libraries are built from.
FLAGS_coverage := -O0 -g --coverage -fprofile-update=atomic
# A test's child that ends by _exit() writes its counters by itself.
LINK_coverage := -fsanitize=address,undefined --coverage -Wl,-u,__gcov_dump

analysed := src/main.c $(call library_of,asan)

# gcc 12 takes the slot of a list that memmove() has just freed for one that still owns its text.
quiet_secret := -Wno-analyzer-malloc-leak
# The dates are there whenever the selection asks for them.
quiet_select := -Wno-analyzer-null-dereference
# It cannot know that there are as many marks as cJSON has values (the fuzz target "json" compares them), nor that BearSSL's
# decoder has a key whenever it has no error.
quiet_json := -Wno-analyzer-null-dereference
quiet_tls_pem := -Wno-analyzer-null-dereference

.PHONY: analyse analyse-tidy analyse-cppcheck analyse-gcc valgrind coverage
analyse: ## clang-tidy, cppcheck and gcc -fanalyzer over src/; any finding is an error
	@src/deps/setup.sh analyse
	@$(MAKE) $(parallel) -k analyse-tidy analyse-cppcheck analyse-gcc

# One stamp for each file and analyser, so that only what changed is looked at again.
analyse-tidy: $(analysed:src/%.c=build/analyse/%.tidy)
	@echo "clang-tidy: $(words $(analysed)) files, nothing found"

analyse-gcc: $(analysed:src/%.c=build/analyse/%.gcc)
	@echo "gcc -fanalyzer: $(words $(analysed)) files, nothing found"

build/analyse/%.tidy: src/%.c .clang-tidy build/asan/deps.stamp | build/asan/version.h build/asan/versions.h
	@mkdir -p $(@D)
	@clang-tidy-19 --quiet --warnings-as-errors='*' $< -- $(language) $(kernel_$(*F)) -Isrc -Ibuild/asan \
		-isystem build/asan/deps/include -include src/base/banned.h 2>$@.new || { cat $@.new; exit 1; }
	@mv $@.new $@

build/analyse/%.gcc: src/%.c build/asan/deps.stamp | build/asan/version.h build/asan/versions.h
	@mkdir -p $(@D)
	@gcc $(language) $(kernel_$(*F)) -O2 -fanalyzer -Werror $(quiet_$(*F)) -Isrc -Ibuild/asan \
		-isystem build/asan/deps/include -include src/base/banned.h -c -o /dev/null $<
	@touch $@

# Reasons stand in tests/analyse/cppcheck.txt.
analyse-cppcheck: build/asan/deps.stamp | build/asan/version.h build/asan/versions.h
	@mkdir -p build/analyse/cppcheck
	@cppcheck --quiet --std=c11 --enable=warning,style,performance,portability --error-exitcode=1 \
		--cppcheck-build-dir=build/analyse/cppcheck --suppressions-list=tests/analyse/cppcheck.txt \
		--inline-suppr -j$(JOBS) -Isrc -Ibuild/asan src
	@echo "cppcheck: $(words $(analysed)) files, nothing found"

# A fresh copy, in sync, an index, refused logins, tokens, a cancelled run, faults on both sides, damage, a list of referrers.
VALGRIND_TESTS ?= -k "(test_copy and (single or index)) or test_wrong_basic_credentials or test_a_token_that_dies_early \
	or test_a_signal_ends_the_run or reset-inside-download or 503-target-put-blob or test_a_corrupt_blob_never \
	or (test_all_of_it_arrives and from-api and to-tags) or test_a_download_that_breaks_three_times"
valgrind: ## memcheck over a few end-to-end tests, on the code of the release
	@src/deps/setup.sh valgrind
	@$(MAKE) $(parallel) build/musl/analyse/image-syncer build/musl/analyse/faulty build/musl/bench/unconfined
	@tests/analyse/valgrind build/musl/analyse/image-syncer build/musl/analyse/faulty build/musl/bench/unconfined $(CURDIR)/build/valgrind
	@IMAGE_SYNCER=$(CURDIR)/build/valgrind/image-syncer IMAGE_SYNCER_FLAVOR=valgrind $(PYTEST) tests/e2e $(VALGRIND_TESTS)

# The objects of the release and its libraries, linked as it is, with the heap in between.
hidden := malloc calloc realloc aligned_alloc posix_memalign free
heap := $(hidden:%=-Wl,--wrap=%)


build/musl/analyse/%.o: tests/analyse/%.c build/musl/deps.stamp Makefile
	@mkdir -p $(@D)
	@$(CC_musl) $(language) $(FLAGS_musl) $(warnings) -g -idirafter /usr/include -c -o $@ $<

build/musl/analyse/image-syncer: build/musl/main.o build/musl/analyse/heap.o build/musl/libimage-syncer.a
	@$(CC_musl) -pthread $(LINK_musl) $(heap) -o $@ $^ -Lbuild/musl/deps/lib $(libraries)

build/musl/analyse/faulty: build/musl/analyse/faulty.o build/musl/analyse/heap.o
	@$(CC_musl) -pthread $(LINK_musl) $(heap) -o $@ $^

# COVERED=tests/cases leaves out the end-to-end tests, which take most of the time: what is pure must be covered without them.
COVERED ?= tests/cases tests/e2e
coverage: ## lines and branches that unit tests, cases, corpora and end-to-end tests run, by layer
	@src/deps/setup.sh coverage
	@$(MAKE) $(parallel) build/coverage/image-syncer $(units:%=build/coverage/unit/%) $(fuzz_targets:%=build/coverage/fuzz/%)
	@find build/coverage -name '*.gcda' -delete
	@for test in $(units); do echo "TEST $$test"; build/coverage/unit/$$test >/dev/null 2>&1 || echo "coverage: $$test failed"; done
	@for target in $(fuzz_targets); do build/coverage/fuzz/$$target tests/fuzz/corpus/$$target; done
	@$(call pytest,coverage,build/coverage/image-syncer,$(COVERED)) || echo 'coverage: a test failed'
	@tests/analyse/coverage.py
