# SPDX-License-Identifier: GPL-2.0-or-later
#
# For ./check and its suites: run programs that have sanitizers in them.
#
# shellcheck shell=bash

# Does LeakSanitizer work here?  It does not under a debugger, nor where ptrace
# is forbidden.
leak_sanitizer_works() {
    local dir rc=1
    dir=$(mktemp -d)
    echo 'int main(void) { return 0; }' >"$dir/leak.c"
    if clang -fsanitize=address -o "$dir/leak" "$dir/leak.c" 2>/dev/null &&
       ASAN_OPTIONS=detect_leaks=1 "$dir/leak" 2>/dev/null; then
        rc=0
    fi
    rm -rf "$dir"
    return "$rc"
}

# sanitizer_options DIR: what they find ends the program, and is kept in DIR,
# where no test can hide it.
sanitizer_options() {
    local leaks=0
    ! leak_sanitizer_works || leaks=1
    [ "$leaks" = 1 ] ||
        echo "LeakSanitizer does not work here: leaks go unseen" >&2
    mkdir -p "$1"
    export ASAN_OPTIONS=detect_leaks=$leaks:log_path=$1/report
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1:log_path=$1/report
    export LSAN_OPTIONS=suppressions=$TOP/scripts/leaks.supp:print_suppressions=0
}

# sanitizer_reports DIR: the files there that are reports; warnings at the start
# of a program are none.
sanitizer_reports() {
    grep -lE 'SUMMARY:|ERROR:|runtime error:' -r "$1" 2>/dev/null || true
}

# report_title FILE: its summary
report_title() {
    grep -m1 -hE '^SUMMARY:|runtime error:|ERROR:' "$1"
}
