#!/bin/sh
# Install the original image-syncer, which test_differential.py compares with, into a folder of its own and never on PATH:
# it has our name. Prints where it is. Without Go, or when it cannot be had, says so and succeeds: that test is skipped then.
set -u

version=v1.5.5
folder=${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/image-syncer}/original-$version
program=$folder/image-syncer

if [ -x "$program" ]; then
	echo "$program"
	exit 0
fi
if ! command -v go >/dev/null; then
	echo "install-original: no Go here, so nothing is compared with the original" >&2
	exit 0
fi

# The tags leave out what would need C libraries: signatures by gpgme, and storage drivers.
log=$(mktemp) || exit 0
mkdir -p "$folder"
if GOBIN=$folder CGO_ENABLED=0 go install -trimpath \
	-tags containers_image_openpgp,exclude_graphdriver_btrfs,exclude_graphdriver_devicemapper \
	"github.com/AliyunContainerService/image-syncer@$version" >"$log" 2>&1 && [ -x "$program" ]; then
	echo "$program"
else
	tail -n 3 "$log" >&2
	rmdir "$folder" 2>/dev/null
	echo "install-original: $version cannot be installed, so nothing is compared with the original" >&2
fi
rm -f "$log"
exit 0
