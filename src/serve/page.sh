#!/bin/bash
# page.sh PAGE: print page.c, which has the page and its Content-Security-Policy (page.h).
#
# The policy names the one style and the one script by their hashes, and refuses everything else that a page could load or run. A hash
# is that of the text between the tags, byte for byte. The script needs only what every Debian has.
set -euo pipefail
shopt -s inherit_errexit
page=$1

fail() {
	echo "page.sh: $page: $1" >&2
	exit 1
}

# between TAG: the text inside the only <TAG>, whose tags end and begin a line of their own.
between() {
	[ "$(grep -c "<$1\b" "$page")" = 1 ] || fail "there must be one <$1>"
	grep -qx "<$1>" "$page" && grep -qx "</$1>" "$page" || fail "<$1> and </$1> must each be a line of their own"
	echo # the line end behind the tag is a part of it
	sed -n "/^<$1>\$/,/^<\/$1>\$/p" "$page" | sed '1d;$d'
}

digest() {
	local bytes
	bytes=$(between "$1" | sha256sum | sed 's/ .*//; s/../\\x&/g')
	printf '%b' "$bytes" | base64
}

if grep -nE '[ "]style=|[ "]on[a-z]+=|javascript:' "$page" >&2; then
	fail 'the policy refuses attributes that style or run something'
fi
style=$(digest style)
script=$(digest script)
policy="default-src 'none'; script-src 'sha256-$script'; style-src 'sha256-$style'; connect-src 'self'; img-src data:"
policy="$policy; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

echo '/* Made by src/serve/page.sh. */'
echo '#include "serve/page.h"'
echo
echo 'const char page_html[] ='
od -An -v -to1 "$page" | sed 's/ /\\/g; s/.*/	"&"/'
echo ';'
echo "const size_t page_length = sizeof(page_html) - 1;"
echo "const char page_policy[] = \"$policy\";"
