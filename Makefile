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
# the two generated headers, and the server's page as C. Everything but src/main.c goes into libimage-syncer.a, which the unit
# tests link against.

VERSION := 1.0.0

PYTHON ?= /usr/bin/python3
CLANG_FORMAT ?= clang-format-19
PREFIX ?= /usr/local
# How much runs side by side, unless make's own -j says it. Tests get four times as many workers, since they mostly wait.
JOBS ?= $(shell nproc)
parallel = --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))
# What pytest makes of a test's file costs more than all else before the first test: it is kept, and not between the sources.
PYTEST := env PYTHONPYCACHEPREFIX=$(CURDIR)/build/pycache $(PYTHON) -m pytest -p no:cacheprovider

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/sh
export LC_ALL := C.UTF-8

include src/deps/flags.mk

# --- What is compiled, and how ---------------------------------------------------------------------------------------

machines := amd64 arm64
bases := musl $(machines) asan tsan
flavors := $(bases) $(bases:%=%-openssl) fuzz coverage

# The engine of TLS: "make TLS=openssl" builds build/image-syncer-openssl, from flavors whose names end in -openssl.
TLS ?= bearssl
$(if $(filter bearssl openssl,$(TLS)),,$(error TLS=$(TLS): the engines are bearssl and openssl))
engine := $(if $(filter openssl,$(TLS)),-openssl)
engine_of = $(if $(filter %-openssl,$1),openssl,bearssl)

sources := $(sort $(wildcard src/*/*.c src/*/*/*.c))
library_of = $(filter-out $(if $(filter openssl,$(engine_of)),src/net/bearssl/%,src/net/openssl/%),$(sources))
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
libraries_of = -lcurl $(if $(filter openssl,$(engine_of)),-lssl -lcrypto,-lbearssl) -lcjson -lyaml -lpcre2-8 -lnettle -lmicrohttpd
libraries := $(call libraries_of,musl)

CC_musl := build/musl/deps/bin/musl-gcc
CC_amd64 := build/amd64/deps/bin/musl-gcc
CC_arm64 := build/arm64/deps/bin/musl-gcc
CC_asan := gcc
CC_tsan := gcc
CC_fuzz := $(COMPILER_fuzz)
CC_coverage := gcc
CC_lint := $(CC_musl)

# What a flavor with the other engine has in common with the one it is named after.
define same_as
CC_$1-openssl := $(subst build/$1/,build/$1-openssl/,$(CC_$1))
FLAGS_$1-openssl = $$(FLAGS_$1)
LINK_$1-openssl = $$(LINK_$1)
TOOLS_$1-openssl = $$(TOOLS_$1)
warnings_$1-openssl = $$(warnings_$1)
endef
$(foreach base,$(bases),$(eval $(call same_as,$(base))))

# Libraries of another flavor: those of asan know nothing of coverage, and need not.
deps_lint := musl
deps_coverage := asan

# The lint flavor is the release's objects once more with every warning an error; it is never linked.
FLAGS_lint := $(FLAGS_musl)

# What the kernel offers beyond the C library: seccomp, Landlock, what it knows of a connection. Its headers come after musl's own. And what POSIX has since
# 2024: accept4().
# Where something examines the program from inside, it must not defend itself against that.
kernel_seccomp = -D_GNU_SOURCE -idirafter /usr/include -idirafter /usr/include/$(shell gcc -print-multiarch)
kernel_landlock = $(kernel_seccomp)
kernel_distance = $(kernel_seccomp)
kernel_listener := -D_GNU_SOURCE
examined_asan := -DHARDEN_NOTHING
examined_tsan := -DHARDEN_NOTHING
examined_fuzz := -DHARDEN_NOTHING
examined_coverage := -DHARDEN_NOTHING
examined_asan-openssl := -DHARDEN_NOTHING
examined_tsan-openssl := -DHARDEN_NOTHING

# What runs a few times in a run is compiled for size, everything on the way of bytes for speed.
small := $(foreach folder,cmd config discover notify plan report request serve,src/$(folder)/%)
sized = $(if $(filter musl amd64 arm64 lint musl-openssl amd64-openssl arm64-openssl,$1),$(if $(filter $(small),$<),-Os))

# compile FLAVOR: the command of one object, without its names.
compile = $(CC_$1) $(language) $(kernel_$(*F)) $(examined_$1) $(FLAGS_$1) $(sized) $(warnings) $(warnings_$1) $(CFLAGS) -Isrc -Ibuild/$1 -isystem build/$1/deps/include -MMD -MP

# --- Everyday targets ------------------------------------------------------------------------------------------------

.PHONY: all asan tsan $(machines) setup update-deps demo picture deb publish-names gates install clean distclean help FORCE

all: build/image-syncer$(engine) ## build build/image-syncer, the static release binary (TLS=openssl: build/image-syncer-openssl)

asan tsan $(machines): %: build/%$(engine)/image-syncer

setup: ## install the Debian packages that building, the demo and the tests need (root)
	@src/deps/setup.sh test

update-deps: ## lock the newest sources of the libraries that this machine's apt can fetch
	@src/deps/update.sh

demo: ## two registries on this machine, one sync, the report (sets itself up)
	@src/deps/setup.sh demo
	@$(MAKE) $(parallel) all
	@$(PYTHON) -B tests/demo/demo.py build/image-syncer

picture: build/image-syncer ## draw docs/run.svg, the picture of the README, from a run between two registries on this machine
	@$(PYTHON) -B tests/demo/picture.py build/image-syncer docs/run.svg

# PROGRAM: one that was built elsewhere from this very source, as a release has it.
PROGRAM ?= build/image-syncer
deb: $(PROGRAM) ## build/image-syncer_VERSION_ARCHITECTURE.deb
	@.ci/deb $(PROGRAM) build/image-syncer_$$($(PROGRAM) --version | awk 'NR == 1 { print $$2 }')_$$(dpkg --print-architecture).deb

publish-names: ## put OWNER=name in place of the word OWNER, in documents, examples and the package
	@.ci/publish-names '$(OWNER)'

gates: build/image-syncer$(engine) ## what the release binary must be
	@src/deps/gates.sh build/image-syncer$(engine) build/musl$(engine)/image-syncer.debug

completions = $(DESTDIR)$(PREFIX)/share/bash-completion/completions/image-syncer
completions += $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_image-syncer
completions += $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/image-syncer.fish

install: build/image-syncer ## install program, manual and completions under $(DESTDIR)$(PREFIX)
	install -D -m 755 build/image-syncer $(DESTDIR)$(PREFIX)/bin/image-syncer
	ln -sf image-syncer $(DESTDIR)$(PREFIX)/bin/imgsync
	install -D -m 644 src/image-syncer.1 $(DESTDIR)$(PREFIX)/share/man/man1/image-syncer.1
	install -D -m 644 src/imgsync.1 $(DESTDIR)$(PREFIX)/share/man/man1/imgsync.1
	mkdir -p $(dir $(completions))
	build/image-syncer completion bash >$(word 1,$(completions))
	ln -sf image-syncer $(dir $(word 1,$(completions)))imgsync
	build/image-syncer completion zsh >$(word 2,$(completions))
	build/image-syncer completion fish >$(word 3,$(completions))

clean: ## remove build/
	rm -rf build

distclean: clean ## remove build/ and the cached libraries and sources (the next make fetches them again)
	rm -rf "$${IMAGE_SYNCER_CACHE:-$${XDG_CACHE_HOME:-$$HOME/.cache}/image-syncer}"

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' Makefile $(wildcard tests/*.mk tests/*/*.mk) | expand -t 16

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

# Rewritten only when the text changed, so that a commit does not recompile more than the file that prints it. It says so when
# the libraries are not made from what is locked.
build/$1/version.h: build/$1/deps.stamp FORCE
	@printf '#pragma once\n#define VERSION "%s"\n' "$$(program_version)$$$$([ ! -e build/$1/deps/other-sources ] || echo +other-sources)" | $$(replace)

build/$1/versions.h: build/$1/deps.stamp
	@awk '{ all = all (all == "" ? "" : " ") $$$$1 " " $$$$2 } END { \
		print "#pragma once\n#define DEPS_VERSIONS \"" all "\"" }' build/$1/deps/versions | $$(replace)

build/$1/%.o: src/%.c build/$1/deps.stamp Makefile | build/$1/version.h build/$1/versions.h
	@mkdir -p $$(@D)
	@$(say) "CC   $1 $$<"
	@$$(call compile,$1) -include src/base/banned.h -c -o $$@ $$<

# The page of the server, as C.
build/$1/serve/page.c: src/serve/page.html src/serve/page.sh
	@mkdir -p $$(@D)
	@src/serve/page.sh $$< >$$@

build/$1/serve/page.o: build/$1/serve/page.c src/serve/page.h build/$1/deps.stamp Makefile
	@$(say) "CC   $1 $$<"
	@$$(call compile,$1) -include src/base/banned.h -c -o $$@ $$<

build/$1/libimage-syncer.a: $(patsubst src/%.c,build/$1/%.o,$(call library_of,$1)) build/$1/serve/page.o
	@rm -f $$@
	@$$(TOOLS_$1)ar rcs $$@ $$^

-include $(patsubst src/%.c,build/$1/%.d,$(call library_of,$1)) build/$1/main.d
endef

define program_rules
build/$1/image-syncer$2: build/$1/main.o build/$1/libimage-syncer.a
	@$(say) "LINK $1 $$@"
	@$$(CC_$1) -pthread $$(LINK_$1) $$(LDFLAGS) -o $$@ $$^ -Lbuild/$1/deps/lib $(libraries_of)
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
releases := musl $(machines)
$(foreach flavor,$(releases) $(releases:%=%-openssl),$(eval $(call program_rules,$(flavor),.debug)))
$(foreach flavor,asan tsan asan-openssl tsan-openssl,$(eval $(call program_rules,$(flavor),)))
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

build/image-syncer-openssl: build/musl-openssl/image-syncer.debug src/deps/gates.sh
	$(call release,musl-openssl)

arm64: ## the release for arm64, cross-compiled where that is another machine: build/arm64/image-syncer (make amd64: likewise)

$(foreach machine,$(machines) $(machines:%=%-openssl),build/$(machine)/image-syncer): build/%/image-syncer: build/%/image-syncer.debug src/deps/gates.sh
	$(call release,$*)

# --- Everything around it --------------------------------------------------------------------------------------------

# The image is built without tests/.
-include tests/fuzz/fuzz.mk tests/tests.mk tests/analyse/analyse.mk tests/torture/torture.mk tests/bench/bench.mk tests/image/image.mk
