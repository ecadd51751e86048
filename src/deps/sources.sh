#!/bin/bash
# What the other scripts share: this machine's apt configuration, read and rewritten to entries of sources. To be sourced by bash.
#
# Sources are Debian's own, from wherever this machine gets its packages, so that no address stands in this tree. apt runs on
# folders of its own: keys, proxy and credentials stay the machine's, its package lists are neither read nor changed, and no
# privilege is needed. The machine may run RELEASE, the release before, or a later one.
# shellcheck disable=SC2034 # what is set here is read by the others

RELEASE=trixie
PREVIOUS=bookworm

die() {
	printf 'deps: %s\n' "$@" >&2
	exit 1
}

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

# apt_begin DIR: let apt work in DIR/apt, and say in $apt_log what it does.
apt_begin() {
	local old new
	# The machine's release, and the names by which its apt entries may call it.
	. /etc/os-release
	codename=${VERSION_CODENAME:-}
	[ "${ID:-}" = debian ] && [ -n "$codename" ] ||
		die "this recipe takes its sources from Debian; this machine is ${ID:-unknown}"
	apt=$1/apt
	apt_log=$1/apt.log
	rm -rf "$apt"
	mkdir -p "$apt/parts" "$apt/preferences" "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	: >"$apt_log"
	shopt -s nullglob
	old=(/etc/apt/sources.list.d/*.list)
	[ -e /etc/apt/sources.list ] && old+=(/etc/apt/sources.list)
	new=(/etc/apt/sources.list.d/*.sources)
	shopt -u nullglob
	[ ${#old[@]} -eq 0 ] || rewrite_list "${old[@]}" | sort -u >"$apt/parts/deps.list"
	[ ${#new[@]} -eq 0 ] || rewrite_sources "${new[@]}" >"$apt/parts/deps.sources"
	apt_options=(
		-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/parts"
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts="$apt/preferences"
		-o Dir::State="$apt/state" -o Dir::State::lists="$apt/state/lists" -o Dir::State::status="$apt/status"
		-o Dir::Cache="$apt/cache" -o Acquire::Languages=none -o Acquire::Retries=3 -q
	)
}

apt_end() {
	rm -rf "$apt"
}

# The addresses that the entries name, each once, without a slash at the end. Lists of mirrors are replaced by what they list.
apt_addresses() {
	local address
	{
		awk '/^URIs:/ { for (i = 2; i <= NF; i++) print $i }' "$apt/parts/deps.sources" 2>/dev/null
		sed 's/^deb-src *\(\[[^]]*\]\)\{0,1\} *//; s/ .*//' "$apt/parts/deps.list" 2>/dev/null
	} | awk 'NF && !seen[$0]++' | while read -r address; do
		case $address in
		mirror+file:*) awk '!/^#/ && NF { print $1 }' "${address#mirror+file:}" 2>/dev/null || true ;;
		*) echo "$address" ;;
		esac
	done | sed 's#/*$##'
}

# apt_get ADDRESS FILE SHA256: true when it is there and the right one.
apt_get() {
	PATH=$PATH:/usr/lib/apt apt-helper "${apt_options[@]}" download-file "$1" "$2" "SHA256:$3" >>"$apt_log" 2>&1 </dev/null && return
	rm -f "$2" "$2.FAILED"
	return 1
}

# Read which sources there are. apt answers 100 when one suite is missing although the others are usable: what arrived decides.
apt_lists() {
	local release lists
	echo "deps: reading Debian's source lists" >&2
	cat "$apt"/parts/* 2>/dev/null | grep -q deb-src ||
		die "no entry for Debian $codename main in /etc/apt/sources.list or /etc/apt/sources.list.d"
	apt-get "${apt_options[@]}" update >>"$apt_log" 2>&1 || true
	# Only what calls itself Debian counts; an unrelated repository that happens to have such a suite falls out here.
	shopt -s nullglob
	for release in "$apt"/state/lists/*_InRelease "$apt"/state/lists/*_Release; do
		grep -qx 'Origin: Debian' "$release" || rm -f "${release%_*elease}"_*
	done
	lists=("$apt/state/lists/"*"_dists_${RELEASE}_main_source_Sources"*)
	[ ${#lists[@]} -gt 0 ] || {
		tail -n 5 "$apt_log" >&2
		die "apt could not read the source list of Debian $RELEASE (log: $apt_log)"
	}
	lists=("$apt/state/lists/"*"_dists_${RELEASE}-security_main_source_Sources"*)
	[ ${#lists[@]} -gt 0 ] || echo "deps: the list of $RELEASE-security is not to be had, going on without it" >&2
	shopt -u nullglob
}

# apt_offers NAME: the versions in the lists, newest first.
apt_offers() {
	local versions version best
	versions=$(apt-cache "${apt_options[@]}" showsrc --only-source "$1" 2>>"$apt_log" |
		awk -v name="$1" '$1 == "Package:" { ok = $2 == name } $1 == "Version:" && ok { print $2 }' | sort -u)
	while [ -n "$versions" ]; do
		best=
		for version in $versions; do
			if [ -z "$best" ] || dpkg --compare-versions "$version" gt "$best"; then
				best=$version
			fi
		done
		echo "$best"
		versions=$(printf '%s\n' $versions | grep -vxF -e "$best" || true)
	done
}

# apt_source NAME MINIMUM BELOW FOLDER: fetch the newest version from MINIMUM on that can be had into FOLDER, a new one, and set
# $taken to it. A mirror may list a version and not have its files yet. apt checks each file against the signed lists.
apt_source() {
	local version
	taken=
	for version in $(apt_offers "$1"); do
		dpkg --compare-versions "$version" ge "$2" || break
		[ "$3" = - ] || dpkg --compare-versions "$version" lt "$3" || continue
		rm -rf "$4"
		mkdir -p "$4"
		if (cd "$4" && apt-get "${apt_options[@]}" source --download-only --only-source "$1=$version") >>"$apt_log" 2>&1 </dev/null; then
			[ -e "$4/${1}_${version#*:}.dsc" ] || die "$1 $version: apt did not bring ${1}_${version#*:}.dsc"
			taken=$version
			return
		fi
		echo "deps: $1 $version is listed but cannot be fetched" >&2
	done
	return 1
}

# --- The lock --------------------------------------------------------------------------------------------------------------
#
# A line for each package, "name version minimum [below]", and under it a line for each of its files, "sha256 file", indented.

lock=${here:?}/packages

# lock_read: stop unless every line of the lock is of these forms and every package has its files, so that what is damaged (a
# line that was cut off, a merge) is never taken for a shorter list.
lock_read() {
	awk '
	function bad(text) { printf "deps: %s:%d: %s\n", FILENAME, line, text; wrong = 1 }
	function finish() { if (name != "" && (dsc != 1 || files < 2)) bad(name " lacks files: one .dsc and what it lists") }
	{ line = FNR }
	/^#/ || NF == 0 { next }
	/^\t/ && NF == 2 && name != "" && length($1) == 64 && $1 !~ /[^0-9a-f]/ && index($2, name "_") == 1 && $2 !~ /\// {
		if (seen[$2]++) bad($2 " is named twice")
		if ($2 ~ /\.dsc$/) dsc++
		files++
		next
	}
	/^[a-z]/ && (NF == 3 || NF == 4) && $1 !~ /[^a-z0-9.+-]/ {
		finish()
		name = $1; dsc = files = 0; packages++
		if (seen[name]++) bad(name " is named twice")
		next
	}
	{ bad("neither \"name version minimum [below]\" nor, behind a tab, \"sha256 file\"") }
	END { finish(); if (!packages) bad("no package"); exit wrong }' "$lock" >&2 || die 'the lock is damaged: take it from the repository again'
}

# lock_names FILE: "name version minimum below" a line, below being - where there is none.
lock_names() {
	awk '/^[a-z]/ { print $1, $2, $3, (NF > 3 ? $4 : "-") }' "$1"
}

# lock_files FILE NAME: "sha256 file" a line.
lock_files() {
	awk -v name="$2" '/^[a-z]/ { mine = $1 == name } /^\t/ && mine { print $1, $2 }' "$1"
}

# lock_entry NAME VERSION MINIMUM BELOW FOLDER: the lines of one package whose files, and no others, are in FOLDER.
lock_entry() {
	local below=$4
	[ "$below" != - ] || below=
	printf '%s\n' "$1 $2 $3${below:+ $below}"
	(cd "$5" && sha256sum -- *) | sed 's/^/\t/; s/  / /'
}

# lock_check FOLDER SHA256 FILE: whether the file is there, and is the one that the lock names.
lock_check() {
	[ -f "$1/$3" ] && [ "$(sha256sum <"$1/$3")" = "$2  -" ]
}

# The places below an address or folder where a package may have its files. Pools sort libraries by four letters, all others by one.
places() { # base name
	local base=${1%/} group=${2:0:1}
	case $2 in lib*) group=${2:0:4} ;; esac
	printf '%s\n' "$base" "$base/$2" "$base/pool/main/$group/$2" "$base/pool/updates/main/$group/$2"
}

# One file from the first place that has the right one.
lock_get() { # folder name sha256 file
	local base place
	{
		[ -z "${SOURCES:-}" ] || places "$SOURCES" "$2"
		apt_addresses | while read -r base; do
			places "$base" "$2" | tail -n 2
		done
	} >"$apt/places"
	while read -r place; do
		case $place in
		file:/* | copy:/*) place=${place#*:} ;;
		esac
		case $place in
		*:/*) apt_get "$place/$4" "$1/$4" "$3" && return ;;
		*) cp -- "$place/$4" "$1/$4" 2>/dev/null && lock_check "$1" "$3" "$4" && return ;;
		esac
		rm -f "$1/$4"
	done <"$apt/places"
	return 1
}

# lock_fetch NAME FOLDER: every file of NAME as the lock has it, in FOLDER. False when one is not to be had; $missing is its name.
lock_fetch() {
	local sum file
	mkdir -p "$2"
	while read -r sum file; do
		! lock_check "$2" "$sum" "$file" || continue
		rm -rf "${2:?}/$file"
		missing=$file
		lock_get "$2" "$1" "$sum" "$file" || return 1
		echo "deps: $file" >&2
	done < <(lock_files "$lock" "$1")
	return 0
}
