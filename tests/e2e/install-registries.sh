#!/bin/sh
# install-registries.sh [NAME...]: install registries of other makes than Debian's where Go is, all of them or the ones that are named:
# registry (distribution 3), zot and olareg, which takes many minutes. Prints where they are. ZOT_SOURCE and OLAREG_SOURCE are folders
# with their sources, for machines whose module proxy does not have them.
set -u

distribution=v3.1.2
zot=v2.1.20
olareg=v0.2.2
folder=${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/image-syncer}/registries
export GOBIN="$folder" CGO_ENABLED=0 GOEXPERIMENT=jsonv2

if ! command -v go >/dev/null; then
	echo "install-registries: no Go here, so only Debian's docker-registry is tested" >&2
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
	echo "install-registries: $name cannot be installed" >&2
}

[ $# -gt 0 ] || set -- registry zot olareg
for wanted; do
	case $wanted in
	registry) install registry go install -trimpath "github.com/distribution/distribution/v3/cmd/registry@$distribution" ;;
	zot)
		if [ -n "${ZOT_SOURCE:-}" ]; then
			install zot go -C "$ZOT_SOURCE" install -trimpath ./cmd/zot
		else
			install zot go install -trimpath "zotregistry.dev/zot/v2/cmd/zot@$zot"
		fi
		;;
	olareg)
		if [ -n "${OLAREG_SOURCE:-}" ]; then
			install olareg go -C "$OLAREG_SOURCE" install -trimpath ./cmd/olareg
		else
			install olareg go install -trimpath "github.com/olareg/olareg/cmd/olareg@$olareg"
		fi
		;;
	*) echo "install-registries: $wanted is not known" >&2 && exit 1 ;;
	esac
done
echo "$folder"
