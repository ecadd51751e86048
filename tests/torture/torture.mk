# Faults at every place: included by the Makefile.
#
# Each cell breaks one thing in one run between real registries. LAYER=B takes one layer, SHARD=2/5 a part, LIMIT=500 at most so
# many cells, ONLY=dst-put those whose name has it.

torture_alloc := build/musl$(engine)/torture/image-syncer
torture_program = $(PYTHON) -B tests/torture/torture.py build/image-syncer$(engine) --alloc $(torture_alloc) \
	--out build/torture$(engine) --jobs $(JOBS) --only "$(ONLY)"

.PHONY: torture torture-quick torture-memory
torture: build/image-syncer$(engine) $(torture_alloc) ## break everything in every way: layers A to F, I and J (hours; LAYER=D takes one)
	@$(torture_program) --layer "$(or $(LAYER),ABCDEFIJ)" --shard "$(or $(SHARD),1/1)" --limit "$(or $(LIMIT),0)"

torture-quick: build/image-syncer$(engine) $(torture_alloc) ## 400 cells of layer A, and a few of each other layer
	@$(torture_program) --quick 400 --layer "$(or $(LAYER),ADEFIJ)"

torture-memory: torture_alloc := build/asan$(engine)/torture/image-syncer
torture-memory: build/image-syncer$(engine) build/asan$(engine)/torture/image-syncer ## layer E under the address sanitizer: leaks count as well
	@$(torture_program) --layer E --shard "$(or $(SHARD),1/1)" --limit "$(or $(LIMIT),2000)" --out build/torture$(engine)/asan

# The program with allocations that fail on purpose; the call sites in the libraries count as well as ours.
define torture_rules
build/$1/torture/alloc.o: tests/torture/alloc.c build/$1/deps.stamp Makefile tests/torture/torture.mk
	@mkdir -p $$(@D)
	@$$(say) "CC   $1 $$<"
	@$$(call compile,$1) -Itests/unit -c -o $$@ $$<

build/$1/torture/image-syncer: build/$1/main.o build/$1/torture/alloc.o build/$1/libimage-syncer.a
	@$$(say) "LINK $1 $$@"
	@$$(CC_$1) -pthread $$(LINK_$1) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o $$@ $$^ -Lbuild/$1/deps/lib $(libraries_of)

-include build/$1/torture/alloc.d
endef
$(foreach flavor,musl asan musl-openssl asan-openssl,$(eval $(call torture_rules,$(flavor))))
