# Linux guests whose console is read line by line
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re
import socket
import threading

from .qemu import Ended, Machine, until

# What a kernel says when something is wrong.
COMPLAINTS = re.compile(
    r'WARNING|\bBUG\b|\bOops\b|rcu.*(stall|starved)|soft lockup|hard LOCKUP|'
    r'Kernel panic|Call trace|nobody cared|Unable to handle|'
    r'Internal error|unexpected (FIQ|IRQ)|hung_task|blocked for more than|'
    r'failed to come online|'
    r'(?i:gic.*(fail|error|unexpected|invalid|unable|timed? ?out))')
# On a busy host a guest's CPU may get its turn after half a minute, which Linux
# takes for a fault of its own. An interrupt that is lost is not excused: the
# guest does not end, and the test's limit is reached.
PATIENT = ('rcupdate.rcu_cpu_stall_suppress=1 nowatchdog '
           'sysctl.kernel.hung_task_timeout_secs=0')
# What looks like it and is none.
HARMLESS = re.compile(r'Kernel command line|gicv5-guest: (?!FAIL)|'
                      r'stall warnings suppressed|arm-smmu-v3-gerror$')
FAIL = re.compile(r'gicv5-guest: FAIL')
# What QEMU notes when a guest does to a GICv5 what it should not.
GUEST_ERRORS = re.compile(r'^CPU \d+: |(?i:gicv5)')


def complaints(text):
    """Lines of a console that tell of something wrong"""
    return [l for l in text.splitlines() if FAIL.search(l) or
            COMPLAINTS.search(l) and not HARMLESS.search(l)]


def controller_of_timer(text):
    """The controller of the timer in the first /proc/interrupts on a console"""
    for line in text.splitlines():
        found = re.search(r'\b(GICv?-?\d*)\b.*arch_timer', line)
        if found:
            return found.group(1)
    return None


class Guest(Machine):
    """
    A Linux guest.  Its console is in the file log; with keyboard, type() is
    possible.  files: directory with kernel and initrd.  With GICV5_EL2 in the
    environment one on a GICv5 has EL2, whatever its test says.
    """

    def __init__(self, qemu, files, log, append, *args, gic=5, cpus=1,
                 kernel='kernel', mem='256', reboot=False, keyboard=False,
                 machine='', initrd='initramfs-check', sockets=(), fds=()):
        self.log = log
        self.gic = gic
        self.qemu_log = log.replace('.log', '') + '.qemu.log'
        self.mark = 0
        self._keyboard = None
        if gic == 5 and os.environ.get('GICV5_EL2'):
            machine += ',virtualization=on'
        for name in log, self.qemu_log:
            with open(name, 'w', encoding='utf-8'):
                pass
        super().__init__(
            qemu, '-machine', f'virt,gic-version={gic}{machine}', '-cpu',
            'max', '-smp', str(cpus), '-m', mem, '-nodefaults',
            '-d', 'guest_errors', '-D', self.qemu_log,
            '-kernel', os.path.join(files, kernel),
            '-initrd', os.path.join(files, initrd),
            '-append', 'console=ttyAMA0 rdinit=/init panic=-1 '
            f'gicv5.cpus={cpus} {PATIENT} {append}', *args, sockets=sockets,
            fds=fds, start=False)
        if not reboot:
            self.add_args('-no-reboot')
        if keyboard:
            # Nobody has to read it: without a client QEMU only logs.
            self.add_args('-chardev', 'socket,id=keyboard,server=on,wait=off,'
                          f'path={self.path("keyboard")},logfile={log}',
                          '-serial', 'chardev:keyboard')
        else:
            self.add_args('-serial', f'file:{log}')
        self.start()

    def text(self):
        with open(self.log, encoding='utf-8', errors='replace') as f:
            return f.read()

    def _next_line(self, pattern):
        with open(self.log, 'rb') as f:
            f.seek(self.mark)
            for line in f:
                if not line.endswith(b'\n'):
                    break
                self.mark += len(line)
                line = line.decode(errors='replace').rstrip('\r\n')
                if pattern.search(line):
                    return line
        return None

    def wait_for(self, pattern, timeout):
        """Wait for a line after the last one found; returns it"""
        pattern = re.compile(pattern)

        def look():
            over = self.exitcode() is not None
            line = self._next_line(pattern)
            if over and not line:
                raise Ended(f'QEMU has ended, status {self.exitcode()}, before '
                            f'the guest said "{pattern.pattern}": '
                            f'{self.errors()} {self.text()[-300:]}')
            return line
        return until(f'the guest says "{pattern.pattern}"', look, timeout,
                     0.05)

    def type(self, text):
        if self._keyboard is None:
            # It stays: with its end, QEMU may drop what was not read yet.
            self._keyboard = socket.socket(socket.AF_UNIX)
            self._keyboard.connect(self.path('keyboard'))
            threading.Thread(target=self._discard, daemon=True).start()
        self._keyboard.sendall(text.encode())

    def _discard(self):
        """What the guest writes is in the log, and must not fill the socket"""
        try:
            while self._keyboard.recv(65536):
                pass
        except OSError:
            pass

    def _post_shutdown(self):
        if self._keyboard:
            self._keyboard.close()
        super()._post_shutdown()

    def finish(self, timeout):
        """Wait until the guest has powered off"""
        status = self.end(timeout)
        if status:
            raise Ended(f'QEMU has ended, status {status}: {self.errors()}')

    def wrong(self):
        """What guest and QEMU complain of"""
        with open(self.qemu_log, encoding='utf-8', errors='replace') as f:
            said = f.read()
        return (complaints(self.text()) +
                [f'QEMU: {l}' for l in (said + self.errors()).splitlines()
                 if GUEST_ERRORS.search(l)])

    def wrong_controller(self):
        """Why the guest does not seem to use the controller it should"""
        name = controller_of_timer(self.text())
        want = 'GIC-0' if self.gic == 2 else f'GICv{self.gic}'
        if name is None:
            return 'the console has no line of /proc/interrupts for the timer'
        return '' if name == want else \
            f'the timer belongs to {name}, not {want}'
