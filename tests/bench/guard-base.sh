#!/bin/sh
# guard-base.sh: build the last release as guard.py compares with it, and print the path of its program. That is the newest tag before
# HEAD; as long as there is none, the commit that guard.base names. It is built by its own recipe in build/guard, once.
set -eu

fail() {
	echo "bench-guard: $1" >&2
	exit 1
}

if name=$(git describe --tags --abbrev=0 --match 'v[0-9]*' HEAD^ 2>/dev/null); then
	from="the newest tag"
else
	name=$(sed '/^#/d' tests/bench/guard.base)
	from="named in tests/bench/guard.base"
fi
commit=$(git rev-parse --verify --quiet "$name^{commit}") ||
	fail "there is nothing to compare with: $name, $from, is not in this clone (a shallow one: git fetch --unshallow --tags)"
tree=build/guard/$commit
echo "bench-guard: compared with $name, $from" >&2
if [ ! -x "$tree/build/image-syncer" ]; then
	rm -rf "$tree"
	mkdir -p "$tree"
	git archive "$commit" | tar -x -C "$tree"
	# Nothing that was asked of this make is meant for that one.
	env -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS -u MAKELEVEL make -C "$tree" "-j${JOBS:-$(nproc)}" build/image-syncer >"$tree.log" 2>&1 || {
		tail -n 20 "$tree.log" >&2
		fail "there is nothing to compare with: $name, $from, does not build (all of it: $tree.log)"
	}
fi
[ -x "$tree/build/image-syncer" ] || fail "there is nothing to compare with: the recipe of $name makes no build/image-syncer"
echo "$tree/build/image-syncer"
