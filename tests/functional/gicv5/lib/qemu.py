# Start QEMU and talk to it
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""Machine is QEMU's own QEMUMachine, with what these tests want besides:

several of them in several threads, a qtest socket with any accelerator, what
QEMU has said while it still runs, and an end that asks nobody.
"""

import logging
import os
import socket
import subprocess
import sys
import tempfile
import time

from . import qemu_source

sys.path.append(os.path.join(qemu_source(), 'python'))

# pylint: disable=wrong-import-position
from qemu.machine import QEMUMachine
from qemu.machine.machine import VMLaunchFailure
from qemu.machine.qtest import QEMUQtestProtocol
from qemu.qmp import ExecuteError, QMPError

SCALE = float(os.environ.get('GICV5_TIMEOUT_SCALE', '1'))
# Seconds, for any one step.  Nothing but a hang takes as long.
TIMEOUT = 300 * SCALE

# That QEMU ends is what many tests want.
logging.getLogger('qemu').setLevel(logging.CRITICAL + 1)


class Refused(Exception):
    """QEMU refused a command; the text says why"""


class Ended(EOFError):
    """QEMU has ended; the text has what it said"""


class Hang(TimeoutError):
    """Something has not happened in time"""


def until(what, check, timeout=TIMEOUT, step=0.02):
    """Wait until check() is true; returns what it returned"""
    deadline = time.monotonic() + timeout
    while True:
        # A process that was not scheduled for long looks once more.
        late = time.monotonic() > deadline
        found = check()
        if found:
            return found
        if late:
            raise Hang(f'{what}: not within {timeout:.0f} s')
        time.sleep(step)


def run(command, *args, stdin='', timeout=TIMEOUT, env=None):
    """
    Run a QEMU, or another program, that ends by itself.

    command is its name, or a list with it and what starts it.  Returns its
    exit status (None: it did not end), its output and its errors.
    """
    command = [command] if isinstance(command, str) else [*command]
    try:
        done = subprocess.run([*command, *args], input=stdin, text=True,
                              errors='replace', capture_output=True,
                              timeout=timeout, check=False,
                              env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired as err:
        said = (err.stderr or b'').decode(errors='replace')
        return None, '', f'it does not end within {timeout:.0f} s: {said}'
    return done.returncode, done.stdout, done.stderr


class Machine(QEMUMachine):
    """
    A QEMU from now to the end of a "with", or to kill().

    command: QEMU, or a list with it and what starts it
    args: its arguments
    env: more environment
    sockets: names of character devices, each connected with sockets[NAME];
             "qtest" is for the methods here, the accelerator is among args
    fds: file descriptors that it gets with the same numbers
    start: not yet, if false: whoever wants path() first calls start() then
    """

    def __init__(self, command, *args, env=None, sockets=(), fds=(),
                 start=True):
        command = [command] if isinstance(command, str) else [*command]
        super().__init__(command[-1], args, wrapper=command[:-1],
                         qmp_timer=TIMEOUT,
                         base_temp_dir=tempfile.gettempdir())
        self.env = {**os.environ, **(env or {})}
        self._fds = fds
        self._theirs = {name: None for name in sockets}
        self.sockets = {}
        self._qtest = None
        if start:
            self.start()

    def start(self):
        try:
            self.launch()
        except VMLaunchFailure as err:
            raise Ended(f'QEMU has ended, status {err.exitcode}: '
                        f'{err.output}') from err

    # --- what QEMUMachine leaves to its children ---

    @property
    def _base_args(self):
        args = super()._base_args
        for name, end in self._theirs.items():
            args += ['-chardev', f'socket,id={name},fd={end.fileno()}']
        if 'qtest' in self._theirs:
            args += ['-qtest', 'chardev:qtest', '-qtest-log', '/dev/null']
        return args

    def _pre_launch(self):
        for name in self._theirs:
            self.sockets[name], self._theirs[name] = socket.socketpair()
            self.sockets[name].settimeout(TIMEOUT)
        super()._pre_launch()

    def _launch(self):
        self._pre_launch()
        theirs = [self._sock_pair[0], *self._theirs.values()]
        # No other QEMU, which another thread may be starting, gets our
        # sockets: one that has them keeps them open after this one's end.
        # pylint: disable=consider-using-with
        self._popen = subprocess.Popen(
            self._qemu_full_args, stdin=subprocess.DEVNULL,
            stdout=self._qemu_log_file, stderr=subprocess.STDOUT,
            env=self.env, pass_fds=[*self._fds,
                                    *(end.fileno() for end in theirs)])
        self._launched = True
        for end in self._theirs.values():
            end.close()
        if 'qtest' in self.sockets:
            self._qtest = QEMUQtestProtocol(sock=self.sockets['qtest'])
            self._qtest.connect()
        self._post_launch()
        self._qmp.settimeout(TIMEOUT)

    def _post_shutdown(self):
        if self._qtest:
            self._qtest.close()
        for end in *self.sockets.values(), *self._theirs.values():
            if end:
                end.close()
        super()._post_shutdown()

    def _load_io_log(self):
        # It may quote what is no text: names of a damaged stream
        if self._qemu_log_path is not None:
            self._iolog = self.errors()

    def __exit__(self, *exc):
        self.kill()

    def kill(self):
        """One that counts its lines (./check --coverage) says how many first"""
        if os.environ.get('GICV5_COVERAGE') and self.is_running():
            self._subp.terminate()
            try:
                self._subp.wait(60 * SCALE)
            except subprocess.TimeoutExpired:
                pass
        super().kill()

    # --- state ---

    @property
    def pid(self):
        return self._subp.pid

    def errors(self):
        """What QEMU has said"""
        if self._qemu_log_path is None:
            return self.get_log() or ''
        with open(self._qemu_log_path, encoding='utf-8',
                  errors='replace') as f:
            return f.read()

    def end(self, timeout=TIMEOUT):
        """Exit status of a QEMU that ends, or has ended, by itself"""
        try:
            return self._subp.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Hang(f'QEMU does not end within {timeout:.0f} s: '
                       f'{self.errors()}') from None

    def path(self, name):
        """A file that lives as long as the machine"""
        return os.path.join(self.temp_dir, name)

    # --- QMP ---

    def cmd(self, cmd, args_dict=None, conv_keys=None, **args):
        """What a QMP command returns"""
        try:
            return super().cmd(cmd, args_dict, conv_keys, **args)
        except ExecuteError as err:
            raise Refused(f'{cmd}: {err}') from None
        except (QMPError, EOFError) as err:
            self._gone(cmd, err)
        except (ConnectionError, BrokenPipeError) as err:
            self._gone(cmd, err)

    def _gone(self, what, err):
        # The socket is closed a little before the process ends.
        raise Ended(f'{what}: QEMU has ended, status {self.end()}: '
                    f'{self.errors()}') from err

    def hmp(self, line):
        """What a command of the human monitor prints"""
        return self.cmd('human-monitor-command', command_line=line)

    def quit(self):
        """Exit status of a QEMU that is told to quit"""
        try:
            self.cmd('quit')
        except Ended:
            pass
        return self.end()

    def status(self):
        return self.cmd('query-status')['status']

    def wait_status(self, *states):
        return until(f'status {" or ".join(states)}',
                     lambda: (s := self.status()) in states and s)

    def wait_migrated(self, states=('completed',)):
        """Wait for a state of the migration; returns query-migrate's answer"""
        def look():
            info = self.cmd('query-migrate')
            status = info.get('status', 'none')
            if status in ('failed', 'cancelled') and status not in states:
                raise Refused(info.get('error-desc', status))
            return status in states and info
        return until(f'migration {" or ".join(states)}', look)

    def save_to(self, path):
        """Write the migration stream to a file"""
        self.cmd('migrate', uri=f'file:{path}')
        return self.wait_migrated()

    def save(self):
        """The migration stream"""
        path = self.path('stream')
        self.save_to(path)
        with open(path, 'rb') as f:
            return f.read()

    # --- qtest ---

    def qtest(self, line):
        """The words of the answer to a line"""
        try:
            reply = self._qtest.cmd(line)
        except ConnectionError as err:
            self._gone(line, err)
        if not reply:
            self._gone(line, None)
        if not reply.startswith('OK'):
            raise Refused(f'{line[:60]}: {reply}')
        return reply.split()[1:]

    def readb(self, addr):
        return int(self.qtest(f'readb {addr:#x}')[0], 16)

    def readl(self, addr):
        return int(self.qtest(f'readl {addr:#x}')[0], 16)

    def writel(self, addr, value):
        self.qtest(f'writel {addr:#x} {value:#x}')

    def readq(self, addr):
        return int(self.qtest(f'readq {addr:#x}')[0], 16)

    def writeq(self, addr, value):
        self.qtest(f'writeq {addr:#x} {value:#x}')

    def read(self, addr, size):
        return bytes.fromhex(
            self.qtest(f'read {addr:#x} {size:#x}')[0][2:]) if size else b''

    def write(self, addr, data):
        self.qtest(f'write {addr:#x} {len(data):#x} 0x{data.hex()}')

    def set_irq_in(self, device, name, n, level):
        self.qtest(f'set_irq_in {device} {name} {n} {int(level)}')

    def gic(self, cpu, domain, num, intid=0, value=0):
        """The qtest command that stands for a CPU interface

        num can be (command, VM) for interrupts of a VM, or of that of the VPE
        that is resident if it is None.
        """
        where = cpu | domain << 16
        if isinstance(num, tuple):
            num, vm = num
            where |= 1 << 18 if vm is None else 2 << 18 | vm << 32
        reply = self.qtest(f'csr gic {where:#x} {num} '
                           f'{intid | value << 32:#x}')
        return int(reply[1], 16)

    def reg(self, cpu, encoding, value=None):
        """Read a system register of a CPU interface, or write it

        encoding: (op0, op1, CRn, CRm, op2)
        """
        op0, op1, crn, crm, op2 = encoding
        where = op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2
        reply = self.qtest(f'csr gic {cpu | where << 32:#x} '
                           f'{114 if value is None else 115} {value or 0:#x}')
        return int(reply[1], 16)
