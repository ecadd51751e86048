#!/bin/bash
# fetch.sh DIR [NAME...]: bring every source file that the lock ("packages") has for these packages, or for all, into DIR/NAME,
# and nothing that differs from it.
#
# Asked are, in this order: DIR itself, $SOURCES, and the pools behind this machine's apt configuration (sources.sh). SOURCES is
# a folder or the address of one, which has the files side by side, by package, or as Debian's pool has them; an archive of the
# distribution as it was on some day will do. What a file must be is in the lock, so it does not matter who gave it.
#
# A file that cannot be had ends this with a choice. With ALLOW_OTHER_SOURCES=1 the newest version that apt offers is taken in
# its place, on apt's word: it goes to DIR/other.NAME, DIR/other then has its entry in the form of the lock, and build.sh marks
# the program. Progress goes to stderr.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=src/deps/sources.sh
. "$here/sources.sh"
lock_read
dir=${1:?usage: fetch.sh DIR [NAME...]}
shift
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
case ${SOURCES:-} in
'' | *:/*) ;;
*) [ -d "$SOURCES" ] || die "SOURCES=$SOURCES is neither a folder nor the address of one" ;;
esac

refuse() { # name version
	local offers
	apt_lists
	offers=$(apt_offers "$1" | paste -sd' ')
	die "the lock (src/deps/packages) wants $1 $2, and $missing cannot be had here (log: $apt_log)" \
		"apt on this machine offers: ${offers:-nothing of that name}" \
		'A distribution removes what it has superseded. To go on, one of these:' \
		'  SOURCES=DIR make            DIR, a folder or an address, has the files: the folder "sources" of any cache,' \
		'                              or an archive of the distribution as it was' \
		'  make update-deps            lock the newest versions that can be had; look at what changed, and commit it' \
		'  ALLOW_OTHER_SOURCES=1 make  build from what is offered; the version of the program then ends in +other-sources'
}

instead() { # name version minimum below
	[ -e "$dir/other.new" ] || apt_lists
	apt_source "$1" "$3" "$4" "$dir/other.$1" || die "no usable $1, at least $3, below $4 (log: $apt_log)"
	echo "deps: $1 $taken takes the place of $2, which is locked and cannot be had" >&2
	lock_entry "$1" "$taken" "$3" "$4" "$dir/other.$1" >>"$dir/other.new"
}

rm -rf "$dir"/other "$dir"/other.*
apt_begin "$dir"
while read -r name version minimum below; do
	[ $# = 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
	lock_fetch "$name" "$dir/$name" && continue
	[ "${ALLOW_OTHER_SOURCES:-}" = 1 ] || refuse "$name" "$version"
	instead "$name" "$version" "$minimum" "$below"
done < <(lock_names "$lock")
[ ! -e "$dir/other.new" ] || mv "$dir/other.new" "$dir/other"
apt_end
