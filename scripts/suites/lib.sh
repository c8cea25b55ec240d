# SPDX-License-Identifier: GPL-2.0-or-later
#
# For the suites: results in TAP.  A result's time is the test's own: the
# seconds since the suite's last result, or "took" if a suite sets it.
#
# In its head a suite may say
#   # Suite: TEXT     what it is, for ./check --help
#   # Kind: source    it looks at the sources; what QEMU does is not tested
#   # Builds: WORD... what it needs: targets of ninja (with * and ?), "kvm",
#                     "nothing" or, as without this line, "all"
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

# What is random is the same in each run, unless ./check is given a seed.
export GICV5_SEED=${GICV5_SEED:-1}
export GICV5_TEST_SEED=${GICV5_TEST_SEED:-$GICV5_SEED}
export PYTHONHASHSEED=$((GICV5_SEED % 4294967296))
# GLib's form of a seed; malloc() fills what it gives and takes with a byte.
# shellcheck disable=SC2034
glib_seed=$(printf 'R02S%08x%08x%08x%08x' $((GICV5_SEED & 0xffffffff)) 0 0 0)
# shellcheck disable=SC2034
perturb=$((1 + GICV5_SEED % 255))
# Results come when they are there.
export PYTHONUNBUFFERED=1

tests=0
took=''
last_result=${EPOCHREALTIME/[.,]/}
# timed TEXT: print TEXT with the time that the test took.
timed() {
    local now=${EPOCHREALTIME/[.,]/} ms
    ms=${took:-$(((now - last_result) / 1000))}
    last_result=$now
    took=''
    printf '%s # time=%d.%03d\n' "$1" $((ms / 1000)) $((ms % 1000))
}
ok() { tests=$((tests + 1)); timed "ok $tests - $*"; }
not_ok() { tests=$((tests + 1)); timed "not ok $tests - $*"; }
skip() {
    tests=$((tests + 1))
    last_result=${EPOCHREALTIME/[.,]/}
    echo "ok $tests - $1 # SKIP $2"
}
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

# guest_initramfs NAME INIT ITEM: an initramfs of the guests, with the modules
# that scripts/fetch has fetched as ITEM
guest_initramfs() {
    local dir=$BUILD/guest/$3 m files
    files=("lib/modules/order=$dir/order")
    while read -r m; do
        files+=("lib/modules/$m.ko=$dir/$m.ko")
    done <"$dir/order"
    scripts/mkinitramfs "$BUILD/guest/$1" "$BUILD/guest/busybox" \
        "tests/functional/guest/$2" "${files[@]}"
}

# The guest of most tests, with drivers for virtio disks and network cards on PCI
initramfs_pci_load() {
    local m files=()
    scripts/compile-guest "$BUILD/guest/net-load" net-load
    for m in failover net_failover virtio_blk virtio_net; do
        files+=("lib/modules/$m.ko=$BUILD/guest/modules/$m.ko")
    done
    scripts/mkinitramfs "$BUILD/guest/initramfs-pci-load" \
        "$BUILD/guest/busybox" tests/functional/guest/init \
        "net-load=$BUILD/guest/net-load" "${files[@]}"
}

# The guest of most tests, with a VM of KVM
initramfs_kvm_guest() {
    scripts/compile-guest "$BUILD/guest/kvm-guest" kvm-guest
    scripts/mkinitramfs "$BUILD/guest/initramfs-kvm-guest" \
        "$BUILD/guest/busybox" tests/functional/guest/init \
        "kvm-guest=$BUILD/guest/kvm-guest"
}

# run_tap PREFIX SECONDS COMMAND...: run a program that prints TAP and pass its
# results on as they come, with PREFIX before each name.  See scripts/tap.
run_tap() {
    echo "$tests" >"$work/tests"
    TAP_COUNT=$work/tests "$TOP/scripts/tap" run "$@"
    read -r tests <"$work/tests"
    last_result=${EPOCHREALTIME/[.,]/}
}
