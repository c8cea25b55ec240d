# SPDX-License-Identifier: GPL-2.0-or-later
#
# Functions that the scripts share.  Source it; it sets:
#   TOP    the repository
#   BUILD  everything that is fetched or made (TOP/build)
#   QEMU   the unpacked QEMU, a git tree, with our files linked into it
#   OBJ    QEMU's build directory
#
# shellcheck shell=bash
# shellcheck disable=SC2034

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BUILD=$TOP/build
QEMU=$BUILD/qemu
OBJ=$BUILD/obj
DL=$BUILD/dl
LOGS=$BUILD/logs
STATE=$BUILD/state
APTROOT=$BUILD/apt

# The release whose QEMU is the base and whose backports have the kernels.
DEBIAN_RELEASE=trixie
QEMU_SERIES=10.0

# The QEMU tree's own git, whatever the caller's git configuration says.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY
export LC_ALL=C.UTF-8

# Messages ------------------------------------------------------------------

STEP=${GICV5_STEP:-0}
STEPS=${GICV5_STEPS:-0}
VERBOSE=${GICV5_VERBOSE:-0}
progress_open=0

is_tty() { [ -t 2 ] && [ "${TERM:-dumb}" != dumb ]; }

end_progress() {
    if [ "$progress_open" = 1 ]; then
        printf '\n' >&2
        progress_open=0
    fi
}

msg() {
    end_progress
    printf '%s\n' "$*" >&2
}

die() {
    end_progress
    printf 'error: %s\n' "$*" >&2
    exit 1
}

step_prefix() {
    if [ "$STEPS" -gt 0 ]; then
        printf '[%s/%s] ' "$STEP" "$STEPS"
    fi
}

# step TEXT: begin the next step.
step() {
    STEP=$((STEP + 1))
    STEP_TEXT=$*
    msg "$(step_prefix)$*"
}

# progress TEXT: how far the step is.  One line on a terminal, otherwise a
# line every ten seconds.
progress_last=0
progress() {
    if is_tty; then
        printf '\r\033[K%s%s: %s' "$(step_prefix)" "${STEP_TEXT:-}" "$*" >&2
        progress_open=1
    elif [ $((SECONDS - progress_last)) -ge 10 ]; then
        progress_last=$SECONDS
        printf '%s%s: %s\n' "$(step_prefix)" "${STEP_TEXT:-}" "$*" >&2
    fi
}

# logged NAME COMMAND...: run with its output in build/logs/NAME.log.
logged() {
    local log=$LOGS/$1.log rc=0
    shift
    mkdir -p "$LOGS"
    if [ "$VERBOSE" = 1 ]; then
        "$@" 2>&1 | tee "$log" >&2 || rc=$?
    else
        "$@" >"$log" 2>&1 </dev/null || rc=$?
    fi
    return "$rc"
}

# show_log FILE [LINES]: the end of a log, indented.
show_log() {
    end_progress
    tail -n "${2:-12}" "$1" | sed 's/^/    /' >&2
}

rel() { printf '%s' "${1#"$TOP"/}"; }

# Checks --------------------------------------------------------------------

check_place() {
    case $TOP in
    *[!A-Za-z0-9_./+@-]*)
        die "the path of this repository, $TOP, has characters that" \
            "QEMU's build cannot handle: move it to a path of letters," \
            "digits and _ . / + @ -" ;;
    esac
    mkdir -p "$BUILD" "$DL" "$LOGS" "$STATE" 2>/dev/null ||
        die "cannot write to $BUILD: make it writable (was it made by root?)"
    [ -w "$BUILD" ] ||
        die "cannot write to $BUILD: make it writable (was it made by root?)"
}

# need_space GIB: free space under build/.
need_space() {
    local free
    free=$(df -Pk "$BUILD" | awk 'NR == 2 { print int($4 / 1024 / 1024) }')
    [ "$free" -ge "$1" ] ||
        die "$BUILD has only $free GiB free and this needs $1 GiB:" \
            "make room, then run the command again"
}

# lock: one builder at a time.  The lock ends with the process that took it,
# or with unlock.  Scripts called by the holder run under the holder's lock.
lock() {
    [ -z "${GICV5_LOCKED:-}" ] || return 0
    check_place
    command -v flock >/dev/null || die "flock is missing: install util-linux"
    exec 9>"$BUILD/.lock"
    if ! flock -n 9; then
        msg "another command is building in $(rel "$BUILD"): waiting for it"
        flock 9
    fi
    export GICV5_LOCKED=$$
}

unlock() {
    if [ "${GICV5_LOCKED:-}" = $$ ]; then
        exec 9>&-
        unset GICV5_LOCKED
    fi
}

# Packages of the host ------------------------------------------------------

HOST_PACKAGES="
    ca-certificates ccache clang device-tree-compiler dpkg-dev gcc
    gcc-aarch64-linux-gnu git libc6-dev libclang-rt-dev libfdt-dev
    libglib2.0-dev libpixman-1-dev libslirp-dev make ninja-build perl pkgconf
    python3 python3-venv shellcheck xz-utils"

# To build and run programs for arm64 on other hosts
CROSS_PACKAGES="gcc-aarch64-linux-gnu qemu-user"

missing_packages() {
    { dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' "$@" \
        2>/dev/null || true
      printf '%s want\n' "$@"; } |
    awk '{ sub(/:.*/, "", $1) }
         $2 == "installed" { have[$1] = 1 }
         $2 == "want" && !have[$1] { print $1 }'
}

# need_packages PACKAGE...: install what is missing.
need_packages() {
    local missing sudo=()
    command -v apt-get >/dev/null ||
        [ -n "${GICV5_HOST_READY:-}" ] ||
        die "this host has no apt: use Debian 12 or 13, or install the" \
            "equivalents of these packages and set GICV5_HOST_READY=1:" "$@"
    [ -z "${GICV5_HOST_READY:-}" ] || return 0
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null ||
            die "packages are missing and there is no sudo; as root, run:" \
                "apt-get install --no-install-recommends ${missing[*]}"
        sudo=(sudo)
    fi
    msg "    installing with apt-get${sudo[0]+ (through sudo)}: ${missing[*]}"
    if [ -n "${sudo[0]+x}" ] && ! sudo -n true 2>/dev/null; then
        sudo -v || die "sudo was refused; as root, run:" \
            "apt-get install --no-install-recommends ${missing[*]}"
    fi
    # A machine that has never updated has no lists, an old one has stale ones:
    # try what is there, then update and try again.
    local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get
               -o Acquire::Retries=2 -o DPkg::Lock::Timeout=300)
    if ! logged packages "${apt[@]}" install -y --no-install-recommends \
            "${missing[@]}"; then
        logged packages-update "${apt[@]}" update || true
        if ! logged packages "${apt[@]}" install -y --no-install-recommends \
                "${missing[@]}"; then
            show_log "$LOGS/packages.log" 6
            die "apt-get could not install ${missing[*]}: see" \
                "$(rel "$LOGS")/packages.log; check the network and apt's" \
                "sources, then run the command again"
        fi
    fi
}

# Git in build/qemu -----------------------------------------------------------

qgit() {
    GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null \
    GIT_AUTHOR_NAME=gicv5 GIT_AUTHOR_EMAIL=gicv5@localhost \
    GIT_COMMITTER_NAME=gicv5 GIT_COMMITTER_EMAIL=gicv5@localhost \
        git -c gc.auto=0 -c core.autocrlf=false -c commit.gpgSign=false \
            -c core.fsync=none -c safe.directory='*' \
            -C "${QGIT_DIR:-$QEMU}" "$@"
}

# Our files that QEMU's build sees, relative to TOP.
overlay_files() {
    (cd "$TOP" && find accel hw include migration target tests docs -type f \
        ! -name '.*' ! -name '*~' ! -name '*.pyc' ! -name '*.orig' \
        ! -name '*.rej' ! -path '*/__pycache__/*' -print 2>/dev/null | sort)
}

hook_patches() {
    find "$TOP/patches" -maxdepth 1 -name '*.patch' 2>/dev/null | sort
}

# patch_files PATCH: the QEMU files that it touches.
patch_files() {
    sed -n 's,^diff --git a/\(.*\) b/\1$,\1,p' "$1"
}

# patch_header PATCH: everything before the diff.
patch_header() {
    awk '/^---$/ || /^diff --git / { exit } { print }' "$1"
}

# patch_message PATCH: the commit message in its header.
patch_message() {
    patch_header "$1" | awk '
        body { print; next }
        /^Subject: / {
            sub(/^Subject: (\[PATCH[^]]*\] )?/, "")
            print $0 "\n"
        }
        /^$/ { body = 1 }'
}

# What the hooks in build/qemu were made from.
hooks_id() {
    local p
    { qgit rev-parse 'base^{tree}'
      for p in $(hook_patches); do
          basename "$p"
          cat "$p"
      done
    } | sha256sum | cut -d' ' -f1
}

# make_hooks: apply the patches to the base in an index of their own, one
# commit per patch; prints the last commit.  Neither the work tree nor a branch
# changes.
make_hooks() {
    local index commit tree p err out
    index=$(mktemp "$BUILD/index.XXXXXX")
    rm -f "$index"
    commit=$(qgit rev-parse 'base^{commit}')
    GIT_INDEX_FILE=$index qgit read-tree base
    for p in $(hook_patches); do
        if ! err=$(GIT_INDEX_FILE=$index qgit apply --cached \
                   --whitespace=nowarn "$p" 2>&1); then
            rm -f "$index"
            out=$(sed -n -e 's/^error: patch failed: \(.*\)$/\1/p' \
                         -e 's/^error: \(.*\): does not exist.*/\1/p' \
                         -e 's/^error: \(.*\): already exists.*/\1/p' \
                         <<<"$err" | sort -u | paste -sd' ')
            die "hook patches/$(basename "$p") does not apply to" \
                "$(cat "$STATE/base" 2>/dev/null), at: ${out:-$err}. To adapt" \
                "it: run scripts/prepare --reject (it applies what it can and" \
                "leaves the rest in FILE.rej), edit the files in" \
                "$(rel "$QEMU"), then run scripts/refresh-hooks"
        fi
        tree=$(GIT_INDEX_FILE=$index qgit write-tree)
        commit=$(patch_message "$p" |
            qgit commit-tree "$tree" -p "$commit")
    done
    rm -f "$index"
    echo "$commit"
}
