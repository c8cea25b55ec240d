# QEMU with -accel kvm on the model of KVM in tests/kvm
#
# SPDX-License-Identifier: GPL-2.0-or-later

import concurrent.futures
import os
import platform
import socket
import time

from .qemu import TIMEOUT, Machine, Refused, run, until

GIC = '/machine/gicv5'
# -nodefaults leaves a network card and a serial port out.
BASE = ('-accel', 'kvm', '-machine', 'virt,gic-version=5', '-cpu', 'host',
        '-display', 'none', '-nodefaults', '-m', '64')

SPIS = 256
# Those that the board describes as level: they stay so.
LEVEL = range(1, 9)
CR0, CR1, SPI_SELR, SPI_CFGR = 0x80, 0x84, 0x108, 0x114
PE_SELR, IST_BASER, IST_CFGR = 0x140, 0x180, 0x190
PENDING, ACTIVE, HM, ENABLE, IRM = 1, 2, 4, 8, 16


class Host:
    """How to start QEMU on the model of a host.

    qemu and sim are an arm64 host's; elsewhere qemu-aarch64 (Debian's
    qemu-user) runs them with the libraries in sysroot.
    """

    def __init__(self, qemu, sim, sysroot):
        self.qemu, self.sim, self.sysroot = qemu, sim, sysroot

    def command(self):
        if platform.machine() == 'aarch64':
            return ['env', f'LD_PRELOAD={self.sim}', self.qemu]
        return ['qemu-aarch64', '-L', self.sysroot, '-E',
                f'LD_PRELOAD={self.sim}', self.qemu]

    def run(self, *args, env=None, stdin=''):
        """Exit status and stderr of a QEMU that should end at once"""
        status, _, err = run(self.command(), *args, env=env, stdin=stdin)
        return status, err


class KVMMachine(Machine):
    """A QEMU with QMP and qtest, and the model's commands."""

    def __init__(self, host, *args, form='7.4', props='', fault='', base=BASE,
                 paused=True, env=None):
        super().__init__(host.command(), *base, *(['-S'] if paused else []),
                         *args, sockets=['qtest'], start=False)
        self.events = []
        self._control = None
        self.env |= {'KVMSIM_FORM': form, 'KVMSIM_LOG': self.path('log'),
                     'KVMSIM_CONTROL': self.path('control')}
        if props:
            self.env['KVMSIM_HOST'] = props
        if fault:
            self.env['KVMSIM_FAULT'] = fault
        self.env |= env or {}
        self.log = self.env['KVMSIM_LOG']
        self.start()
        try:
            self._control = socket.socket(socket.AF_UNIX)
            self._control.settimeout(TIMEOUT)
            until('the model listens', self._connect)
            self._answers = self._control.makefile('r')
        except BaseException:
            self.kill()
            raise

    def _connect(self):
        try:
            self._control.connect(self.path('control'))
            return True
        except OSError as err:
            if not self.is_running():
                self._gone('control', err)
            return False

    def _post_shutdown(self):
        if self._control:
            self._control.close()
        super()._post_shutdown()

    def calls(self):
        with open(self.log, encoding='utf-8') as f:
            return f.read().splitlines()

    def control(self, line):
        """The model's answer to a command"""
        try:
            self._control.sendall(line.encode() + b'\n')
            reply = self._answers.readline().strip()
        except ConnectionError as err:
            self._gone(line, err)
        if not reply.startswith('ok'):
            raise Refused(f'{line}: {reply}')
        return reply[3:]

    def number(self, line):
        return int(self.control(line), 16)

    def set_spi(self, n, level):
        self.set_irq_in(GIC, 'unnamed-gpio-in', n, level)

    def run(self):
        """Go on, until each vCPU has executed something"""
        self.cmd('cont')
        self.wait_ran()

    def wait_ran(self):
        cpus = len(self.cmd('query-cpus-fast'))
        until('all vCPUs run', lambda: self.number('ran') == cpus)

    def count_events(self, name):
        """How many of that name have come since the start"""
        self.cmd('query-status')
        self.events += [e['event'] for e in self.get_qmp_events()]
        return self.events.count(name)

    def wait_event(self, name, count=1):
        until(f'event {name} {count}',
              lambda: self.count_events(name) >= count)

    def reset(self, by_guest=True):
        """A reset that makes the VM anew"""
        def count():
            return sum(' CREATE_VM ' in c for c in self.calls())

        before = count()
        resets = self.count_events('RESET')
        if by_guest:
            self.control('event 0 reset')
        else:
            self.cmd('system_reset')
        self.wait_event('RESET', resets + 1)
        if count() != before + 1:
            raise Refused('there is no new VM')

    def migrate(self, uri):
        """The error of a migration that failed, or None"""
        def over():
            info = self.cmd('query-migrate')
            # The end is told before the VM can be continued.
            return self.status() != 'finish-migrate' and \
                info['status'] in ('completed', 'failed', 'cancelled') and info

        self.cmd('migrate', uri=uri)
        info = until('the migration ends', over)
        return None if info['status'] == 'completed' else \
            info.get('error-desc', info['status'])

    def save(self, path=None):
        """Writes the stream to a file, whose name it returns"""
        path = path or self.path('stream')
        error = self.migrate(f'file:{path}')
        if error:
            raise Refused(error)
        return path


def word(rng, cpus, pending=True):
    w = rng.choice((0, ENABLE)) | rng.choice((0, ACTIVE)) | \
        rng.randrange(32) << 11 | rng.randrange(cpus) << 16
    return w | (rng.choice((0, PENDING)) if pending else 0)


def randomise(m, rng, cpus, lpi_bits):
    """A guest that has used everything; returns the SPIs that are high"""
    high = set()
    m.control(f'irs-write {CR1} {rng.getrandbits(16)}')
    if lpi_bits:
        m.control(f'irs-write {IST_CFGR} {lpi_bits}')
        m.control(f'irs-write {IST_BASER} {rng.getrandbits(30) << 6 | 1:#x}')
        for _ in range(100):
            m.control(f'ist lpi {rng.randrange(1 << lpi_bits)} '
                      f'{word(rng, cpus) | rng.choice((0, IRM)):#x}')
    for spi in rng.sample(range(SPIS), 60):
        level = int(rng.randrange(2) or spi in LEVEL)
        m.control(f'irs-write {SPI_SELR} {spi}')
        m.control(f'irs-write {SPI_CFGR} {level}')
        m.control(f'ist spi {spi} '
                  f'{word(rng, cpus, not level) | (HM if level else 0):#x}')
        if rng.randrange(2):
            m.set_spi(spi, 1)
            if level:
                high.add(spi)
    m.control(f'irs-write {SPI_SELR} {rng.randrange(SPIS)}')
    m.control(f'irs-write {PE_SELR} {rng.getrandbits(16)}')
    m.control(f'irs-write {CR0} {rng.randrange(2)}')
    for cpu in range(cpus):
        # What a vCPU that has run can have: software, timers, PMU
        ppis = 1 << 3 | 1 << 23 | 1 << 27 | 1 << 30
        for name in 'enable', 'active', 'pend':
            m.control(f'cpu {cpu} {name} {rng.getrandbits(64) & ppis:#x}')
        for n in range(8):
            m.control(f'cpu {cpu} prio{n} {rng.getrandbits(64):#x}')
        m.control(f'cpu {cpu} pcr {rng.randrange(32)}')
        m.control(f'cpu {cpu} apr {rng.getrandbits(32):#x}')
        m.control(f'cpu {cpu} cr0 {rng.randrange(2)}')
        m.control(f'cpu {cpu} icsr {rng.getrandbits(64):#x}')
    return high


def arguments(argv):
    """QEMU SIM SYSROOT [...]"""
    return Host(*argv[1:4]), argv[4:]


def compare_calls(kept, name, calls, make):
    """A test: are these the calls that are kept? With make, they are now."""
    path = os.path.join(kept, f'kvm-{name}.log')
    if make:
        with open(path, 'w', encoding='utf-8') as f:
            f.write('\n'.join(calls) + '\n')
    with open(path, encoding='utf-8') as f:
        want = f.read().splitlines()
    diff = [f'{n + 1}: {a} | {b}' for n, (a, b) in enumerate(zip(calls, want))
            if a != b]
    yield (f'the calls are those of kvm-{name}.log', calls == want,
           f'{len(calls)} and {len(want)} calls; ' + '; '.join(diff[:3]))


def run_tests(*tests):
    """The results of generators, of which some run at once, with times"""
    def collect(test):
        results = []
        start = time.monotonic()
        try:
            for result in test:
                now = time.monotonic()
                results.append((*result, now - start))
                start = now
        except (Refused, EOFError, OSError) as err:
            results.append((test.__name__, False, repr(err)))
        return results

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for results in pool.map(collect, tests):
            yield from results
