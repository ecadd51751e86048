#!/bin/bash
# base.sh NAME: import a minimal Debian trixie into the container engine as image NAME.
#
# It stands in for debian:trixie-slim where no registry of images is in reach: debootstrap makes it from wherever this machine
# gets its own packages. A container has nothing of this machine's apt configuration, so that goes into the base: the
# addresses, the proxy, what is asked of signatures' dates, and the certificates that https mirrors are trusted by (in a
# file of their own, so the bundle in /etc/ssl, which ends up in the image, is Debian's). Needs root. The tree is made once
# and kept under ${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-~/.cache}/image-syncer}, for a month or until that configuration changes.
set -euo pipefail
export LC_ALL=C

RELEASE=trixie
name=${1:?usage: base.sh NAME}
cache=${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set; set IMAGE_SYNCER_CACHE}/.cache}/image-syncer}
architecture=$(dpkg --print-architecture)

die() {
	printf 'base: %s\n' "$@" >&2
	exit 1
}

# apt itself says where it goes, whatever form its files have: "address label" a line. It knows labels from its lists alone.
list_entries() {
	apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(ORIGIN) $(LABEL)' 'Created-By: Packages' |
		awk '$2 == "main" && $3 == "Debian" { print $1, $4 }' | sort -u
}
entries=$(list_entries)
if [ -z "$entries" ]; then
	apt-get -q update >/dev/null || true
	entries=$(list_entries)
fi
archive=$(awk '$2 == "Debian" { print $1; exit }' <<<"$entries")
security=$(awk '$2 == "Debian-Security" { print $1; exit }' <<<"$entries")
[ -n "$archive" ] || die 'apt knows no source of Debian main'
settings=$(apt-config dump | grep -E '^Acquire::(http|https|Check-|ForceIPv|Retries)' | grep -v ' "";$' || true)

hash=$({
	cat "$0"
	printf '%s\n' "$entries" "$settings" "$architecture"
} | sha256sum | cut -c1-16)
tree=$cache/base-$RELEASE-$hash.tar

make_tree() {
	local root keyring proxy
	work=$(mktemp -d "$cache/tmp.base.XXXXXX")
	trap 'rm -rf "$work"' EXIT # of the subshell it runs in
	root=$work/root
	for keyring in /usr/share/keyrings/debian-archive-keyring.{pgp,gpg}; do
		[ ! -e "$keyring" ] || break
	done
	proxy=$(apt-config dump --format '%v%n' Acquire::http::Proxy)
	[ -z "$proxy" ] || export http_proxy=$proxy
	echo "base: making Debian $RELEASE for $architecture (once a month; about a minute)" >&2
	debootstrap --variant=minbase --keyring="$keyring" "$RELEASE" "$root" "$archive" >"$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		die 'debootstrap failed'
	}
	{
		echo "deb $archive $RELEASE main"
		[ -z "$security" ] || echo "deb $security $RELEASE-security main"
	} >"$root/etc/apt/sources.list"
	printf '%s\n' "$settings" 'Acquire::https::CaInfo "/etc/apt/machine.crt";' >"$root/etc/apt/apt.conf.d/90machine"
	cat /etc/ssl/certs/ca-certificates.crt >"$root/etc/apt/machine.crt"
	rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/usr/share/{doc,man,locale}/*
	tar -C "$root" --numeric-owner --one-file-system -cf "$work/tree" .
	mv "$work/tree" "$tree"
}

mkdir -p "$cache"
exec 9>"$cache/base.lock"
flock 9
find "$cache" -maxdepth 1 -name "base-$RELEASE-*.tar" -mtime +30 -delete
[ -e "$tree" ] || (make_tree)
# The same tree is the same image: importing it again would make the engine forget what it built on it.
if [ "$(docker image inspect --format '{{ index .Config.Labels "tree" }}' "$name" 2>/dev/null)" != "$hash" ]; then
	docker import --change "LABEL tree=$hash" "$tree" "$name" >/dev/null
fi
