# QEMU with -accel kvm on the model of KVM in tests/kvm
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""Used by kvm-start, kvm-state, kvm-lines and kvm-faults."""

import concurrent.futures
import json
import os
import platform
import shutil
import socket
import subprocess
import tempfile
import time

# For all that should happen; only to end a test that hangs
TIMEOUT = 900
GIC = '/machine/gicv5'
# -nodefaults leaves a network card and a serial port out.
BASE = ('-accel', 'kvm', '-machine', 'virt,gic-version=5', '-cpu', 'host',
        '-display', 'none', '-nodefaults', '-m', '64')


class Refused(Exception):
    """A command that failed"""


class Host:
    """How to start QEMU on the model of a host.

    qemu and sim are an arm64 host's; elsewhere qemu-aarch64 (Debian's
    qemu-user) runs them with the libraries in sysroot.
    """

    def __init__(self, qemu, sim, sysroot):
        self.qemu, self.sim, self.sysroot = qemu, sim, sysroot

    def command(self, args, program=None):
        program = program or self.qemu
        if platform.machine() == 'aarch64':
            return ['env', f'LD_PRELOAD={self.sim}', program, *args]
        return ['qemu-aarch64', '-L', self.sysroot, '-E',
                f'LD_PRELOAD={self.sim}', program, *args]

    def run(self, *args, env=None, stdin=''):
        """Exit status and stderr of a QEMU that should end at once"""
        try:
            done = subprocess.run(self.command(args), input=stdin, text=True,
                                  capture_output=True, timeout=TIMEOUT,
                                  env={**os.environ, **(env or {})},
                                  check=False)
        except subprocess.TimeoutExpired:
            return None, 'it does not end'
        return done.returncode, done.stderr


class KVMMachine:
    """A QEMU with its QMP, its qtest socket, and the model's commands."""

    def __init__(self, host, *args, form='7.4', props='', fault='', base=BASE,
                 paused=True):
        self.events = []
        self.tmp = tempfile.mkdtemp(prefix='gicv5-kvm.')
        self.log = os.path.join(self.tmp, 'log')
        control = os.path.join(self.tmp, 'control')
        env = {**os.environ, 'KVMSIM_FORM': form, 'KVMSIM_LOG': self.log,
               'KVMSIM_CONTROL': control}
        if props:
            env['KVMSIM_HOST'] = props
        if fault:
            env['KVMSIM_FAULT'] = fault
        paths = [os.path.join(self.tmp, n) for n in ('qmp', 'qtest')]
        self.err = os.path.join(self.tmp, 'stderr')
        with open(self.err, 'wb') as err:
            self.proc = subprocess.Popen(
                host.command([
                    *base, *(['-S'] if paused else []), *args,
                    '-qmp', f'unix:{paths[0]},server=on,wait=off',
                    '-qtest', f'unix:{paths[1]},server=on,wait=off',
                    '-qtest-log', '/dev/null']),
                env=env, stdin=subprocess.DEVNULL, stderr=err)
        try:
            self.qmp_file = self.connect(paths[0])
            self.qmp_file.readline()        # the greeting
            self.qmp('qmp_capabilities')
            self.qtest_file = self.connect(paths[1])
            self.control_file = self.connect(control)
        except OSError as err:
            raise EOFError(f'{err}: {self.errors()}') from err
        finally:
            if not hasattr(self, 'control_file'):
                self.__exit__()

    def connect(self, path):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(TIMEOUT)

        def connected():
            try:
                sock.connect(path)
                return True
            except OSError:
                if self.proc.poll() is not None:
                    raise EOFError('QEMU has ended: ' + self.errors()) \
                        from None
                return False

        self.wait(path, connected)
        return sock.makefile('rw')

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.proc.kill()
        self.proc.wait()
        shutil.rmtree(self.tmp)

    def errors(self):
        with open(self.err, encoding='utf-8', errors='replace') as f:
            return f.read()

    def calls(self):
        with open(self.log, encoding='utf-8') as f:
            return f.read().splitlines()

    def qmp(self, name, **args):
        self.qmp_file.write(json.dumps({'execute': name,
                                        'arguments': args}) + '\n')
        self.qmp_file.flush()
        for line in self.qmp_file:
            reply = json.loads(line)
            if 'error' in reply:
                raise Refused(reply['error']['desc'])
            if 'return' in reply:
                return reply['return']
            self.events.append(reply['event'])
        raise EOFError(f'{name}: QEMU has ended: {self.errors()}')

    def hmp(self, line):
        return self.qmp('human-monitor-command', **{'command-line': line})

    def control(self, line):
        self.control_file.write(line + '\n')
        self.control_file.flush()
        reply = self.control_file.readline().strip()
        if not reply.startswith('ok'):
            raise Refused(f'{line}: {reply}')
        return reply[3:]

    def number(self, line):
        return int(self.control(line), 16)

    def qtest(self, line):
        self.qtest_file.write(line + '\n')
        self.qtest_file.flush()
        reply = self.qtest_file.readline()
        if not reply.startswith('OK'):
            raise Refused(f'{line}: {reply}')
        return reply.split()[1:]

    def set_spi(self, n, level):
        self.qtest(f'set_irq_in {GIC} unnamed-gpio-in {n} {level}')

    def wait(self, what, happened):
        """Until happened() returns something; what is said if it does not"""
        deadline = time.monotonic() + TIMEOUT
        while True:
            result = happened()
            if result:
                return result
            if time.monotonic() > deadline:
                raise Refused(f'{what}: not in {TIMEOUT} s')
            time.sleep(0.02)

    def wait_status(self, *states):
        def status():
            now = self.qmp('query-status')['status']
            return now if now in states else None

        return self.wait(f'the VM is {" or ".join(states)}', status)

    def run(self):
        """Go on, until each vCPU has executed something"""
        self.qmp('cont')
        self.wait_ran()

    def wait_ran(self):
        cpus = len(self.qmp('query-cpus-fast'))
        self.wait('all vCPUs run', lambda: self.number('ran') == cpus)

    def wait_event(self, name, count=1):
        """The count'th event of that name since the start"""
        def happened():
            self.qmp('query-status')
            return self.events.count(name) >= count

        self.wait(f'event {name} {count}', happened)

    def reset(self, by_guest=True):
        """A reset that makes the VM anew"""
        def count():
            return sum(' CREATE_VM ' in c for c in self.calls())

        before = count()
        resets = self.events.count('RESET')
        if by_guest:
            self.control('event 0 reset')
        else:
            self.qmp('system_reset')
        self.wait_event('RESET', resets + 1)
        if count() != before + 1:
            raise Refused('there is no new VM')

    def migrate(self, uri):
        """The error of a migration that failed, or None"""
        def over():
            info = self.qmp('query-migrate')
            # The end is told before the VM can be continued.
            if self.qmp('query-status')['status'] == 'finish-migrate' or \
                    info['status'] not in ('completed', 'failed', 'cancelled'):
                return None
            return info

        self.qmp('migrate', uri=uri)
        info = self.wait('the migration ends', over)
        return None if info['status'] == 'completed' else \
            info.get('error-desc', info['status'])

    def save(self, path=None):
        path = path or os.path.join(self.tmp, 'stream')
        error = self.migrate(f'file:{path}')
        if error:
            raise Refused(error)
        return path

    def end(self):
        """Exit status of a QEMU that ends by itself"""
        return self.proc.wait(TIMEOUT)


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
        except (Refused, EOFError, OSError,
                subprocess.TimeoutExpired) as err:
            results.append((test.__name__, False, repr(err)))
        return results

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [r for results in pool.map(collect, tests) for r in results]
