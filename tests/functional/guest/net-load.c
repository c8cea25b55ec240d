/*
 * Linux guest that uses a PCI network card, one frame after the other:
 * net-load INDEX FILE
 *
 * INDEX is the number of the interface (ifindex). Frames of all lengths with
 * other contents each go to the host, which sends their complement back. If
 * that does not come, the frame is sent again: one that was on its way when the
 * machine moved may be lost. An answer that comes after its frame had been sent
 * again was there, but not its interrupt. The program ends when there is FILE.
 * It prints "net: FRAMES frames, AGAIN sent again", and before that
 * "net: FAIL ..." for whatever is wrong.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "calls.h"

enum {
    SYS_FACCESSAT = 48, SYS_PPOLL = 73, SYS_BIND = 200,
    AF_PACKET = 17, SOCK_RAW = 3, POLLIN = 1,
};

/* For experiments, in the order of the network */
#define ETHERTYPE 0xb588

#define HEAD 14
#define SHORTEST 60
#define LONGEST 1514

/* Seconds of the guest's, which stand still while it moves */
#define PATIENCE 15
#define TRIES 10

/* So many failures are enough. */
#define MANY 10

static unsigned char sent[LONGEST], got[LONGEST + 1];
static unsigned failures;

static void failed(const char *what, u64 frame)
{
    failures++;
    print("net: FAIL ");
    print(what);
    print(" ");
    print_number(frame);
    print("\n");
}

static u64 number_in(const unsigned char *payload)
{
    u64 n = 0;

    for (int i = 0; i < 8; i++) {
        n |= (u64)payload[i] << 8 * i;
    }
    return n;
}

/* Its length */
static long make_frame(u64 n)
{
    long len = SHORTEST + n * 37 % (LONGEST - SHORTEST + 1);

    for (int i = 0; i < HEAD - 2; i++) {
        sent[i] = i < 6 ? 0xff : 2;
    }
    sent[HEAD - 2] = ETHERTYPE & 0xff;
    sent[HEAD - 1] = ETHERTYPE >> 8;
    for (long i = HEAD; i < len; i++) {
        sent[i] = i < HEAD + 8 ? n >> 8 * (i - HEAD) : (i * n + i) >> 3;
    }
    return len;
}

/* Does an answer come in time? */
static int await(long fd)
{
    struct {
        int fd;
        short events, revents;
    } wait = { fd, POLLIN, 0 };
    u64 patience[2] = { PATIENCE, 0 };

    return call5(SYS_PPOLL, (long)&wait, 1, (long)patience, 0, 0) == 1;
}

/* True if it is the answer to frame @n of @len bytes */
static int take_answer(long fd, u64 n, long len)
{
    long got_len = call(SYS_READ, fd, (long)got, sizeof(got), 0);
    u64 answered;

    for (long i = HEAD; i < got_len; i++) {
        got[i] = ~got[i];
    }
    answered = number_in(got + HEAD);
    if (got_len < SHORTEST || answered > n) {
        failed("no answer to any frame, while waiting for that to", n);
        return 0;
    }
    if (answered < n) {
        failed("a second answer came to frame", answered);
        return 0;
    }
    for (long i = HEAD; i < len; i++) {
        if (got_len != len || got[i] != sent[i]) {
            failed("a wrong answer came to frame", n);
            break;
        }
    }
    return 1;
}

/* Send frame @n until its answer comes; how often it was sent again */
static unsigned exchange(long fd, u64 n)
{
    long len = make_frame(n);

    for (unsigned again = 0; again < TRIES; again++) {
        if (call(SYS_WRITE, fd, (long)sent, len, 0) != len) {
            failed("cannot send frame", n);
            return again;
        }
        while (await(fd)) {
            if (take_answer(fd, n, len)) {
                return again;
            }
        }
    }
    failed("no answer comes to frame", n);
    return TRIES;
}

static unsigned number(const char *s)
{
    unsigned n = 0;

    while (*s >= '0' && *s <= '9') {
        n = n * 10 + *s++ - '0';
    }
    return n;
}

int main(int argc, char **argv)
{
    /* struct sockaddr_ll: family, protocol, index, and nothing else */
    unsigned to[5] = { AF_PACKET | ETHERTYPE << 16, number(argv[1]) };
    long fd = call(SYS_SOCKET, AF_PACKET, SOCK_RAW, ETHERTYPE, 0);
    u64 n = 0, again = 0;

    console();
    if (call(SYS_BIND, fd, (long)to, sizeof(to), 0)) {
        failed("no socket for interface", to[1]);
    }
    while (failures < MANY &&
           call(SYS_FACCESSAT, AT_FDCWD, (long)argv[2], 0, 0)) {
        again += exchange(fd, ++n);
    }
    print("net: ");
    print_number(n);
    print(" frames, ");
    print_number(again);
    print(" sent again\n");
    call(SYS_EXIT, failures > 0, 0, 0, 0);
    return 0;
}

/* The arguments are on the stack. */
asm(".globl _start\n"
    "_start: ldr x0, [sp]\n"
    "        add x1, sp, #8\n"
    "        bl main\n");
