#!/bin/sh
# Install the programs that test_layout_peers.py exchanges folders with, where Go is: crane, oras, regctl. skopeo comes from Debian.
# Takes a few minutes. Prints where they are.
set -u

folder=${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/image-syncer}/layouts
export GOBIN="$folder" CGO_ENABLED=0

if ! command -v go >/dev/null; then
	echo "install-layout-peers: no Go here, so folders are exchanged with skopeo alone" >&2
	exit 0
fi
mkdir -p "$folder" || exit 1

# install NAME MODULE@VERSION: unless it is there already. What cannot be had is told, its tests are skipped.
install() {
	[ -x "$folder/$1" ] && return
	go install -trimpath "$2" >"$folder/$1.log" 2>&1 && return
	tail -n 3 "$folder/$1.log" >&2
	echo "install-layout-peers: $1 cannot be installed" >&2
}

install crane github.com/google/go-containerregistry/cmd/crane@v0.20.3
install oras oras.land/oras/cmd/oras@v1.2.3
install regctl github.com/regclient/regclient/cmd/regctl@v0.8.3
echo "$folder"
