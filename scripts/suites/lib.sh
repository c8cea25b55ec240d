# SPDX-License-Identifier: GPL-2.0-or-later
#
# For the suites: results in TAP.
#
# shellcheck shell=bash

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
TOP=$PWD
BUILD=${GICV5_BUILD:-$TOP/build}
OBJ=${GICV5_OBJ:-$BUILD/obj}
# shellcheck disable=SC2034
QEMU=${GICV5_SOURCE:-$BUILD/qemu}
export LC_ALL=C.UTF-8

tests=0
ok() { tests=$((tests + 1)); echo "ok $tests - $*"; }
not_ok() { tests=$((tests + 1)); echo "not ok $tests - $*"; }
skip() { tests=$((tests + 1)); echo "ok $tests - $1 # SKIP $2"; }
# result NAME STATUS [FILE]: ok if the status is 0, else the file as a comment.
result() {
    if [ "$2" = 0 ]; then
        ok "$1"
    else
        not_ok "$1"
        if [ -n "${3:-}" ]; then
            sed 's/^/# /' "$3"
        fi
    fi
}
plan() { echo "1..$tests"; }

work=$(mktemp -d "${TMPDIR:-/tmp}/gicv5-check.XXXXXX")
trap 'rm -rf "$work"' EXIT

# run_tap PREFIX TIMEOUT COMMAND...: run a program that prints TAP and pass its
# results on, with PREFIX before each name.
run_tap() {
    local prefix=$1 limit=$2 rc=0 out=$work/tap.$1 n=0 line planned=''
    shift 2
    timeout -k 5 "$limit" "$@" >"$out" 2>"$out.err" </dev/null || rc=$?
    while IFS= read -r line; do
        case $line in
        'ok '*|'not ok '*)
            n=$((n + 1))
            tests=$((tests + 1))
            [[ $line =~ ^(ok|not\ ok)\ [0-9]*\ *-?\ *(.*)$ ]]
            echo "${BASH_REMATCH[1]} $tests - $prefix ${BASH_REMATCH[2]}"
            ;;
        1..*) planned=${line#1..}; planned=${planned%% *} ;;
        '#'*) echo "$line" ;;
        esac
    done <"$out"
    if [ "$rc" != 0 ] && ! grep -q '^not ok' "$out"; then
        not_ok "$prefix: ended with status $rc after $n tests"
        tail -20 "$out.err" | sed 's/^/# /'
    elif [ "$rc" = 0 ] && [ "$planned" != "$n" ]; then
        not_ok "$prefix: planned ${planned:-no} tests, ran $n"
    elif [ "$rc" != 0 ]; then
        tail -20 "$out.err" | sed 's/^/# /'
    fi
}
