#!/bin/sh
# The action's one step: get the program that belongs to this very source, then become it. The program does all else, inputs
# and outputs included. "entrypoint.sh --source-hash" prints the hash that the release writes into .github/release.lock.
# Commands to the runner and whatever docker, curl and wget say go to stderr, so that the order of their lines is kept.
set -eu

fail() {
	[ -z "${GITHUB_OUTPUT-}" ] || echo result=failure >>"$GITHUB_OUTPUT"
	printf '::error title=image-syncer::%s\n' "$1" >&2
	exit 2
}
# The lock itself is no part of it: it is written after the build.
source_hash() {
	sums=$(cd "$here" && find src Makefile Dockerfile -type f -exec sha256sum {} +) &&
		printf '%s\n' "$sums" | LC_ALL=C sort | sha256sum | cut -c 1-64
}
# What is not exactly a SHA-256 in lower case is none, and equals nothing: neither a line that was cut off nor an empty one.
hex() { [ "${#1}" = 64 ] && case $1 in *[!0123456789abcdef]*) return 1 ;; esac; }
checksum() { [ -f "$1" ] && sum=$(sha256sum <"$1") && printf '%s\n' "${sum%% *}"; }
right() { hex "$wanted" && [ "$(checksum "$1")" = "$wanted" ]; }
locked() { value=$(sed -n "s/^$1 /:/p" "$here/.github/release.lock" 2>/dev/null) || value=; printf '%s' "${value#:}"; }
engine() { command -v docker && docker info >/dev/null 2>&1; }

# The image only carries the program: nothing in it is run.
copy_out() {
	container=$(docker create --platform "linux/$arch" "$1" x) || return 1
	docker cp "$container:/image-syncer" "$bin" && copied=0 || copied=1
	docker rm "$container" || :
	return "$copied"
}
fetch() {
	engine && docker pull -q --platform "linux/$arch" "$image" && copy_out "$image" && return
	command -v curl && curl -fsSL --retry 5 -o "$bin" "$url" && return
	command -v wget && wget -qO "$bin" "$url"
}
# A builder that setup-buildx-action made would keep the image to itself, hence the default one.
build() { BUILDX_BUILDER=default docker build --iidfile "$bin.id" ${other:+--build-arg TLS=openssl} "$here" && copy_out "$(cat "$bin.id")" && rm "$bin.id"; }

# Run a function with its output folded away, and no line of it taken for a command.
folded() {
	token=$(head -c 32 /dev/urandom | sha256sum | cut -c 1-32)
	printf '::group::image-syncer: %s the program\n::stop-commands::%s\n' "$1" "$token" >&2
	"$1" >&2 && status=0 || status=1
	printf '\n::%s::\n::endgroup::\n' "$token" >&2
	return "$status"
}

here=$(cd -- "$(dirname -- "$0")" && pwd)
own=$(source_hash) || own=
hex "$own" || own=
[ "${1-}" != --source-hash ] || { printf '%s\n' "$own" && [ -n "$own" ]; exit; }
if [ -n "${IMAGE_SYNCER_BIN-}" ]; then
	{ [ -f "$IMAGE_SYNCER_BIN" ] && [ -x "$IMAGE_SYNCER_BIN" ]; } || fail 'IMAGE_SYNCER_BIN is not the path of a program: correct it, or remove it.'
	echo 'image-syncer: running the program that IMAGE_SYNCER_BIN names' >&2
	exec "$IMAGE_SYNCER_BIN"
fi
[ "$(uname -s)" = Linux ] || fail 'This action runs on Linux only: use a runner such as ubuntu-latest.'
case $(uname -m) in
x86_64 | amd64) arch=amd64 ;;
aarch64 | arm64) arch=arm64 ;;
*) fail 'This processor is neither x86-64 nor arm64: use another runner, or set IMAGE_SYNCER_BIN to a program made for it.' ;;
esac
case ${INPUT_TLS:-bearssl} in bearssl) other= ;; openssl) other=-openssl ;; *) fail 'The input tls must be bearssl or openssl.' ;; esac
image=$(locked "image$other") url=$(locked url)-$arch$other wanted=
[ -n "$own" ] || fail 'The files of this action cannot be read completely, or sha256sum is missing here: use another runner.'
[ "$(locked source)" != "$own" ] || wanted=$(locked "sha256-linux-$arch$other")
hex "$wanted" || wanted=
case ${INPUT_TOOL_IMAGE-} in
-*) fail 'The input tool-image is not the name of an image.' ;;
*@*) image=$INPUT_TOOL_IMAGE ;;
?*) image=$INPUT_TOOL_IMAGE@${image#*@} ;;
esac
for bin in ${RUNNER_TEMP:+"$RUNNER_TEMP"/image-syncer.*/image-syncer}; do # what an earlier step has left
	[ ! -x "$bin" ] || ! right "$bin" || exec "$bin"
done
bin=$(mktemp -d "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/image-syncer.XXXXXX")/image-syncer || fail 'There is no temporary folder.'
trap 'rm -rf "${bin%/*}"' EXIT # but not when the program takes over
if [ -n "$wanted" ]; then
	folded fetch || fail 'The program cannot be downloaded (see above): set tool-image to a mirror that this runner reaches, or IMAGE_SYNCER_BIN.'
	right "$bin" || fail 'The download does not have the checksum of the release, so it is not run: check tool-image.'
else
	engine >/dev/null || fail 'This is no release, and no docker is here to build it: use a released ref, or IMAGE_SYNCER_BIN.'
	folded build || fail 'The program cannot be built (see above): use a released ref, or set IMAGE_SYNCER_BIN.'
fi
{ chmod 0755 "$bin" && "$bin" --version >/dev/null 2>&1; } ||
	fail 'The program cannot run in the temporary folder: is it mounted noexec? Set IMAGE_SYNCER_BIN.'
exec "$bin"
