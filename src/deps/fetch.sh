#!/bin/bash
# fetch.sh DIR: bring the source packages named in "packages" into DIR, and list them in DIR/versions.
#
# The sources are Debian's own, signed, from wherever this machine gets its packages: its apt configuration is read and
# rewritten to a private list of deb-src entries (so no address stands in this tree), and apt runs on folders of its own
# inside DIR. Keys, proxy and credentials stay the machine's. The machine's own package lists are neither read nor changed,
# and no privilege is needed. Trust is apt's: signed InRelease, the hash of the index, the hash of every file.
#
# Packages come from RELEASE; the machine may run that release, the one before, or a later one. PREVIOUS is asked where a
# mirror lists a package of RELEASE that it does not have (its versions are lower, so they are the last that is tried).
# Progress goes to stderr. DIR/versions holds "name version dsc" a line and is written last, when every file is there.
set -euo pipefail

RELEASE=trixie
PREVIOUS=bookworm
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: fetch.sh DIR}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

die() {
	printf 'deps: %s\n' "$@" >&2
	exit 1
}

# The machine's release, and the names by which its apt entries may call it.
. /etc/os-release
codename=${VERSION_CODENAME:-}
[ "${ID:-}" = debian ] && [ -n "$codename" ] || die "this recipe takes its sources from Debian; this machine is ${ID:-unknown}"

# One-line entries: keep the options (keys, trust), drop the architecture, which says nothing about sources.
rewrite_list() {
	awk -v codename="$codename" -v release="$RELEASE" -v previous="$PREVIOUS" '
	$1 != "deb" && $1 != "deb-src" { next }
	{
		options = ""; field = 2
		if ($2 ~ /^\[/) {
			for (; field <= NF; field++) {
				word = $field
				sub(/^\[/, "", word)
				last = sub(/\]$/, "", word)
				if (word != "" && word !~ /^arch[+-]?=/) options = options " " word
				if (last) break
			}
			field++
		}
		uri = $field; suite = $(field + 1); main = 0
		for (i = field + 2; i <= NF; i++) if ($i == "main") main = 1
		if (!main || uri ~ /^cdrom:/) next
		if (suite ~ "^(" codename "|stable|oldstable|testing|unstable|sid)$") {
			print "deb-src" (options == "" ? "" : " [" substr(options, 2) "]"), uri, release, "main"
			print "deb-src" (options == "" ? "" : " [" substr(options, 2) "]"), uri, previous, "main"
		} else if (suite ~ "^(" codename "|stable|oldstable|testing)-security$") {
			print "deb-src" (options == "" ? "" : " [" substr(options, 2) "]"), uri, release "-security", "main"
		}
	}' "$@"
}

# deb822 stanzas: copy them as they are, only type, suites and components change.
rewrite_sources() {
	awk -v codename="$codename" -v release="$RELEASE" -v previous="$PREVIOUS" '
	function emit(suites) {
		printf "Types: deb-src\nURIs:%s\nSuites: %s\nComponents: main\n%s\n", uris, suites, rest
	}
	function flush(    i, n, word, plain, security) {
		n = split(suites, word, /[ \t\n]+/)
		for (i = 1; i <= n; i++) {
			if (word[i] ~ "^(" codename "|stable|oldstable|testing|unstable|sid)$") plain = 1
			if (word[i] ~ "^(" codename "|stable|oldstable|testing)-security$") security = 1
		}
		if (uris != "" && enabled && (" " components " ") ~ /[ \t\n]main[ \t\n]/) {
			if (plain) emit(release " " previous)
			if (security) emit(release "-security")
		}
		uris = suites = components = rest = key = ""; enabled = 1
	}
	BEGIN { enabled = 1 }
	FNR == 1 { flush() }
	/^#/ { next }
	/^[ \t]*$/ { flush(); next }
	/^[ \t]/ { value = $0 }
	/^[^ \t]/ {
		key = tolower($0); sub(/[ \t]*:.*/, "", key)
		value = $0; sub(/^[^:]*:/, "", value)
	}
	key == "uris" { uris = uris " " value; next }
	key == "suites" { suites = suites " " value; next }
	key == "components" { components = components " " value; next }
	key == "enabled" { if (tolower(value) ~ /no|false|off|0/) enabled = 0; next }
	key == "types" || key == "architectures" || key ~ /^(languages|targets|pdiffs|x-)/ { next }
	{ rest = rest $0 "\n" }
	END { flush() }' "$@"
}

apt=$dir/apt
rm -rf "$apt"
mkdir -p "$apt/parts" "$apt/preferences" "$apt/state/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
shopt -s nullglob
old=(/etc/apt/sources.list.d/*.list)
[ -e /etc/apt/sources.list ] && old+=(/etc/apt/sources.list)
new=(/etc/apt/sources.list.d/*.sources)
[ ${#old[@]} -eq 0 ] || rewrite_list "${old[@]}" | sort -u >"$apt/parts/deps.list"
[ ${#new[@]} -eq 0 ] || rewrite_sources "${new[@]}" >"$apt/parts/deps.sources"
cat "$apt"/parts/* 2>/dev/null | grep -q deb-src ||
	die "no entry for Debian $codename main in /etc/apt/sources.list or /etc/apt/sources.list.d"

options=(
	-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/parts"
	-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts="$apt/preferences"
	-o Dir::State="$apt/state" -o Dir::State::lists="$apt/state/lists" -o Dir::State::status="$apt/status"
	-o Dir::Cache="$apt/cache" -o Acquire::Languages=none -o Acquire::Retries=3 -q
)

# apt answers 100 when one suite is missing although the others are usable: what arrived decides.
echo "deps: reading Debian's source lists" >&2
apt-get "${options[@]}" update >"$dir/apt.log" 2>&1 || true
# Only what calls itself Debian counts; an unrelated repository that happens to have such a suite falls out here.
for release in "$apt"/state/lists/*_InRelease "$apt"/state/lists/*_Release; do
	grep -qx 'Origin: Debian' "$release" || rm -f "${release%_*elease}"_*
done
lists=("$apt/state/lists/"*"_dists_${RELEASE}_main_source_Sources"*)
[ ${#lists[@]} -gt 0 ] || {
	tail -n 5 "$dir/apt.log" >&2
	die "apt could not read the source list of Debian $RELEASE (log: $dir/apt.log)"
}
lists=("$apt/state/lists/"*"_dists_${RELEASE}-security_main_source_Sources"*)
[ ${#lists[@]} -gt 0 ] || echo "deps: the list of $RELEASE-security is not to be had, going on without it" >&2

# A mirror may list a version and not have its files yet: try from the newest down.
fetch() { # name minimum below
	local name=$1 minimum=$2 below=${3:-} version versions best='' dsc
	versions=$(apt-cache "${options[@]}" showsrc --only-source "$name" 2>>"$dir/apt.log" |
		awk -v name="$name" '$1 == "Package:" { ok = $2 == name } $1 == "Version:" && ok { print $2 }' | sort -u)
	while [ -n "$versions" ]; do
		best=
		for version in $versions; do
			if [ -z "$best" ] || dpkg --compare-versions "$version" gt "$best"; then
				best=$version
			fi
		done
		versions=$(printf '%s\n' $versions | grep -vxF -e "$best" || true)
		dpkg --compare-versions "$best" ge "$minimum" || break
		[ -z "$below" ] || dpkg --compare-versions "$best" lt "$below" || continue
		mkdir -p "$dir/$name"
		if (cd "$dir/$name" && apt-get "${options[@]}" source --download-only --only-source "$name=$best") \
			>>"$dir/apt.log" 2>&1; then
			dsc=${name}_${best#*:}.dsc
			[ -e "$dir/$name/$dsc" ] || die "$name $best: apt did not bring $dsc"
			echo "deps: $name $best" >&2
			printf '%s %s %s\n' "$name" "$best" "$name/$dsc" >>"$dir/versions.new"
			return
		fi
		echo "deps: $name $best is listed but cannot be fetched, trying an older one" >&2
	done
	tail -n 5 "$dir/apt.log" >&2
	die "no usable $name, at least $minimum${below:+ and below $below} (log: $dir/apt.log)"
}

: >"$dir/versions.new"
while read -r name minimum below; do
	case $name in '' | '#'*) continue ;; esac
	fetch "$name" "$minimum" "$below"
done <"$here/packages"
rm -rf "$apt"
mv "$dir/versions.new" "$dir/versions"
