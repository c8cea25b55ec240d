/*
 * GICv5 guest tests: a PCI device behind an SMMUv3
 *
 * Its rings lie in pages that follow each other for the device and not in
 * memory, as Linux has them.
 *
 * The machine has a virtio-rng-pci in slot 5, with iommu_platform=on.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "virtio.h"

#define SMMU_BASE               0x09050000ul
#define SMMU_CR0                0x0020
#define SMMU_CR0ACK             0x0024
#define SMMU_STRTAB_BASE        0x0080
#define SMMU_STRTAB_BASE_CFG    0x0088
#define SMMU_CMDQ_BASE          0x0090
#define SMMU_CMDQ_PROD          0x0098
#define SMMU_CMDQ_CONS          0x009c
#define CR0_SMMUEN              1u
#define CR0_CMDQEN              8u

/* CMD_CFGI_ALL: CMD_CFGI_STE_RANGE of all streams */
#define CMD_CFGI_ALL            0x04
#define CMD_CFGI_RANGE          31

/* Stream table entry, stage 2 only: 39 bits from level 1, 4 KiB */
#define STE_V                   BIT(0)
#define STE_S2                  (6ull << 1)
#define STE_S2T0SZ(n)           ((uint64_t)(n) << 32)
#define STE_S2SL0(n)            ((uint64_t)(n) << 38)
#define STE_S2PS(n)             ((uint64_t)(n) << 48)
#define STE_S2AA64              BIT(51)
#define STE_S2R                 BIT(58)

/* The same, stage 1 only; its context descriptor */
#define STE_S1                  (5ull << 1)
#define CD_T0SZ(n)              ((uint64_t)(n))
#define CD_EPD1                 BIT(30)
#define CD_V                    BIT(31)
#define CD_IPS(n)               ((uint64_t)(n) << 32)
#define CD_AA64                 BIT(41)
#define CD_R                    BIT(45)
#define CD_A                    BIT(46)

#define PTE_TABLE               3ull
/* AP: readable, writable by all */
#define PTE_PAGE_S1             (3ull | 1 << 10 | 3 << 8 | 1 << 6)
/* A page: AF, inner shareable, readable, writable, normal memory */
#define PTE_PAGE                (3ull | 1 << 10 | 3 << 8 | 3 << 6 | 0xf << 2)

#define SLOT 5

#define PAGE                    4096u
#define NUM_PAGES               16

/* Where things are for the device */
#define DESC                    0x1000u
#define AVAIL                   0x2000u
/* The first element's second half is in the next page. */
#define USED                    0x3ff8u
#define BUF                     0x5000u
#define LEN                     64

static uint64_t strtab[256][8] __attribute__((aligned(16384)));
static uint64_t cd[8] __attribute__((aligned(64)));
static uint64_t commands[8][2] __attribute__((aligned(128)));
static uint64_t level1[512] __attribute__((aligned(4096)));
static uint64_t level2[512] __attribute__((aligned(4096)));
static uint64_t level3[512] __attribute__((aligned(4096)));
/* Pages of the device, in reverse order, with one between each two */
static char pages[2 * NUM_PAGES][PAGE] __attribute__((aligned(4096)));

/* What is at an address of the device */
static uint64_t at(uint32_t iova)
{
    unsigned page = 2 * (NUM_PAGES - 1 - iova / PAGE);

    return (uint64_t)pages[page] + iova % PAGE;
}

static void tables_setup(uint64_t page)
{
    memset(level3, 0, sizeof(level3));
    for (unsigned i = 0; i < NUM_PAGES; i++) {
        level3[i] = at(i * PAGE) | page;
    }
    level1[0] = (uint64_t)level2 | PTE_TABLE;
    level2[0] = (uint64_t)level3 | PTE_TABLE;
    memset(strtab, 0, sizeof(strtab));
}

/* It may know an entry of before. */
static bool smmu_start(void)
{
    unsigned prod = mmio_r32(SMMU_BASE + SMMU_CMDQ_PROD) & 15;

    mmio_w32(SMMU_BASE + SMMU_CR0, 0);
    commands[prod % 8][0] = CMD_CFGI_ALL;
    commands[prod % 8][1] = CMD_CFGI_RANGE;
    prod = (prod + 1) & 15;
    dsb();
    mmio_w64(SMMU_BASE + SMMU_STRTAB_BASE, (uint64_t)strtab);
    mmio_w32(SMMU_BASE + SMMU_STRTAB_BASE_CFG, 8);
    mmio_w64(SMMU_BASE + SMMU_CMDQ_BASE, (uint64_t)commands | 3);
    mmio_w32(SMMU_BASE + SMMU_CR0, CR0_SMMUEN | CR0_CMDQEN);
    mmio_w32(SMMU_BASE + SMMU_CMDQ_PROD, prod);
    return wait_for(mmio_r32(SMMU_BASE + SMMU_CR0ACK) & CR0_SMMUEN) &&
           wait_for(mmio_r32(SMMU_BASE + SMMU_CMDQ_CONS) == prod);
}

static bool smmu_setup(uint64_t s2_cfg)
{
    uint64_t *ste = strtab[SLOT << 3];

    tables_setup(PTE_PAGE);
    ste[0] = STE_V | STE_S2;
    ste[2] = STE_S2T0SZ(25) | STE_S2SL0(1) | STE_S2PS(5) | s2_cfg;
    ste[3] = (uint64_t)level1;
    return smmu_start();
}

static bool smmu_setup_s1(unsigned ips)
{
    uint64_t *ste = strtab[SLOT << 3];

    tables_setup(PTE_PAGE_S1);
    memset(cd, 0, sizeof(cd));
    cd[0] = CD_T0SZ(25) | CD_EPD1 | CD_V | CD_IPS(ips) | CD_AA64 | CD_R | CD_A;
    cd[1] = (uint64_t)level1;
    ste[0] = STE_V | STE_S1 | (uint64_t)cd;
    return smmu_start();
}

static bool rng_find(void)
{
    return virtio_find(SLOT, VIRTIO_RNG_ID);
}

static bool rng_start(void)
{
    return virtio_start(VIRTIO_VERSION_1 | VIRTIO_ACCESS_PLATFORM, DESC, AVAIL,
                        USED);
}

/* Ask for LEN bytes, by descriptor @desc, the @nth time. */
static void rng_ask(unsigned nth, unsigned desc)
{
    uint64_t d = at(DESC) + 16 * desc;

    mmio_w64(d, BUF + desc * LEN);
    mmio_w32(d + 8, LEN);
    /* The device writes. */
    mmio_w16(d + 12, 2);
    mmio_w16(at(AVAIL) + 4 + 2 * (nth % 8), desc);
    dsb();
    mmio_w16(at(AVAIL) + 2, nth + 1);
    dsb();
    mmio_w16(virtio_notify, 0);
}

static bool rng_answers(unsigned nth)
{
    return wait_for(mmio_r16(at(USED) + 2) == nth + 1);
}

static void pages_clear(void)
{
    memset(pages, 0xa5, sizeof(pages));
    for (uint32_t i = 0; i < NUM_PAGES; i++) {
        memset((void *)at(i * PAGE), 0, PAGE);
    }
}

/* This SMMU has no AArch32 tables: no access comes through, that is all. */
static void test_aarch32(void)
{
    pages_clear();
    if (!rng_find()) {
        test_skip("no virtio-rng-pci");
        return;
    }
    if (!CHECK(smmu_setup(STE_S2R)) || !CHECK(rng_start())) {
        return;
    }
    rng_ask(0, 0);
    for (unsigned i = 0; i < LEN; i++) {
        CHECK_EQ(mmio_r8(at(BUF + i)), 0);
    }
    virtio_reset();
}

/* Reserved sizes are the largest that there is. */
static void test_reserved_ips(void)
{
    for (unsigned ips = 4; ips < 8; ips++) {
        bool random = false;

        pages_clear();
        if (!rng_find()) {
            test_skip("no virtio-rng-pci");
            return;
        }
        if (!CHECK(smmu_setup_s1(ips)) || !CHECK(rng_start())) {
            return;
        }
        rng_ask(0, 0);
        CHECK(rng_answers(0));
        for (unsigned i = 0; i < LEN; i++) {
            random |= mmio_r8(at(BUF + i));
        }
        CHECK(random);
        virtio_reset();
    }
}

static void test_rings(void)
{
    bool random = false;

    pages_clear();
    if (!rng_find()) {
        test_skip("no virtio-rng-pci");
        return;
    }
    if (!CHECK(smmu_setup(STE_S2AA64 | STE_S2R)) || !CHECK(rng_start())) {
        return;
    }
    for (unsigned nth = 0; nth < 24; nth++) {
        unsigned desc = 5 - nth % 3;
        uint32_t element = USED + 4 + 8 * (nth % 8);

        rng_ask(nth, desc);
        if (!CHECK(rng_answers(nth))) {
            break;
        }
        CHECK_EQ(mmio_r32(at(element)), desc);
        CHECK_EQ(mmio_r32(at(element + 4)), LEN);
    }
    for (unsigned i = 0; i < LEN; i++) {
        random |= mmio_r8(at(BUF + 5 * LEN + i));
    }
    CHECK(random);
    /* Nothing came to memory that is not the device's. */
    for (unsigned i = 1; i < 2 * NUM_PAGES; i += 2) {
        for (unsigned j = 0; j < PAGE; j++) {
            if (!CHECK_EQ(mmio_r8((uint64_t)&pages[i][j]), 0xa5)) {
                break;
            }
        }
    }
    virtio_reset();
}

const struct test tests[] = {
    { "AArch32 tables", test_aarch32, true },
    { "reserved IPS", test_reserved_ips, true },
    { "rings in pages that are apart", test_rings, true },
    { }
};
