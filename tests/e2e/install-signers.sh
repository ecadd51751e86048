#!/bin/sh
# Install what test_signatures.py and test_referrers_from.py prove signatures with, where Go is: cosign, regctl, and two commands of tests/e2e/tools (a registry with
# the referrers API, and notation's library as a command). install-registries.sh has the other registries. Takes several minutes, mostly for cosign. Prints where they are.
set -u

cosign=v3.1.3
regctl=v0.11.1
here=$(cd "$(dirname "$0")" && pwd) || exit 1
folder=${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/image-syncer}/signers
export GOBIN="$folder" CGO_ENABLED=0

if ! command -v go >/dev/null; then
	echo "install-signers: no Go here, so real signatures are not tested" >&2
	exit 0
fi
mkdir -p "$folder" || exit 1

# install NAME COMMAND...: unless it is there already. What cannot be had is told, its tests are skipped.
install() {
	name=$1
	shift
	[ -x "$folder/$name" ] && return
	"$@" >"$folder/$name.log" 2>&1 && return
	tail -n 3 "$folder/$name.log" >&2
	echo "install-signers: $name cannot be installed" >&2
}

cd "$here/tools" || exit 1
install cosign go install -trimpath "github.com/sigstore/cosign/v3/cmd/cosign@$cosign"
install regctl go install -trimpath "github.com/regclient/regclient/cmd/regctl@$regctl"
install api-registry go install -trimpath ./api-registry
install notary go install -trimpath ./notary
echo "$folder"
