#!/bin/sh
# install-peers.sh [--where]: install the peers that Go can install into a folder of their own; --where only prints that folder.
# What cannot be had is left out, and the benchmark says so. skopeo is a Debian package; for others put them on PATH or into
# $BENCH_PEERS (oras, ocync, and the original under the name image-syncer-original).
set -u

folder=${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/image-syncer}/peers
if [ "${1:-}" = --where ]; then
	echo "$folder"
	exit 0
fi
if ! command -v go >/dev/null; then
	echo "install-peers: no Go here: only peers that are installed already take part" >&2
	exit 0
fi
mkdir -p "$folder"

# install MODULE VERSION: skipped when that version is there.
install() {
	name=${1##*/}
	[ "$(cat "$folder/$name.version" 2>/dev/null)" = "$2" ] && return
	if GOBIN=$folder CGO_ENABLED=0 go install -trimpath "$1@$2" >/dev/null 2>&1; then
		echo "$2" >"$folder/$name.version"
	else
		echo "install-peers: $name $2 cannot be installed by Go here" >&2
	fi
}

install github.com/google/go-containerregistry/cmd/crane v0.22.1
install github.com/regclient/regclient/cmd/regsync v0.11.7
install oras.land/oras/cmd/oras v1.3.0
exit 0
