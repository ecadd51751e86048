# How everything that ends up in the binary is compiled: read by the Makefile for our files and by build.sh for the libraries,
# so the two cannot drift apart. FLAGS_<flavor> is for code, LINK_<flavor> for the program.
#
# musl: the release. Defences the compiler offers (stack protector, stack clash, zeroed locals, cleared registers), no
#       optimisation that turns a mistake into a hole, sections so that the linker drops what is unused.
# asan: AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer on glibc.   tsan: ThreadSanitizer on glibc.
# fuzz: as asan, by clang, with what libFuzzer needs to see the ways through the code. Calls through pointers of another type
#       are how BearSSL does its classes.

SECTIONS := -ffunction-sections -fdata-sections
HARDENING := -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero \
	-fzero-call-used-regs=used-gpr -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
BRANCHES_x86_64 := -fcf-protection=full
BRANCHES_aarch64 := -mbranch-protection=standard
MACHINE := $(shell uname -m)

FLAGS_musl := -O2 -fPIE $(SECTIONS) $(HARDENING) $(BRANCHES_$(MACHINE))
FLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined
FLAGS_tsan := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
FLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function

# Threads of musl get 128 KiB of stack unless the program says otherwise.
LINK_musl := -static-pie -Wl,--gc-sections,-z,relro,-z,now,-z,noexecstack,-z,stack-size=1048576
LINK_asan := -fsanitize=address,undefined
LINK_tsan := -fsanitize=thread
LINK_fuzz := -fsanitize=address,undefined

COMPILER_fuzz := clang-19

print-flags-%:
	@echo $(FLAGS_$*)
print-link-%:
	@echo $(LINK_$*)
print-compiler-%:
	@echo $(or $(COMPILER_$*),gcc)
