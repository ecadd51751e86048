#!/bin/sh
# Install regsync and dregsy, with whose files test_peers_differential.py compares, into a folder of their own; skopeo is a package of the
# system. Says where they are. Without Go, or when one cannot be had, says so and succeeds: its tests are skipped then.
set -u

folder=${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/image-syncer}/peers
mkdir -p "$folder"

install() {
	name=$1 module=$2
	if [ -x "$folder/$name" ]; then
		echo "$folder/$name"
	elif ! command -v go >/dev/null; then
		echo "install-peers: no Go here, so nothing is compared with $name" >&2
	elif GOBIN=$folder CGO_ENABLED=0 go install -trimpath "$module" >/dev/null 2>&1 && [ -x "$folder/$name" ]; then
		echo "$folder/$name"
	else
		echo "install-peers: $module cannot be installed, so nothing is compared with it" >&2
	fi
}

install regsync github.com/regclient/regclient/cmd/regsync@v0.11.1
install dregsy github.com/xelalexv/dregsy/cmd/dregsy@v0.5.2
command -v skopeo || echo "install-peers: no skopeo here, so nothing is compared with it" >&2
exit 0
