# The guest fuzzer: compile it, run a seed, compare runs of a seed
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""run() is one machine with one seed, and what was wrong with it.

tests/fuzz/guest is the program; a case is what it is run with:

config: a name of CONFIGS
seed, blocks: numbers; each CPU runs so many blocks
"""

import os
import re
import threading
import time
import traceback
from collections import namedtuple

from . import TOP, baremetal
from .qemu import TIMEOUT, Ended, Hang, Machine, Refused, until

SOURCE = os.path.join(TOP, 'tests', 'fuzz', 'guest')
KEPT = os.path.join(TOP, 'tests', 'fuzz', 'corpus-guest.txt')

MACHINE = '-cpu max -m 512 -nodefaults -no-shutdown'.split()
EL2 = 'virt,gic-version=5,virtualization=on'
EL1 = 'virt,gic-version=5'
ICOUNT = '-icount shift=0,sleep=off'
SINGLE = '-accel tcg,thread=single'
# How many CPUs, and the rest: machine, CPUs, options
CONFIGS = {
    'el2': (EL2, 1, ''),
    'el2-4': (EL2, 4, ''),
    'el2-single': (EL2, 2, SINGLE),
    'el2-icount': (EL2, 1, ICOUNT),
    'el2-icount-2': (EL2, 2, ICOUNT),
    'el2-a32': (EL2, 2, ''),
    'el2-a32-icount': (EL2, 1, ICOUNT),
    'el1': (EL1, 1, ''),
    'el1-4': (EL1, 4, ''),
    'el1-icount': (EL1, 1, ICOUNT),
}

# As in tests/fuzz/guest/guest.h
CONFIG, SHOW = 0x5b000000, 0x5b000008
TIMELESS, PAUSE, TRACE, ORDERLY, AARCH32 = 1, 2, 4, 8, 16
# As in target/arm/gicv5/qtest.c; the domain is the Non-secure one
QTEST_CHECK, QTEST_DOMAIN = 116, 1

# At the end no CPU has a timer; what AddressSanitizer says of coroutines
HARMLESS = re.compile(r'icount sleep disabled and no active timers|'
                      r'WARNING: ASan |False positive error reports may|'
                      r'For details see https')

Case = namedtuple('Case', 'config seed blocks')


class Found(Exception):
    """Something is wrong; the text says what"""


class Late(Found):
    """Something has not come within its time"""


def kept(differential_only=False):
    """The cases that are kept, for run() or for differential()"""
    cases = []
    with open(KEPT, encoding='ascii') as f:
        for line in f:
            words = line.split('#')[0].split()
            if words and differential_only == (words[3:] == ['same']):
                cases.append(Case(words[0], int(words[1]), int(words[2])))
    return cases


def compile_guest(build):
    """Compile it into a directory; returns the ELF file"""
    return baremetal.compile_elf(
        os.path.join(build, 'guest.elf'), os.path.join(SOURCE, 'guest.ld'),
        [os.path.join(SOURCE, f) for f in ('entry.S', 'guest.c', 'generate.c')],
        '-Wl,--no-warn-rwx-segments')


class Guest:
    """A machine with a seed; what it prints is in text"""

    def __init__(self, qemu, elf, case, flags=0, options='', show=None,
                 env=None, incoming=False):
        machine, cpus, more = CONFIGS[case.config]
        if '-a32' in case.config:
            flags |= AARCH32
        word = flags << 56 | case.blocks << 32 | case.seed
        args = ['-machine', machine, '-smp', str(cpus), *MACHINE,
                *(options or more).split(),
                '-serial', 'chardev:serial', '-kernel', elf,
                '-device', f'loader,addr={CONFIG:#x},data={word},data-len=8']
        if show is not None:
            args += ['-device',
                     f'loader,addr={SHOW:#x},data={show + 1},data-len=8']
        if incoming:
            args += ['-incoming', 'defer']
        self.cpus = cpus
        self.text = ''
        self.over = False
        self.heard = threading.Condition()
        self.vm = Machine(qemu, *args, env=env, sockets=['serial', 'qtest'])
        self.vm.sockets['serial'].settimeout(None)
        threading.Thread(target=self.listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.vm.kill()

    def listen(self):
        """
        Always: while the socket is full, QEMU's CPU waits with the BQL held,
        and QMP has no answer.
        """
        try:
            while data := self.vm.sockets['serial'].recv(65536):
                with self.heard:
                    self.text += data.decode('ascii', 'replace')
                    self.heard.notify()
        except OSError:
            pass
        with self.heard:
            self.over = True
            self.heard.notify()

    def read_until(self, wanted, timeout=TIMEOUT):
        """The guest prints without an end, or it hangs."""
        deadline = time.monotonic() + timeout
        while wanted not in self.text:
            late = time.monotonic() > deadline
            with self.heard:
                came = self.heard.wait_for(
                    lambda: wanted in self.text or self.over, 0.5)
                text, over = self.text, self.over
            for bad in re.findall(r'fuzz: (?:the driver has|CPU).*', text):
                raise Found(bad)
            if over and wanted not in text:
                raise Found(f'QEMU has ended, status {self.vm.end()}: '
                            f'{self.vm.errors()}')
            if late and not came:
                raise Late(f'no "{wanted}" within {timeout:.0f} s: '
                           f'{self.where()}')
            if not came:
                self.check_now()

    def where(self):
        """For one that hangs: where its CPUs are"""
        said = self.vm.hmp('info registers -a')
        return ' '.join(re.findall(r'PC=\w+|PSTATE=\S+.*?EL\d\w', said))

    def check(self):
        """The invariants; no CPU may run"""
        for n in range(self.cpus):
            where = n | QTEST_DOMAIN << 16
            said = self.vm.qtest(f'csr gic {where:#x} {QTEST_CHECK} 0')
            if int(said[1], 16) != 1:
                raise Found(f'CPU {n}: an invariant does not hold: '
                            f'{self.vm.errors()}')

    def check_now(self):
        """The same, wherever the guest is"""
        self.vm.cmd('stop')
        self.check()
        # It may have come to its end.
        if self.vm.status() == 'paused':
            self.vm.cmd('cont')

    def go_on(self):
        self.vm.sockets['serial'].sendall(b'\n')

    def finish(self):
        """To the end; returns what is to be compared"""
        self.read_until('fuzz: done')
        self.vm.wait_status('shutdown')
        self.check()
        status = self.vm.quit()
        said = self.vm.errors()
        said = '\n'.join(line for line in said.splitlines()
                         if not HARMLESS.search(line))
        if status or said:
            raise Found(f'QEMU has ended, status {status}: {said}')
        return [line for line in self.text.splitlines()
                if not line.startswith(('fuzz: half', 'fuzz: seed'))]


def _found(func):
    """Whatever QEMU does wrong is a Found."""
    def call(*args, **kwargs):
        try:
            return func(*args, **kwargs)
        except (Ended, Hang, Refused, OSError) as err:
            # A time limit of QMP's library says nothing else.
            at = [f.line for f in traceback.extract_tb(err.__traceback__)
                  if f.filename == __file__]
            kind = Late if isinstance(err, TimeoutError) else Found
            raise kind(f'{type(err).__name__} at "{at[-1]}": {err}') from err
    return call


@_found
def run(qemu, elf, case, **kwargs):
    """One run; returns its lines"""
    with Guest(qemu, elf, case, **kwargs) as guest:
        return guest.finish()


@_found
def run_paused(qemu, elf, case, flags=0, move=False, **kwargs):
    """
    One run that waits in the middle, there to be moved to another QEMU

    What it has saved is saved again by the other one, and must be the same.
    """
    flags |= PAUSE
    with Guest(qemu, elf, case, flags=flags, **kwargs) as guest:
        guest.read_until('fuzz: half\n')
        if not move:
            guest.go_on()
            return guest.finish()
        guest.vm.cmd('stop')
        guest.check()
        path = guest.vm.path('stream')
        guest.vm.save_to(path)
        with Guest(qemu, elf, case, flags=flags, incoming=True,
                   **kwargs) as other:
            other.vm.cmd('migrate-incoming', uri=f'file:{path}')
            until('the end of inmigrate',
                  lambda: other.vm.status() != 'inmigrate')
            other.check()
            other.text = guest.text
            guest.vm.kill()
            other.vm.cmd('cont')
            other.go_on()
            return other.finish()


def compare(first, second, name):
    """Found, if two runs differ"""
    if first == second:
        return
    for a, b in zip(first, second):
        if a != b:
            raise Found(f'{name}: "{a}" and "{b}"')
    raise Found(f'{name}: {len(first)} lines and {len(second)}')


def differential(qemu, elf, case):
    """The same program with and without threads, icount, and a move"""
    level = case.config.split('-', maxsplit=1)[0]
    case = case._replace(config=level)
    alike = run_paused(qemu, elf, case, flags=TIMELESS | ORDERLY)
    for name, options, move in (
            ('moved', '', True), ('one thread', SINGLE, False),
            ('icount', ICOUNT, False), ('icount, moved', ICOUNT, True)):
        again = run_paused(qemu, elf, case, flags=TIMELESS | ORDERLY,
                           options=options, move=move)
        compare(alike, again, f'{name}, without time')
    timed = run_paused(qemu, elf, case, flags=ORDERLY, options=ICOUNT)
    for name, move in ('icount twice', False), ('icount, moved', True):
        again = run_paused(qemu, elf, case, flags=ORDERLY, options=ICOUNT,
                           move=move)
        compare(timed, again, name)
