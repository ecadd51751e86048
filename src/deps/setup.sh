#!/bin/bash
# setup.sh [--check] PURPOSE: install the Debian packages that this purpose needs: build, amd64, arm64, sanitize, demo, test,
# image, bench, fuzz, analyse, coverage, valgrind, guard.
#
# Quick and silent when all is there: apt is asked only for what is missing. --check installs nothing, and names what is
# missing and the command that gets it. Installing needs root. Services that come with test packages (a registry, a web
# server) are neither started nor left enabled: the tests start their own.
set -euo pipefail

check=
if [ "${1:-}" = --check ]; then
	check=yes
	shift
fi

build='gcc libc6-dev make m4 dpkg-dev ca-certificates'
cross() { # architecture machine: the compiler of another machine than this one
	[ "$(dpkg --print-architecture)" = "$1" ] || echo "gcc-$2-linux-gnu libc6-dev-$1-cross qemu-user"
}
amd64="$build $(cross amd64 x86-64)"
arm64="$build $(cross arm64 aarch64)"
sanitize="$build libcjson-dev libyaml-dev nettle-dev libpcre2-dev libcmocka-dev"
demo="$build python3 docker-registry openssl"
test="$sanitize $demo python3-pytest python3-pytest-xdist python3-yaml python3-kubernetes python3-jsonschema chromium prometheus nginx skopeo strace clang-format-19 git shellcheck dash busybox jq zsh fish"
image="$arm64 docker.io debootstrap"
if [ "$(sed -n 's/^VERSION_ID=//p' /etc/os-release | tr -d '"')" != 12 ]; then # packages that are new or split off since then
	test="$test openssl-provider-fips"
	image="$image docker-cli"
fi
image="$test $image"
bench="$test libnginx-mod-http-lua"
fuzz="$sanitize clang-19 libclang-rt-19-dev llvm-19"
analyse="$sanitize clang-19 clang-tidy-19 cppcheck"
coverage="$test gcovr"
valgrind="$test valgrind"
guard="$bench valgrind"
case ${1:-} in
build) packages=$build ;;
amd64) packages=$amd64 ;;
arm64) packages=$arm64 ;;
sanitize) packages=$sanitize ;;
demo) packages=$demo ;;
test) packages=$test ;;
image) packages=$image ;;
bench) packages=$bench ;;
fuzz) packages=$fuzz ;;
analyse) packages=$analyse ;;
coverage) packages=$coverage ;;
valgrind) packages=$valgrind ;;
guard) packages=$guard ;;
*)
	echo 'usage: setup.sh [--check] build|amd64|arm64|sanitize|demo|test|image|bench|fuzz|analyse|coverage|valgrind|guard' >&2
	exit 2
	;;
esac

command -v dpkg-query >/dev/null || {
	echo 'setup: this recipe is for Debian: dpkg-query is not here' >&2
	exit 1
}

present=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $packages 2>/dev/null | awk '$2 == "installed" { print $1 }' || true)
missing=
for package in $packages; do
	grep -qxF "$package" <<<"$present" || case " $missing " in
	*" $package "*) ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ -n "$check" ]; then
	echo "setup: missing packages:$missing" >&2
	case $1 in amd64 | arm64 | fuzz) command="src/deps/setup.sh $1" ;; *) command='make setup' ;; esac
	echo "setup: get them with \"$command\" (as root)" >&2
	exit 1
fi
if [ "$(id -u)" != 0 ]; then
	echo "setup: missing packages:$missing" >&2
	echo 'setup: installing needs root: "sudo make setup"' >&2
	exit 1
fi

# Debian's hook that says whether a service may start: while installing, it may not.
policy=/usr/sbin/policy-rc.d
saved=
restore() {
	rm -f "$policy"
	[ -z "$saved" ] || mv "$saved" "$policy"
}
if [ -e "$policy.saved-by-setup" ]; then # an earlier run was killed before it could put it back
	saved=$policy.saved-by-setup
elif [ -e "$policy" ]; then
	saved=$policy.saved-by-setup
	mv "$policy" "$saved"
fi
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

echo "setup: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
apt() {
	if ! apt-get -q -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@" >"$log" 2>&1 </dev/null; then
		tail -n 25 "$log" >&2
		rm -f "$log"
		echo "setup: apt-get $1 failed" >&2
		return 1
	fi
}
apt update || echo 'setup: going on with the package lists that are here' >&2
apt install -y --no-install-recommends $missing
rm -f "$log"

for pair in docker-registry/docker-registry nginx/nginx prometheus/prometheus docker.io/docker containerd/containerd; do # package/service
	case " $missing " in *" ${pair%/*} "*) ;; *) continue ;; esac
	service=${pair#*/}
	if command -v systemctl >/dev/null; then
		systemctl disable --quiet "$service.service" 2>/dev/null || true
	fi
	if command -v update-rc.d >/dev/null; then
		update-rc.d "$service" disable >/dev/null 2>&1 || true
	fi
done
