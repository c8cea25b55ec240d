/*
 * A model of Linux KVM on an arm64 host with GICv5, in a shared object
 *
 * Loaded with LD_PRELOAD it answers /dev/kvm for the program it is in. No
 * guest instruction is executed: a vCPU that runs waits for a signal, or for an
 * event that a test asks for. What a guest would do to its GICv5 is done by
 * commands, see kvmsim_control().
 *
 * All state is under one lock, sim_lock, which each entry point takes.
 * Functions return 0 or a negative errno unless they say otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_KVM_KVMSIM_H
#define TESTS_KVM_KVMSIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/kvm.h>

/* Numbers of Linux 7.4 that the headers of the build may lack */
#define VGIC_V5                 16
#define GRP_ADDR                0
#define GRP_NR_IRQS             3
#define GRP_CTRL                4
#define GRP_CPU_SYSREGS         6
#define GRP_IRS_REGS            10
#define GRP_IST                 11
#define ADDR_TYPE_IRS           6
#define CTRL_INIT               0
#define CTRL_USERSPACE_PPIS     5

#define IRS_SIZE                0x20000
#define MAX_SPIS                1024
#define MAX_VCPUS               512
#define MAX_ROUTES              4096
#define MAX_SLOTS               512
#define MAX_IOEVENTFDS          256

#define PPI_SW                  3
#define PPI_PMU                 23
#define PPI_VTIMER              27
#define PPI_PTIMER              30

#define BIT64(n)                (1ull << (n))
#define SIZE_OF(a)              (sizeof(a) / sizeof((a)[0]))

/* An entry of an interrupt state table, as the kernel shows it */
#define ISTE_PENDING            0x00000001u
#define ISTE_ACTIVE             0x00000002u
#define ISTE_HM                 0x00000004u
#define ISTE_ENABLE             0x00000008u
#define ISTE_IRM                0x00000010u
#define ISTE_HWU                0x00000600u
#define ISTE_PRIORITY_SHIFT     11
#define ISTE_IAFFID_SHIFT       16

/* The form of the kernel's interface, KVMSIM_FORM */
typedef enum SimForm {
    FORM_NONE,                  /* "none": a host without a GICv5 */
    FORM_PPI,                   /* "7.1": CPU interface and PPIs only */
    FORM_FULL,                  /* "7.4" */
} SimForm;

/* What the host has; KVMSIM_HOST is a list of name=value */
typedef struct SimHost {
    SimForm form;
    unsigned gicv3;             /* VMs can have a GICv3 (FEAT_GCIE_LEGACY) */
    unsigned prio_bits;
    unsigned id_bits;
    unsigned min_lpi_id_bits;
    unsigned max_vcpus;
    unsigned ipa_bits;
    unsigned pmu;
    unsigned midr;
    unsigned extra_reg;         /* 1 to 7: one more in KVM_GET_REG_LIST */
    unsigned routes;            /* KVM_CAP_IRQ_ROUTING */
    unsigned dirty_ring;        /* KVM_CAP_DIRTY_LOG_RING_ACQ_REL */
    /*
     * A guest that follows each write of IRS_SPI_CFGR.TM by GIC CDHM. Linux
     * does not, and the kernel leaves HM alone.
     */
    unsigned hm;
} SimHost;

extern SimHost sim_host;

/*
 * What the hardware knows of an SPI, and what KVM keeps for itself. Only an
 * injection and a restore bring the one up to date with the other; KVM does not
 * see that a guest acknowledges an SPI.
 */
typedef struct SimSPI {
    uint32_t word;              /* the entry in the host's table */
    bool tm_level;
    bool line;
    bool latch;                 /* cleared by nothing but a restore */
} SimSPI;

typedef struct SimVM SimVM;

/* PPIs 0 to 63 */
typedef struct SimPPIs {
    uint64_t enable;
    uint64_t active;
    uint64_t pend;
    uint64_t prio[8];
} SimPPIs;

typedef struct SimReg {
    uint64_t id;
    uint64_t value;
    bool is_id;                 /* an ID register, of the whole VM */
} SimReg;

typedef struct SimVCPU {
    SimVM *vm;
    unsigned id;
    struct kvm_run *run;
    bool initialised;
    bool ran;                   /* completed the preparation of KVM_RUN */
    bool in_run;
    uint32_t features;
    uint32_t mp_state;
    struct kvm_vcpu_events events;
    struct kvm_regs core;
    SimReg *regs;
    unsigned nr_regs;
    bool pmu_irq_set;
    bool pmu_init;
    bool pvtime_set;
    uint32_t event;             /* KVM_SYSTEM_EVENT_* to leave KVM_RUN with */
    bool late;                  /* not put to use before another has run */

    SimPPIs ppi;
    uint64_t icsr;
    uint32_t apr;
    uint32_t pcr;
    bool cr0_en;
} SimVCPU;

typedef struct SimGIC {
    bool initialised;
    bool addr_set;
    uint64_t addr;
    unsigned nr_spis;           /* 0: not set */
    uint32_t idr[3];
    bool irsen;
    uint32_t cr1;
    uint32_t spi_selr;
    uint32_t pe_selr;
    uint64_t ist_baser;
    uint32_t ist_cfgr;
    bool restore_outstanding;
    SimSPI *spi;
    uint32_t *lpi;              /* the host's LPI IST; NULL if none */
    unsigned lpi_bits;
} SimGIC;

typedef struct SimSlot {
    uint64_t gpa;
    uint64_t size;              /* 0: there is none */
    uint64_t user;
    uint32_t flags;
    uint8_t *dirty;             /* a bit per page, with LOG_DIRTY_PAGES */
} SimSlot;

typedef struct SimIOEventFd {
    bool used;
    int fd;
    uint64_t addr;
    uint64_t datamatch;
} SimIOEventFd;

struct SimVM {
    SimVM *next;
    unsigned number;            /* from 1, in the order of creation */
    unsigned refs;
    unsigned ipa_bits;
    bool dead;
    bool ran;
    bool id_final;              /* ID registers cannot change any more */
    bool has_gic;
    SimGIC gic;
    SimVCPU *vcpu[MAX_VCPUS];   /* in the order of creation */
    unsigned nr_vcpus;
    SimReg *id_regs;            /* values for the whole VM */
    unsigned nr_id_regs;
    uint64_t exposed_ppis;      /* decided by the first vCPU that runs */
    struct {
        bool valid;
        unsigned pin;
    } route[MAX_ROUTES];
    SimSlot slot[MAX_SLOTS];
    SimIOEventFd ioeventfd[MAX_IOEVENTFDS];
};

extern pthread_mutex_t sim_lock;

/* The number at the start of a text, decimal or after 0x */
uint64_t sim_number(const char *text);

/* One line of the log; every call that has to do with interrupts has one. */
void sim_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Is a fault to be injected into the call named @key? Its errno, or 0. A call
 * that is held waits here, without sim_lock.
 */
int sim_fault(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Wrong answers; kvmsim-wrong.c. All with sim_lock held. */

/*
 * From now on one call in PARTS goes wrong, LIMIT of them at most: "none", or
 * SEED/PARTS/LIMIT. Which ones, and how, follows from SEED, the call's key and
 * how many with that key have come since: what other threads do between them
 * makes no difference. False if @spec is neither.
 */
bool wrong_set(const char *spec);
/* Does a call go wrong? Its errno, or 0; @seed is then that of contents */
int wrong_answer(const char *key, uint64_t *seed);
/* The error of this name, or 0 */
int wrong_errno(const char *name);
/* Changes what a call that returned @ret has answered; returns what it does */
int wrong_contents(unsigned long request, void *arg, int ret, uint64_t seed);
/* An exit from KVM_RUN that no guest has asked for */
void wrong_exit(struct kvm_run *run, uint64_t seed);

/* The vCPU with this ID, or NULL */
SimVCPU *sim_vcpu(SimVM *vm, unsigned id);
bool sim_any_vcpu_in_run(SimVM *vm);
bool sim_any_vcpu_ran(SimVM *vm);

/*
 * Copy from and to user memory as the kernel does: -EFAULT for an address
 * that is not mapped.
 */
int sim_copy_from(void *to, uint64_t from, size_t size);
int sim_copy_to(uint64_t to, const void *from, size_t size);

/* The device; kvmsim-gicv5.c */
int gic_create(SimVM *vm, struct kvm_create_device *create);
int gic_device_attr(SimVM *vm, unsigned long request,
                    const struct kvm_device_attr *attr);
int gic_irq_line(SimVM *vm, const struct kvm_irq_level *irq);
int gic_irqfd(SimVM *vm, const struct kvm_irqfd *irqfd);
int gic_set_routing(SimVM *vm, const struct kvm_irq_routing *routing);
/* The part of a vCPU's first KVM_RUN that concerns the GIC */
int gic_prepare_run(SimVM *vm);
void gic_expose_ppis(SimVM *vm, SimVCPU *vcpu);
void gic_free(SimGIC *gic);
/* A command of a guest; false if it is none. Words of @reply follow "ok ". */
bool gic_command(SimVM *vm, char **words, unsigned count, char *reply,
                 size_t size);

/* vCPUs; kvmsim-vcpu.c */
int vcpu_init(SimVCPU *vcpu, const struct kvm_vcpu_init *init);
int vcpu_reg_list(SimVCPU *vcpu, uint64_t addr);
int vcpu_one_reg(SimVCPU *vcpu, bool set, const struct kvm_one_reg *reg);
int vcpu_device_attr(SimVCPU *vcpu, unsigned long request,
                     const struct kvm_device_attr *attr);
/* Forces the ID registers' final values when the VM runs first */
void vcpu_finalise_id_regs(SimVM *vm);
/* A GICv5 has been created: GCIE = 1, GIC = 0 */
void vcpu_gic_created(SimVM *vm);
uint64_t vcpu_mpidr(unsigned id);

/**
 * kvmsim_control: what a guest or the host does; for a test in the program
 *
 * The same commands come from the socket that KVMSIM_CONTROL names, a line
 * each, answered by a line. @reply is "ok ..." or "error ...". They concern
 * the oldest VM that is open.
 *
 *   irs-read OFFSET, irs-write OFFSET VALUE   a guest's access to the IRS
 *   cpu VCPU NAME [VALUE]                     one field of a CPU interface:
 *                                             enable, active, pend, icsr, apr,
 *                                             pcr, cr0, prioN
 *   ist spi|lpi ID [WORD]                     an entry in the host's table
 *   shadow ID                                 of an SPI in KVM: edge or level,
 *                                             high, latched
 *   hppi VCPU                                 its highest priority pending
 *                                             interrupt that is not masked
 *   ack VCPU                                  the same, acknowledged
 *   event VCPU reset|off|crash                it leaves KVM_RUN with this
 *   late VCPU                                 its registers are not written
 *                                             before another vCPU has run
 *   ran                                       vCPUs that have run
 *   signal GSI                                an irqfd's eventfd fires
 *   fault KEY@N=ERRNO | fault KEY@N=SEED | fault none
 *                                             from now on, see sim_fault()
 *   wrong SEED/PARTS/LIMIT | wrong none       from now on, see wrong_set()
 *   hold KEY | hold none                      calls of that name wait, or go on
 *   held                                      how many wait
 *   memory                                    bytes that malloc() has in use
 *   dump                                      all of the GICv5's state
 *   poke GPA VALUE                            a guest's write of a byte
 *   slots                                     memory, GPA+SIZE=ADDRESS/FLAGS
 *   ioeventfds                                ADDRESS/DATA of each
 *
 * Returns 0 for "ok", -1 for "error".
 */
int kvmsim_control(const char *command, char *reply, size_t size);

#endif
