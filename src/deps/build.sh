#!/bin/bash
# build.sh FLAVOR[-openssl]: build the libraries of one flavor (musl, amd64, arm64, asan, tsan, fuzz) and print the folder they
# are in. With -openssl, which fuzz does not have, OpenSSL takes the place of BearSSL.
#
# musl  the release: musl itself and all libraries, static and position independent, from Debian's source packages.
# amd64, arm64  the same for a named machine, which need not be this one.
# asan, tsan  for the tests: BearSSL, curl and libmicrohttpd from the same sources, instrumented, on glibc; the other libraries
#       are the distribution's. So the TLS and HTTP code that is examined is the code that ships.
# fuzz  for libFuzzer: all that parses foreign bytes (BearSSL, curl, libmicrohttpd, cJSON, libyaml), by clang, so that the fuzzer
#       sees which ways its inputs take there as well.
#
# The result is cached under ${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-~/.cache}/image-syncer} by the hash of all that went into
# it: this folder, the lock of the sources, the compiler, the flags. Sources are fetched once and kept there as well, so only
# the first build needs the network; each time one is unpacked its files are compared with the lock ("packages"). Everything is
# built in a temporary folder that is renamed when it is complete, under a lock. stdout is the folder, and nothing else; stderr
# tells what happens. A folder with a file "other-sources" was built from something else than what is locked (fetch.sh).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=src/deps/sources.sh
. "$here/sources.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS LIBS CC
export LC_ALL=C
umask 022

flavor=${1:-}
base=${flavor%-openssl}
engine=bearssl
[ "$base" = "$flavor" ] || engine=openssl
release=
case $base:$engine in
musl:* | amd64:* | arm64:*)
	release=yes
	wanted="musl $engine curl cjson libyaml nettle pcre2 libmicrohttpd"
	;;
asan:* | tsan:*) wanted="$engine curl libmicrohttpd" ;;
fuzz:bearssl) wanted='bearssl curl libmicrohttpd cjson libyaml' ;;
*) die 'usage: build.sh musl|amd64|arm64|asan|tsan|fuzz, or one of the first five with -openssl' ;;
esac
# The unit tests make certificates with it.
case $flavor in asan-openssl | tsan-openssl) wanted="$wanted bearssl" ;; esac

case $base in
musl) "$here/setup.sh" --check build ;;
amd64 | arm64) "$here/setup.sh" --check "$base" ;;
fuzz) "$here/setup.sh" --check fuzz ;;
*) "$here/setup.sh" --check sanitize ;;
esac

cache=${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set; set IMAGE_SYNCER_CACHE}/.cache}/image-syncer}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
sources=$cache/sources
jobs=$(nproc)
flags=$(make -s -f "$here/flags.mk" "print-flags-$base")
tools=$(make -s -f "$here/flags.mk" "print-tools-$base")
compiler=$(make -s -f "$here/flags.mk" "print-compiler-$base")

# --- Cached? -----------------------------------------------------------------------------------------------------------

# The folder of what is built from the sources that these files name.
result_of() { # locks
	echo "$cache/$flavor-$({
		cat "$here/build.sh" "$here/flags.mk" "$here"/*.patch "$@"
		printf '%s\n' "$flavor" "$flags"
		gcc --version
		"${tools}gcc" --version
		"${tools}gcc" -dumpmachine
		"$compiler" --version
	} | sha256sum | cut -c1-16)"
}
answer() {
	touch "$result"
	echo "$result"
	exit
}

exec 9>"$cache/$flavor.lock"
flock 9
result=$(result_of "$here/packages")
[ ! -e "$result/versions" ] || answer

# --- Sources -----------------------------------------------------------------------------------------------------------

exec 8>"$cache/sources.lock"
flock 8
"$here/fetch.sh" "$sources" $wanted
other=/dev/null
if [ -e "$sources/other" ]; then
	other=$sources/other
	result=$(result_of "$here/packages" "$other")
	[ ! -e "$result/versions" ] || answer
fi

work=$(mktemp -d "$cache/tmp.$flavor.XXXXXX")
prefix=$work/prefix
mkdir -p "$prefix/lib" "$prefix/include" "$work/log"
trap 'rm -rf "$work"' EXIT
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT
trap 'kill $(jobs -p) 2>/dev/null; exit 143' TERM

# step NAME COMMAND...: run one step with its output in a log; when it fails, show the end of that and stop.
# (Never call it in a condition: there the shell would ignore that a command in the middle of a step failed.)
step() {
	local name=$1 status
	shift
	set +e
	(
		set -e
		"$@"
	) >"$work/log/$name" 2>&1 </dev/null
	status=$?
	set -e
	if [ $status != 0 ]; then
		cp "$work/log/$name" "$cache/failed-$flavor-$name.log"
		tail -n 25 "$work/log/$name" >&2
		die "$flavor: $name failed (whole log: $cache/failed-$flavor-$name.log)"
	fi
}

# The numbers of background jobs that must all succeed.
wait_all() {
	local pid status=0
	for pid; do
		wait "$pid" || status=1
	done
	[ $status = 0 ] || exit 1
}

# Always given, so that configure takes the program for foreign even where it would run: no result depends on a trial run.
if [ -n "$release" ]; then
	cc=$prefix/bin/musl-gcc
	link=-static
	machine=$("${tools}gcc" -dumpmachine)
	host="--build=$(gcc -dumpmachine) --host=${machine/%-gnu/-musl}"
else
	cc=$compiler
	link=$(make -s -f "$here/flags.mk" "print-link-$base")
	host=
fi
binutils="AR=${tools}ar RANLIB=${tools}ranlib NM=${tools}nm STRIP=${tools}strip"
flags="$flags -ffile-prefix-map=$work=deps"

lock_of() { # name: the file that says what its sources are
	if grep -q "^$1 " "$other"; then echo "$other"; else echo "$here/packages"; fi
}

version_of() { # name
	lock_names "$(lock_of "$1")" | awk -v name="$1" '$1 == name { print $2 }'
}

# What is unpacked are copies that nobody else writes to, and that were compared after they were made.
unpack() { # name
	local from=$sources/$1 to=$work/files/$1 sum file
	[ -n "$(version_of "$1")" ] || die "the lock (src/deps/packages) has no $1"
	[ "$(lock_of "$1")" = "$here/packages" ] || from=$sources/other.$1
	mkdir -p "$to"
	while read -r sum file; do
		cp -- "$from/$file" "$to"
		lock_check "$to" "$sum" "$file" || die "$from/$file is not the file that the lock names: remove it and build again"
	done < <(lock_files "$(lock_of "$1")" "$1")
	dpkg-source --no-check -x "$to"/*.dsc "$work/$1"
}

# --- Libraries ---------------------------------------------------------------------------------------------------------

build_musl() {
	cd "$work/musl"
	grep -q static-pie tools/musl-gcc.specs.sh # the packaged patch of the compiler wrapper
	./configure --prefix="$prefix" --syslibdir="$prefix/lib" --disable-shared --target="$machine" \
		--enable-wrapper=gcc CC="${tools}gcc" CROSS_COMPILE="$tools" CFLAGS="$flags"
	make -j"$jobs"
	make install
}

apply() { # patch hunks
	local hunks
	patch -p1 --fuzz=0 --verbose <"$here/$1" >"$work/$1.log"
	hunks=$(grep -c '^Hunk #[0-9]* succeeded at' "$work/$1.log" || true)
	[ "$hunks" = "$2" ] || die "$1 applied $hunks of $2 hunks"
}

build_bearssl() {
	cd "$work/bearssl"
	apply bearssl-decoder.patch 3
	# It reads unaligned words on purpose where the machine can. The arithmetic of P-256 is most of a handshake, and its loops take
	# a third less when they are unrolled.
	make build/obj
	make build/obj/ec_p256_m31.o CC="$cc" CFLAGS="${flags/-O2/-O3} -fno-sanitize=alignment"
	make lib -j"$jobs" CC="$cc" AR="${tools}ar" CFLAGS="$flags -fno-sanitize=alignment"
	cp build/libbearssl.a "$prefix/lib"
	cp inc/*.h "$prefix/include"
}

# Only what a client of TLS 1.2 and 1.3 needs: no other programs or modules, no configuration file, nothing that is read from disk, no
# key exchange but on curves. Randomness is the kernel's, by the call that BearSSL is seeded by. Its folders end up in the code.
build_openssl() {
	local target=linux-x86_64
	case $("${tools}gcc" -dumpmachine) in
	x86_64-*) ;;
	aarch64-*) target=linux-aarch64 ;;
	*) target=linux-generic64 ;;
	esac
	cd "$work/openssl"
	CC="$cc" AR="${tools}ar" RANLIB="${tools}ranlib" ./Configure "$target" --prefix=/nonexistent --libdir=lib --openssldir=/nonexistent \
		--with-rand-seed=getrandom \
		no-{shared,dso,module,engine,legacy,autoload-config,apps,docs,tests,comp,secure-memory,ui-console,thread-pool,default-thread-pool} \
		no-{ssl3,tls1,tls1_1,dtls,quic,srp,srtp,psk,nextprotoneg,ct,ocsp,cms,ts,cmp,http,ktls,rfc3779,multiblock} \
		no-{md4,mdc2,rc2,rc4,des,idea,seed,camellia,aria,bf,cast,whirlpool,rmd160,sm2,sm3,sm4,siphash,scrypt,argon2,blake2} \
		no-{dh,dsa,ec2m,gost,slh-dsa,ml-dsa,siv,ocb,cmac,tls-deprecated-ec,filenames,async} $flags
	make -j"$jobs" build_libs
	"${tools}strip" --strip-debug libcrypto.a libssl.a
	cp libcrypto.a libssl.a "$prefix/lib"
	cp -r include/openssl "$prefix/include"
}

# Everything but HTTP and HTTPS over the engine is left out. What must stay: the threaded resolver (the other one ignores time
# limits), socketpair or eventfd (wakes it up), proxies with Basic, IPv6, AWS signatures (logins of ECR; they need no more than
# curl's own SHA-256 and HMAC), and the error texts. What must stay out for another
# reason than size: digest, ntlm, doh, dnsshuffle and websockets, the only users of an unlocked random generator.
configure_curl() {
	local have with=--with-bearssl=$prefix use=USE_BEARSSL
	[ "$engine" = bearssl ] || { with="--with-openssl=$prefix --without-bearssl" use=USE_OPENSSL; }
	cd "$work/curl"
	apply curl-printf.patch 1
	./configure $host $binutils --prefix="$prefix" --disable-shared --enable-static --disable-dependency-tracking \
		$with --without-ca-bundle --without-ca-path --without-ca-fallback \
		--without-{zlib,brotli,zstd,libpsl,libidn2,nghttp2,ngtcp2,librtmp,libssh2,libgsasl} \
		--disable-{ftp,file,ldap,ldaps,rtsp,dict,telnet,tftp,pop3,imap,smb,smtp,gopher,mqtt,ipfs,websockets} \
		--disable-{manual,docs,libcurl-option,ntlm,kerberos-auth,negotiate-auth,digest-auth,bearer-auth,tls-srp} \
		--disable-{unix-sockets,cookies,doh,mime,form-api,dateparse,netrc,progress-meter,dnsshuffle,alt-svc,hsts} \
		--disable-{headers-api,sspi,bindlocal,ech,get-easy-options,httpsrr,ssls-export,sha512-256,ares} \
		CC="$cc" CFLAGS="${1:-$flags}" CPPFLAGS="-I$prefix/include -DNDEBUG" LDFLAGS="-L$prefix/lib $link"
	for have in $use USE_THREADS_POSIX USE_IPV6 HAVE_EVENTFD; do
		grep -q "^#define $have 1" lib/curl_config.h || die "curl was configured without $have"
	done
}

build_curl() {
	cd "$work/curl"
	make -C lib -j"$jobs" CFLAGS="$flags"
	make -C lib install
	make -C include install
}

build_cjson() { # one file; never cJSON_Utils
	cd "$work/cjson"
	"$cc" $flags -c cJSON.c
	"${tools}ar" rcs "$prefix/lib/libcjson.a" cJSON.o
	mkdir -p "$prefix/include/cjson"
	cp cJSON.h "$prefix/include/cjson"
}

build_libyaml() { # the package has no configure script
	local version=${1%%-*} file
	cd "$work/libyaml/src"
	for file in *.c; do
		"$cc" $flags -I../include -DYAML_DECLARE_STATIC -DYAML_VERSION_STRING="\"$version\"" \
			-DYAML_VERSION_MAJOR="$(cut -d. -f1 <<<"$version")" -DYAML_VERSION_MINOR="$(cut -d. -f2 <<<"$version")" \
			-DYAML_VERSION_PATCH="$(cut -d. -f3 <<<"$version")" -c "$file"
	done
	"${tools}ar" rcs "$prefix/lib/libyaml.a" *.o
	cp ../include/yaml.h "$prefix/include"
}

build_nettle() { # its helper program runs while building, so it is compiled for this machine; no gmp needed
	cd "$work/nettle"
	apply nettle-arm64.patch 1
	./configure $host $binutils --prefix="$prefix" --disable-shared --enable-static --enable-fat --disable-public-key --enable-mini-gmp \
		--disable-openssl --disable-documentation CC="$cc" CFLAGS="$flags" LDFLAGS="$link"
	make -j"$jobs" CC_FOR_BUILD=gcc libnettle.a
	"${tools}strip" --strip-debug libnettle.a
	cp libnettle.a "$prefix/lib"
	mkdir -p "$prefix/include/nettle"
	cp ./*.h "$prefix/include/nettle"
	rm -f "$prefix/include/nettle/config.h"
}

build_pcre2() { # tags are ASCII: bytes are enough
	cd "$work/pcre2"
	./configure $host $binutils --prefix="$prefix" --disable-shared --enable-static --disable-unicode --disable-jit \
		--disable-dependency-tracking CC="$cc" CFLAGS="$flags" LDFLAGS="$link"
	make -j"$jobs" libpcre2-8.la
	cp .libs/libpcre2-8.a "$prefix/lib"
	cp src/pcre2.h "$prefix/include"
}

# A server over plain connections that it is handed, with threads, epoll and suspended connections, and nothing else. Thread
# names would be set by a system call that a confined process may not make. Its messages, and optimisation for speed, would make
# the program larger by 37 KB. That eventfd works cannot be found out for a foreign machine.
build_libmicrohttpd() { # flags
	cd "$work/libmicrohttpd"
	apply libmicrohttpd-reads.patch 3
	./configure $host $binutils --prefix="$prefix" --disable-shared --enable-static --disable-dependency-tracking \
		--with-threads=posix --enable-epoll --enable-itc=eventfd --enable-compact-code --disable-messages \
		--disable-{https,bauth,dauth,md5,sha256,sha512-256,postprocessor,httpupgrade,cookie,sendfile,poll,thread-names} \
		--disable-{doc,examples,tools,curl} mhd_cv_eventfd_usable=yes CC="$cc" CFLAGS="${1/-O2/-Os}" LDFLAGS="$link"
	for have in EPOLL_SUPPORT MHD_USE_POSIX_THREADS _MHD_ITC_EVENTFD; do
		grep -q "^#define $have 1" MHD_config.h || die "libmicrohttpd was configured without $have"
	done
	make -C src/microhttpd -j"$jobs" libmicrohttpd.la
	cp src/microhttpd/.libs/libmicrohttpd.a "$prefix/lib"
	cp src/include/microhttpd.h "$prefix/include"
}

# --- Order -------------------------------------------------------------------------------------------------------------

started=$SECONDS
echo "deps: building for $flavor (once; a minute and a half on two cores, three with OpenSSL)" >&2
pids=()
for name in $wanted; do
	step "unpack-$name" unpack "$name" &
	pids+=($!)
done
wait_all "${pids[@]}"
exec 8>&- # the files of the sources are no longer needed

if [ -n "$release" ]; then
	step musl build_musl
	{
		step "$engine" "build_$engine"
		step curl-configure configure_curl
		step curl build_curl
	} &
	transfer=$!
	{
		step nettle build_nettle
		step pcre2 build_pcre2
		step libmicrohttpd build_libmicrohttpd "$flags"
		step cjson build_cjson
		step libyaml build_libyaml "$(version_of libyaml)"
	} &
	wait_all $transfer $!
	# The compiler wrapper knows its folder by name.
	sed -i "s#$prefix#$result#g" "$prefix/bin/musl-gcc" "$prefix/lib/musl-gcc.specs"
else
	# configure's trial programs are linked with the sanitizer, for BearSSL's sake, but must not be judged by it.
	export ASAN_OPTIONS=detect_leaks=0
	case " $wanted " in *' openssl '*) step openssl build_openssl ;; esac
	case " $wanted " in *' bearssl '*) step bearssl build_bearssl ;; esac
	step curl-configure configure_curl -O1
	step curl build_curl
	# It reads its own counters and flags unlocked where nothing depends on them, which ThreadSanitizer cannot know: there only its
	# locks are seen.
	step libmicrohttpd build_libmicrohttpd "$(sed 's/-fsanitize=thread//' <<<"$flags")"
	if [ "$base" = fuzz ]; then
		step cjson build_cjson
		step libyaml build_libyaml "$(version_of libyaml)"
	fi
fi
rm -rf "$prefix"/lib/*.la "$prefix"/lib/pkgconfig "$prefix"/share

{
	if [ -n "$release" ]; then
		for name in $wanted; do
			echo "$name $(version_of "$name")"
		done
	else
		echo "glibc $(dpkg-query -W -f '${Version}' libc6-dev)"
		for name in $wanted; do
			echo "$name $(version_of "$name")"
		done
		for name in cjson yaml pcre2; do
			case " $wanted " in *" ${name/#yaml/libyaml} "*) continue ;; esac
			echo "${name/#yaml/libyaml} $(dpkg-query -W -f '${Version}' "lib$name-dev")"
		done
		echo "nettle $(dpkg-query -W -f '${Version}' nettle-dev)"
	fi
} >"$prefix/versions"
for name in $wanted; do
	[ "$(lock_of "$name")" != "$other" ] || echo "$name $(version_of "$name")" >>"$prefix/other-sources"
done
# Results nobody asked for in a month, and leftovers of builds that were killed.
find "$cache" -maxdepth 1 \( -name "$flavor-????????????????" -o -name "tmp.$flavor.*" \) -mtime +30 -exec rm -rf {} +
rm -rf "$result"
mv "$prefix" "$result"
echo "deps: $flavor ready after $((SECONDS - started)) s" >&2
echo "$result"
