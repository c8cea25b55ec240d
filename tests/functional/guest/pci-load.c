/*
 * Linux guest that uses a PCI disk and a network card: scripts/bench --pci
 *
 * pci-load PORT reads blocks of 4 KiB of /dev/vda at random, and sends
 * bytes to the host's port, one at a time. For each it prints "wakeups: NAME
 * begins" and "wakeups: NAME COUNT NANOSECONDS"; then it powers off.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "calls.h"

#define O_DIRECT 0x10000
#define BLOCK 4096
#define DISK (64ul << 20)

static char block[BLOCK] __attribute__((aligned(BLOCK)));

static void failed(const char *what)
{
    print("wakeups: FAILED ");
    print(what);
    print("\n");
    power_off();
}

static void disk(const char *name, unsigned rounds)
{
    long fd = call(SYS_OPENAT, AT_FDCWD, (long)"/dev/vda", O_DIRECT, 0);
    unsigned where = 1;
    u64 start;

    if (fd < 0) {
        failed("/dev/vda");
    }
    start = begins(name);
    for (unsigned i = 0; i < rounds; i++) {
        where = where * 1103515245 + 12345;
        if (call(SYS_PREAD64, fd, (long)block, BLOCK,
                 (where >> 8) % (DISK / BLOCK) * BLOCK) != BLOCK) {
            failed("read");
        }
    }
    ends(name, rounds, start);
}

static unsigned number(const char *s)
{
    unsigned n = 0;

    while (*s >= '0' && *s <= '9') {
        n = n * 10 + *s++ - '0';
    }
    return n;
}

static void net(const char *name, unsigned port, unsigned rounds)
{
    /* AF_INET, port and 10.0.2.2 in network order */
    unsigned char addr[16] = { 2, 0, port >> 8, port, 10, 0, 2, 2 };
    int one = 1;
    long fd = call(SYS_SOCKET, 2, 1, 0, 0);
    u64 start;

    call5(SYS_SETSOCKOPT, fd, 6, 1, (long)&one, sizeof(one));
    if (call(SYS_CONNECT, fd, (long)addr, sizeof(addr), 0)) {
        failed("connect");
    }
    start = begins(name);
    for (unsigned i = 0; i < rounds; i++) {
        if (call(SYS_WRITE, fd, (long)block, 1, 0) != 1 ||
            call(SYS_READ, fd, (long)block, 1, 0) != 1) {
            failed("echo");
        }
    }
    ends(name, rounds, start);
}

int main(int argc, char **argv)
{
    console();
    disk("warm-up", 500);
    disk("virtio-blk", 8000);
    net("virtio-net", number(argv[1]), 4000);
    print("wakeups: done\n");
    power_off();
    return 0;
}

/* The arguments are on the stack. */
asm(".globl _start\n"
    "_start: ldr x0, [sp]\n"
    "        add x1, sp, #8\n"
    "        bl main\n");
