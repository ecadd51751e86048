# How everything that ends up in the binary is compiled: read by the Makefile for our files and by build.sh for the libraries,
# so the two cannot drift apart. FLAGS_<flavor> is for code, LINK_<flavor> for the program.
#
# musl: the release for this machine. Defences the compiler offers (stack protector, stack clash, zeroed locals, cleared
#       registers), no optimisation that turns a mistake into a hole, sections so that the linker drops what is unused.
# amd64, arm64: the release for a named machine, by Debian's cross compiler where it is another than this one.
# asan: AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer on glibc.   tsan: ThreadSanitizer on glibc.
# fuzz: as asan, by clang, with what libFuzzer needs to see the ways through the code. Calls through pointers of another type
#       are how BearSSL does its classes.

SECTIONS := -ffunction-sections -fdata-sections
HARDENING := -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero \
	-fzero-call-used-regs=used-gpr -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
BRANCHES_x86_64 := -fcf-protection=full
BRANCHES_aarch64 := -mbranch-protection=standard
MACHINE := $(shell uname -m)

RELEASE := -O2 -fPIE $(SECTIONS) $(HARDENING)
FLAGS_musl := $(RELEASE) $(BRANCHES_$(MACHINE))
FLAGS_amd64 := $(RELEASE) $(BRANCHES_x86_64)
FLAGS_arm64 := $(RELEASE) $(BRANCHES_aarch64)
FLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined
FLAGS_tsan := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
FLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function

# Threads of musl get 128 KiB of stack unless the program says otherwise.
LINK_musl := -static-pie -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack,-z,stack-size=1048576
LINK_amd64 := $(LINK_musl)
LINK_arm64 := $(LINK_musl)
LINK_asan := -fsanitize=address,undefined
LINK_tsan := -fsanitize=thread
LINK_fuzz := -fsanitize=address,undefined

COMPILER_fuzz := clang-19

# What the names of the compiler and its tools begin with; a native one may be called by its long name too.
TOOLS_amd64 := x86_64-linux-gnu-
TOOLS_arm64 := aarch64-linux-gnu-

print-flags-%:
	@echo $(FLAGS_$*)
print-link-%:
	@echo $(LINK_$*)
print-tools-%:
	@echo $(TOOLS_$*)
print-compiler-%:
	@echo $(or $(COMPILER_$*),gcc)
