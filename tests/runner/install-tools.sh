#!/bin/sh
# Install what checks the workflows: actionlint and act where there is Go, action-validator where there is npm, into a folder of
# their own, whose path is printed. What cannot be had is said and left out; the checks that need it are skipped then.
set -u

actionlint=v1.7.12
act=v0.2.87
validator=0.6.0
tools=${IMAGE_SYNCER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/image-syncer}/action-tools-$actionlint-$act-$validator

echo "$tools"
[ "${1-}" != --path ] || exit 0
mkdir -p "$tools/bin" || exit 0
log=$(mktemp) || exit 0

# have NAME COMMAND...: run the command unless the program is there already.
have() {
	name=$1
	shift
	[ ! -x "$tools/bin/$name" ] || return 0
	"$@" >"$log" 2>&1 && [ -x "$tools/bin/$name" ] && return
	tail -n 3 "$log" >&2
	echo "install-tools: $name cannot be had here, so what it checks is skipped" >&2
}

validator() {
	npm install --silent --prefix "$tools/npm" "@action-validator/core@$validator" "@action-validator/cli@$validator" &&
		ln -sfn ../npm/node_modules/.bin/action-validator "$tools/bin/action-validator"
}

have actionlint env GOBIN="$tools/bin" CGO_ENABLED=0 go install -trimpath "github.com/rhysd/actionlint/cmd/actionlint@$actionlint"
have act env GOBIN="$tools/bin" CGO_ENABLED=0 go install -trimpath "github.com/nektos/act@$act"
have action-validator validator
rm -f "$log"
exit 0
