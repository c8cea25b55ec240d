/*
 * Tests of the GICv5 register frames: each kind of register by each access
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/log.h"
#include "hw/intc/gicv5/frame.h"
#include "hw/intc/gicv5/swerr.h"

REG32(T_IDR, 0x0000)
REG32(T_WO, 0x0004)
REG32(T_RW, 0x0008)
REG64(T_WIDE, 0x0010)
REG64(T_WHOLE, 0x0018)
REG64(T_TRIGGER, 0x0020)
REG64(T_W1C, 0x0028)
REG32(T_OPTION, 0x0030)
REG64(T_OPTION64, 0x0038)
REG32(T_RES_FIRST, 0x0040)
REG32(T_RES_LAST, 0x0048)
REG32(T_ARRAY, 0x0100)
REG64(T_ARRAY64, 0x0180)
REG64(T_SWERR_STATUSR, 0x0240)
REG64(T_SWERR_SYNDROMER0, 0x0248)
REG64(T_SWERR_SYNDROMER1, 0x0250)
REG32(T_LAST, 0xfffc)

#define END 0x10000

typedef struct State {
    bool there;
    uint32_t rw;
    uint64_t wide;
    uint64_t whole;
    uint64_t trigger;
    uint64_t w1c;
    uint32_t option;
    uint64_t option64;
    uint32_t array[5];
    uint64_t array64[3];
    GICv5SWErrRecord err;
    /* What the last handler was called with */
    unsigned writes;
    uint64_t value;
    GICv5RegAccess access;
} State;

static State state;
static GICv5Frame frame;
static char *log_name;

static bool is_there(const void *opaque)
{
    const State *s = opaque;

    return s->there;
}

static void told(State *s, const GICv5RegAccess *a, uint64_t value)
{
    s->writes++;
    s->value = value;
    s->access = *a;
}

static void wo_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    told(opaque, a, value);
}

/* An operation that starts with a one in bit 63 */
static void trigger_write(void *opaque, const GICv5RegAccess *a,
                          uint64_t value)
{
    State *s = opaque;

    s->trigger = value & ~BIT_ULL(63);
    if (value & BIT_ULL(63)) {
        told(s, a, value);
    }
}

static void w1c_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    State *s = opaque;

    told(s, a, value);
    s->w1c &= ~value;
}

static uint64_t option64_read(void *opaque, const GICv5RegAccess *a)
{
    State *s = opaque;

    s->access = *a;
    return s->option64 + 1;
}

static void array_write(void *opaque, const GICv5RegAccess *a, uint64_t value)
{
    State *s = opaque;

    told(s, a, value);
    s->array[a->index] = value;
}

#define FIELD_OF(member) offsetof(State, member)

static const GICv5Reg regs[] = {
    GICV5_RO32(T_IDR, .value = 0x12345678),
    GICV5_WO32(T_WO, .mask = 0xff, .write = wo_write),
    GICV5_RW32(T_RW, .mask = 0xff00, .value = 2, .field = FIELD_OF(rw)),
    GICV5_RW64(T_WIDE, .mask = ~0xfULL, .value = 1, .field = FIELD_OF(wide)),
    GICV5_RW64(T_WHOLE, .mask = UINT64_MAX, .field = FIELD_OF(whole),
               .no_halves = true),
    GICV5_WO64(T_TRIGGER, .mask = UINT64_MAX, .field = FIELD_OF(trigger),
               .write = trigger_write),
    GICV5_RW64(T_W1C, .mask = UINT64_MAX, .field = FIELD_OF(w1c), .w1c = true,
               .write = w1c_write),
    GICV5_RW32(T_OPTION, .mask = UINT32_MAX, .field = FIELD_OF(option),
               .present = is_there),
    GICV5_RO64(T_OPTION64, .read = option64_read, .present = is_there),
    GICV5_RES0(T_RES_FIRST, T_RES_LAST),
    GICV5_RW32(T_ARRAY, .count = 5, .mask = 0xffff, .field = FIELD_OF(array),
               .write = array_write),
    GICV5_RW64(T_ARRAY64, .count = 3, .mask = UINT64_MAX,
               .field = FIELD_OF(array64)),
    GICV5_REG_SWERR_STATUSR(T, State, err, is_there),
    GICV5_REG_SWERR_SYNDROMER(T, 0, State, err, is_there),
    GICV5_REG_SWERR_SYNDROMER(T, 1, State, err, is_there),
    GICV5_RO32(T_LAST, .value = 7),
};

static const GICv5FrameType type = {
    .name = "test",
    .regs = regs,
    .num_regs = ARRAY_SIZE(regs),
};

static void setup(void)
{
    state = (State) { .there = true };
    gicv5_frame_init(&frame, &type, &state, "TEST", 1, 2);
}

static off_t log_size(void)
{
    struct stat st;

    g_assert_cmpint(stat(log_name, &st), ==, 0);
    return st.st_size;
}

/* An access that is possible, or is not: then it is logged */
static uint64_t read_is(unsigned offset, unsigned size, bool good)
{
    off_t before = log_size();
    uint64_t v = gicv5_frame_read(&frame, offset, size,
                                  MEMTXATTRS_UNSPECIFIED);

    g_assert_cmpint(log_size() == before, ==, good);
    return v;
}

static void write_is(unsigned offset, uint64_t value, unsigned size, bool good)
{
    off_t before = log_size();

    gicv5_frame_write(&frame, offset, value, size, MEMTXATTRS_UNSPECIFIED);
    g_assert_cmpint(log_size() == before, ==, good);
}

#define assert_read(offset, size, value) \
    g_assert_cmphex(read_is((offset), (size), true), ==, (value))
#define assert_bad_read(offset, size) \
    g_assert_cmphex(read_is((offset), (size), false), ==, 0)

static void put(unsigned offset, unsigned size, uint64_t value)
{
    write_is(offset, value, size, true);
}

static void bad_put(unsigned offset, unsigned size, uint64_t value)
{
    write_is(offset, value, size, false);
}

static void test_kinds(void)
{
    setup();
    assert_read(A_T_IDR, 4, 0x12345678);
    bad_put(A_T_IDR, 4, 0);
    assert_read(A_T_IDR, 4, 0x12345678);

    put(A_T_WO, 4, 0x123);
    g_assert_cmphex(state.value, ==, 0x23);
    assert_read(A_T_WO, 4, 0);

    put(A_T_RW, 4, UINT32_MAX);
    g_assert_cmphex(state.rw, ==, 0xff00);
    assert_read(A_T_RW, 4, 0xff02);

    put(A_T_WIDE, 8, UINT64_MAX);
    g_assert_cmphex(state.wide, ==, ~0xfULL);
    assert_read(A_T_WIDE, 8, ~0xeULL);
}

static void test_absent(void)
{
    setup();
    put(A_T_OPTION, 4, 5);
    state.option64 = 0x100000000;
    assert_read(A_T_OPTION, 4, 5);
    assert_read(A_T_OPTION64, 8, 0x100000001);
    assert_read(A_T_OPTION64 + 4, 4, 1);
    bad_put(A_T_OPTION64, 8, 0);
    bad_put(A_T_OPTION64 + 4, 4, 0);

    state.there = false;
    for (unsigned off = A_T_OPTION; off <= A_T_RES_LAST; off += 4) {
        /* 0x34 is reserved, the others are RES0. */
        if (off == A_T_OPTION + 4) {
            assert_bad_read(off, 4);
            bad_put(off, 4, 1);
            continue;
        }
        assert_read(off, 4, 0);
        put(off, 4, UINT32_MAX);
        assert_bad_read(off, 2);
        bad_put(off, 2, 1);
        if (off % 8 == 0) {
            assert_read(off, 8, 0);
            put(off, 8, UINT64_MAX);
        } else {
            assert_bad_read(off, 8);
        }
    }
    g_assert_cmphex(state.option, ==, 5);
}

static void test_halves(void)
{
    setup();
    put(A_T_WIDE + 4, 4, 0x11223344);
    g_assert_cmphex(state.wide, ==, 0x1122334400000000);
    put(A_T_WIDE, 4, 0x55667788);
    g_assert_cmphex(state.wide, ==, 0x1122334455667780);
    assert_read(A_T_WIDE, 4, 0x55667781);
    assert_read(A_T_WIDE + 4, 4, 0x11223344);

    put(A_T_WHOLE, 8, 0x1234);
    bad_put(A_T_WHOLE, 4, 0);
    bad_put(A_T_WHOLE + 4, 4, 0);
    assert_bad_read(A_T_WHOLE, 4);
    assert_read(A_T_WHOLE, 8, 0x1234);

    /* A write-only register: halves are put together, reads are zero. */
    put(A_T_TRIGGER, 4, 77);
    assert_read(A_T_TRIGGER, 8, 0);
    g_assert_cmpuint(state.writes, ==, 0);
    put(A_T_TRIGGER + 4, 4, 1u << 31);
    g_assert_cmpuint(state.writes, ==, 1);
    g_assert_cmphex(state.value, ==, 0x800000000000004d);

    /* Ones clear: the other half keeps its ones. */
    state.w1c = UINT64_MAX;
    put(A_T_W1C, 4, 1);
    g_assert_cmphex(state.w1c, ==, ~1ULL);
    put(A_T_W1C + 4, 4, UINT32_MAX);
    g_assert_cmphex(state.w1c, ==, 0xfffffffe);
}

static void test_arrays(void)
{
    MemTxAttrs realm = { .space = 3 };

    setup();
    for (unsigned i = 0; i < 5; i++) {
        gicv5_frame_write(&frame, A_T_ARRAY + 4 * i, 0x10000 + i, 4, realm);
        g_assert_cmpuint(state.access.index, ==, i);
        g_assert_cmpuint(state.access.attrs.space, ==, 3);
        g_assert_cmpstr(state.access.reg->name, ==, "T_ARRAY");
        assert_read(A_T_ARRAY + 4 * i, 4, i);
    }
    assert_bad_read(A_T_ARRAY - 4, 4);
    assert_bad_read(A_T_ARRAY + 4 * 5, 4);
    bad_put(A_T_ARRAY, 8, 0);

    for (unsigned i = 0; i < 3; i++) {
        put(A_T_ARRAY64 + 8 * i, 8, i + 1);
        put(A_T_ARRAY64 + 8 * i + 4, 4, 0x10 + i);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_read(A_T_ARRAY64 + 8 * i, 8,
                    (0x10ULL + i) << 32 | (i + 1));
    }
    assert_bad_read(A_T_ARRAY64 + 24, 8);
    g_assert_cmphex(state.err.statusr, ==, 0);
}

/* Sizes and alignments that no register has, and reserved offsets */
static void test_bad(void)
{
    static const unsigned sizes[] = { 1, 2, 4, 8 };
    State before;

    setup();
    for (unsigned off = 0; off < END; off++) {
        if (off >= 0x400 && off < END - 0x100) {
            continue;
        }
        for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
            unsigned size = sizes[i];
            bool ours = off <= A_T_RES_LAST + 3 ||
                        (off >= A_T_ARRAY && off < A_T_ARRAY + 20) ||
                        (off >= A_T_ARRAY64 && off < A_T_ARRAY64 + 24) ||
                        (off >= A_T_SWERR_STATUSR &&
                         off < A_T_SWERR_SYNDROMER1 + 8) ||
                        off >= A_T_LAST;

            if (!ours || size < 4 || off % size) {
                memcpy(&before, &state, sizeof(state));
                assert_bad_read(off, size);
                bad_put(off, size, UINT64_MAX);
                g_assert_cmpint(memcmp(&before, &state, sizeof(state)), ==, 0);
            }
        }
    }
    /* 64-bit accesses to 32-bit registers */
    assert_bad_read(A_T_IDR, 8);
    bad_put(A_T_RW, 8, UINT64_MAX);
    bad_put(A_T_ARRAY, 8, UINT64_MAX);
    g_assert_cmphex(state.rw, ==, 0);
    assert_read(A_T_LAST, 4, 7);
    assert_bad_read(0xc, 4);
}

static void test_swerr(void)
{
    const uint64_t v = R_GICV5_SWERR_STATUSR_V_MASK |
                       R_GICV5_SWERR_STATUSR_S0V_MASK |
                       R_GICV5_SWERR_STATUSR_S1V_MASK;

    setup();
    g_assert_false(gicv5_swerr_is_recorded(&state.err));
    /* As an ITS has it: DeviceID and EventID */
    gicv5_swerr_record(&state.err, 0x21, 0x1234500000042, UINT64_MAX);
    g_assert_true(gicv5_swerr_is_recorded(&state.err));
    assert_read(A_T_SWERR_STATUSR, 8, v | 0x21 << 16);
    assert_read(A_T_SWERR_SYNDROMER0, 8, 0x1234500000042);
    assert_read(A_T_SWERR_SYNDROMER0 + 4, 4, 0x12345);
    assert_read(A_T_SWERR_SYNDROMER1, 8, MAKE_64BIT_MASK(3, 53));

    gicv5_swerr_record(&state.err, 0x22, 1, 8);
    assert_read(A_T_SWERR_STATUSR, 4,
                v | R_GICV5_SWERR_STATUSR_OF_MASK | 0x21 << 16);
    assert_read(A_T_SWERR_SYNDROMER0, 8, 0x1234500000042);

    /* Nothing but a one in V clears it, and clears it all. */
    put(A_T_SWERR_STATUSR, 8, ~1ULL);
    put(A_T_SWERR_STATUSR + 4, 4, UINT32_MAX);
    put(A_T_SWERR_SYNDROMER0, 8, 0);
    put(A_T_SWERR_SYNDROMER1, 4, 0);
    assert_read(A_T_SWERR_STATUSR, 4,
                v | R_GICV5_SWERR_STATUSR_OF_MASK | 0x21 << 16);
    put(A_T_SWERR_STATUSR, 4, 1);
    assert_read(A_T_SWERR_STATUSR, 8, 0);
    assert_read(A_T_SWERR_SYNDROMER0, 8, 0);
    assert_read(A_T_SWERR_SYNDROMER1, 8, 0);

    gicv5_swerr_record(&state.err, 3, 1, 8);
    state.there = false;
    assert_read(A_T_SWERR_STATUSR, 8, 0);
    put(A_T_SWERR_STATUSR, 8, 1);
    g_assert_true(gicv5_swerr_is_recorded(&state.err));
    gicv5_swerr_reset(&state.err);
    g_assert_false(gicv5_swerr_is_recorded(&state.err));
}

int main(int argc, char **argv)
{
    int fd, ret;

    g_test_init(&argc, &argv, NULL);
    log_name = g_build_filename(g_get_tmp_dir(), "gicv5-frame-XXXXXX", NULL);
    fd = g_mkstemp(log_name);
    close(fd);
    qemu_set_log_filename_flags(log_name, LOG_GUEST_ERROR, &error_abort);

    g_test_add_func("/gicv5/frame/kinds", test_kinds);
    g_test_add_func("/gicv5/frame/absent", test_absent);
    g_test_add_func("/gicv5/frame/halves", test_halves);
    g_test_add_func("/gicv5/frame/arrays", test_arrays);
    g_test_add_func("/gicv5/frame/bad", test_bad);
    g_test_add_func("/gicv5/frame/swerr", test_swerr);
    ret = g_test_run();
    unlink(log_name);
    g_free(log_name);
    return ret;
}
