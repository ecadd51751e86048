# Measurements: included by the Makefile.
#
# BENCH="--only image512,tags50 --rounds 3" chooses; a folder $BENCH_PEERS may hold peers that are not on PATH.
# HOOKS="--folder /dev/shm" keeps the server's record in memory, which shows what is not the disk's.

.PHONY: bench bench-folders bench-guard bench-mirror bench-tls bench-hooks bench-ranges
bench: build/image-syncer build/musl/bench/measure bench-tls bench-folders ## measure: side by side with every peer that is installed
	@src/deps/setup.sh bench
	@tests/bench/install-peers.sh
	@mkdir -p build/bench
	@BENCH_PEERS="$$(tests/bench/install-peers.sh --where):$$BENCH_PEERS" $(PYTHON) -B tests/bench/bench.py build/image-syncer \
		build/musl/bench/measure --out build/bench/results.json $(BENCH)
	@$(PYTHON) -B tests/bench/growth.py build/image-syncer build/musl/bench/measure

# FOLDERS="--size 1024 --rounds 3" chooses; the peers are those of tests/e2e/install-layout-peers.sh.
bench-folders: build/image-syncer build/musl/bench/measure ## measure: images to folders and archives and back, side by side with peers
	@src/deps/setup.sh bench
	@tests/e2e/install-layout-peers.sh >/dev/null
	@$(PYTHON) -B tests/bench/folders.py build/image-syncer build/musl/bench/measure $(FOLDERS)

# GUARD="--only tags50 --rounds 9" chooses.
bench-guard: build/image-syncer build/musl/bench/unconfined ## fails where this program takes more CPU than the last release for the same jobs
	@src/deps/setup.sh guard
	@base=$$(JOBS=$(JOBS) tests/bench/guard-base.sh) && \
		$(PYTHON) -B tests/bench/guard.py "$$base" build/image-syncer build/musl/bench/unconfined $(GUARD)

# SCALE=0.1 takes a tenth of the list; MIRROR="--peers regsync" chooses.
SCALE ?= 1
bench-mirror: build/image-syncer build/musl/bench/measure ## measure: a list of 7,241 entries, side by side with every peer that takes one
	@src/deps/setup.sh bench
	@tests/bench/install-peers.sh
	@mkdir -p build/bench
	@BENCH_PEERS="$$(tests/bench/install-peers.sh --where):$$BENCH_PEERS" $(PYTHON) -B tests/bench/mirror.py build/image-syncer \
		build/musl/bench/measure --scale $(SCALE) --out build/bench/mirror.json $(MIRROR)

bench-tls: build/musl$(engine)/bench/tls_connect ## measure: the CPU cost of a new https connection (TLS=openssl: with the other engine)
	@src/deps/setup.sh test
	@$(PYTHON) -B tests/bench/tls.py $<

bench-hooks: build/image-syncer build/musl/bench/hook_client ## measure: how fast a server answers hooks during a run, and what it weighs
	@src/deps/setup.sh test
	@$(PYTHON) -B tests/bench/hooks.py build/image-syncer build/musl/bench/hook_client $(HOOKS)

build/musl/bench/unconfined: tests/bench/unconfined.c build/musl/deps.stamp Makefile tests/bench/bench.mk
	@mkdir -p $(@D)
	@$(say) "CC   musl $<"
	@$(CC_musl) $(language) $(kernel_seccomp) $(FLAGS_musl) $(warnings) $(LINK_musl) -o $@ $<

# RANGES="--only limited --size 4096" chooses.
bench-ranges: build/image-syncer ## measure: one large layer over slow lines, as a ratio to a single connection
	@$(PYTHON) -B tests/bench/ranges.py $< $(RANGES)

define bench_rules
build/$1/bench/%.o: tests/bench/%.c build/$1/deps.stamp Makefile tests/bench/bench.mk
	@mkdir -p $$(@D)
	@$(say) "CC   $1 $$<"
	@$$(call compile,$1) -c -o $$@ $$<

build/$1/bench/%: build/$1/bench/%.o build/$1/libimage-syncer.a
	@$(say) "LINK $1 $$@"
	@$$(CC_$1) -pthread $$(LINK_$1) -o $$@ $$^ -Lbuild/$1/deps/lib $(libraries_of)
endef
$(foreach flavor,musl musl-openssl,$(eval $(call bench_rules,$(flavor))))
