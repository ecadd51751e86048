#!/bin/bash
# update.sh: rewrite the lock ("packages") to the newest versions that this machine's apt lists and can fetch.
#
# A version that is listed before its files are there is passed over. The lock never steps back: where all that can be had is
# older than what is locked, the locked version stays as long as its own files can be had; otherwise this ends with an error,
# and the lock is as it was. After a change, ADVISORIES.md has to be looked at again, which a lint asks for.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=src/deps/sources.sh
. "$here/sources.sh"
lock_read
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
apt_begin "$work"
apt_lists

entry() { # name: as it is in the lock
	awk -v name="$1" '/^[a-z]/ { mine = $1 == name } /^[a-z\t]/ && mine' "$lock"
}

# The lines before the first package say what the file is.
awk '/^[a-z]/ { exit } { print }' "$lock" >"$work/lock"
while read -r name locked minimum below; do
	apt_source "$name" "$minimum" "$below" "$work/$name" || true
	if [ -n "$taken" ] && dpkg --compare-versions "$taken" gt "$locked"; then
		echo "deps: $name $locked -> $taken" >&2
		lock_entry "$name" "$taken" "$minimum" "$below" "$work/$name" >>"$work/lock"
		continue
	fi
	if [ "$taken" = "$locked" ] && [ "$(lock_entry "$name" "$taken" "$minimum" "$below" "$work/$name")" != "$(entry "$name")" ]; then
		die "$name $locked: apt brings other files than the lock names under the same version; the lock is unchanged"
	fi
	[ "$taken" = "$locked" ] || lock_fetch "$name" "$work/locked" ||
		die "$name: the newest that can be had is ${taken:-none}, a step back from $locked, which is locked" \
			"and $missing cannot be had; the lock is unchanged"
	echo "deps: $name stays at $locked" >&2
	entry "$name" >>"$work/lock"
done < <(lock_names "$lock")
apt_end
cat "$work/lock" >"$lock"
