#!/bin/bash
# gates.sh [--quick] PROGRAM UNSTRIPPED: assert what the release binary must be; every line that fails is named.
# $TOOLS is what the names of the tools for the program's machine begin with.
#
# Reading the file is quick and part of every build. Running it in an empty root folder needs root or user namespaces and is
# left to the tests: there, not being able to try is a failure too.
set -euo pipefail
export LC_ALL=C

quick=
if [ "${1:-}" = --quick ]; then
	quick=yes
	shift
fi
program=${1:?usage: gates.sh [--quick] PROGRAM UNSTRIPPED}
unstripped=${2:?usage: gates.sh [--quick] PROGRAM UNSTRIPPED}
limit=$((10 * 256 * 1024))
passed=0
failed=0

gate() { # what, then a command that must succeed
	local what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "gates: FAILED: $program: $what" >&2
	fi
}
has() { grep -Eq -- "$2" <<<"$1"; }
lacks() { ! grep -Eq -- "$2" <<<"$1"; }

header=$("${TOOLS:-}readelf" -hW "$program")
segments=$("${TOOLS:-}readelf" -lW "$program" | awk '$2 ~ /^0x/')
dynamic=$("${TOOLS:-}readelf" -dW "$program")
sections=$("${TOOLS:-}readelf" -SW "$program")
symbols=$("${TOOLS:-}nm" "$unstripped")
! has "$symbols" ' SSL_CTX_new$' || limit=$((13 * 512 * 1024)) # OpenSSL is two thirds of it

gate 'is position independent (type DYN)' has "$header" '^ *Type: *DYN'
gate 'asks for no interpreter' lacks "$segments" '^ *INTERP'
gate 'needs no shared library' lacks "$dynamic" '\(NEEDED\)'
gate 'has no segment both writable and executable' lacks "$segments" ' RWE +0x'
gate 'has a stack that is not executable' has "$segments" '^ *GNU_STACK .* RW +0x'
gate 'makes relocated data read-only (RELRO)' has "$segments" '^ *GNU_RELRO '
gate 'binds at start (BIND_NOW)' has "$dynamic" 'BIND_NOW|FLAGS_1.*NOW'
gate 'relocates no code (TEXTREL)' lacks "$dynamic" 'TEXTREL'
gate 'gives threads a stack of a megabyte' has "$segments" '^ *GNU_STACK .* 0x0*100000 RW'
gate 'is stripped' lacks "$sections" '\.symtab|\.debug_'
gate 'carries the stack protector' has "$symbols" '__stack_chk_fail'
gate "is smaller than $limit bytes (is $(stat -c %s "$program"))" [ "$(stat -c %s "$program")" -lt "$limit" ]

# An empty folder as root: no libraries, no /proc, no /dev, no passwd. A foreign machine's program gets an empty environment
# and an emulator that looks for libraries where there are none.
runs_alone() {
	local root status=0
	case $(uname -m):$header in
	x86_64:*AArch64*) env -i "$(command -v qemu-aarch64)" -L /nonexistent "$program" --version >/dev/null; return ;;
	aarch64:*X86-64*) env -i "$(command -v qemu-x86_64)" -L /nonexistent "$program" --version >/dev/null; return ;;
	esac
	root=$(mktemp -d)
	cp "$program" "$root/image-syncer"
	if [ "$(id -u)" = 0 ]; then
		chroot "$root" /image-syncer --version >/dev/null || status=1
	else
		unshare -r chroot "$root" /image-syncer --version >/dev/null || status=1
	fi
	rm -rf "$root"
	return $status
}
[ -n "$quick" ] || gate 'runs in an empty root folder' runs_alone

[ -n "$quick" ] || echo "gates: $passed passed, $failed failed"
[ $failed = 0 ]
