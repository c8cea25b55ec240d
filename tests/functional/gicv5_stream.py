# Migration streams of the machine "gicv5-test": make, take apart, load
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""Used by migration-fuzz, migration-refusals and migration-golden."""

import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time

COMMAND = ['-accel', 'qtest', '-display', 'none', '-nodefaults']
FRAMES = 0x08000000
SECTION_FULL = 0x04
SUBSECTION = 0x05
FOOTER = 0x7e
MAX_NOTE = 1000
VMDESCRIPTION = 0x06


def frame(irs, domain):
    """Address of the config frame of a domain of an IRS"""
    return FRAMES + irs * 0x100000 + domain * 0x20000


class Machine:
    """A machine that is driven by qtest and QMP."""

    def __init__(self, qemu, *args):
        self.tmp = tempfile.mkdtemp(prefix='gicv5-stream.')
        paths = [os.path.join(self.tmp, n) for n in ('qtest', 'qmp')]
        with open(os.path.join(self.tmp, 'stderr'), 'wb') as err:
            self.proc = subprocess.Popen(
                [qemu, *COMMAND, *args, '-qtest',
                 f'unix:{paths[0]},server=on,wait=off', '-qtest-log',
                 '/dev/null', '-qmp', f'unix:{paths[1]},server=on,wait=off'],
                stderr=err)
        self.files = []
        for path in paths:
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(60)
            for _ in range(600):
                try:
                    sock.connect(path)
                    break
                except OSError:
                    time.sleep(0.1)
            self.files.append(sock.makefile('rw'))
        self.files[1].readline()
        self.qmp('qmp_capabilities')

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.proc.kill()
        self.proc.wait()
        shutil.rmtree(self.tmp)

    def qtest(self, line):
        self.files[0].write(line + '\n')
        self.files[0].flush()
        reply = self.files[0].readline()
        while reply.startswith('IRQ'):
            reply = self.files[0].readline()
        assert reply.startswith('OK'), f'{line}: {reply}'
        return reply.split()[1:]

    def readl(self, addr):
        return int(self.qtest(f'readl {addr:#x}')[0], 16)

    def writel(self, addr, value):
        self.qtest(f'writel {addr:#x} {value:#x}')

    def writeq(self, addr, value):
        self.qtest(f'writeq {addr:#x} {value:#x}')

    def gic(self, cpu, domain, num, intid=0, value=0):
        """The qtest command that stands for a CPU interface"""
        reply = self.qtest(f'csr gic {cpu | domain << 16:#x} {num} '
                           f'{intid | value << 32:#x}')
        return int(reply[1], 16)

    def qmp(self, name, **args):
        self.files[1].write(json.dumps({'execute': name,
                                        'arguments': args}) + '\n')
        self.files[1].flush()
        while True:
            line = self.files[1].readline()
            if not line:
                raise EOFError(f'{name}: QEMU has ended')
            reply = json.loads(line)
            if 'return' in reply or 'error' in reply:
                assert 'error' not in reply, f'{name}: {reply}'
                return reply['return']

    def save(self):
        """The machine's migration stream"""
        path = os.path.join(self.tmp, 'stream')
        self.qmp('migrate', uri=f'file:{path}')
        while True:
            status = self.qmp('query-migrate')['status']
            assert status != 'failed', 'the migration failed'
            if status == 'completed':
                break
            time.sleep(0.01)
        with open(path, 'rb') as f:
            return f.read()


class Section:
    """The state of one device, or a subsection of one, in a stream.

    start, end: offsets in the stream, from the version to the last field
    fields: name -> (offset in the stream, bytes)
    desc: what the stream says of it
    """

    def __init__(self, name, start, desc):
        self.name = name
        self.start = start
        self.desc = desc
        self.fields = {}
        self.end = self._walk(desc['fields'], start, '')

    def _walk(self, fields, pos, prefix):
        for f in fields:
            count = f.get('array_len', 1)
            for i in range(count):
                name = prefix + f['name']
                if 'index' in f:
                    name += f'[{f["index"]}]'
                elif count > 1:
                    name += f'[{i}]'
                if 'struct' in f:
                    pos = self._walk(f['struct']['fields'], pos, name + '.')
                else:
                    self.fields[name] = (pos, f['size'])
                    pos += f['size']
        return pos


def description(stream):
    """The stream's own description of its devices"""
    pos = len(stream)
    while (pos := stream.rfind(bytes((VMDESCRIPTION,)), 0, pos)) >= 0:
        if pos + 5 > len(stream):
            continue
        length = struct.unpack_from('>I', stream, pos + 1)[0]
        if pos + 5 + length <= len(stream) and stream[pos + 5] == ord('{'):
            return json.loads(stream[pos + 5:pos + 5 + length])
    raise ValueError('no description in the stream')


def sections(stream):
    """Sections of the IRSes and subsections of the CPUs, by name and number"""
    found = {}
    for dev in description(stream)['devices']:
        name = dev['name'].encode()
        number = dev['instance_id']
        head = bytes((len(name),)) + name + struct.pack('>I', number)
        if dev['vmsd_name'] == 'arm_gicv5':
            start = stream.index(head) + len(head) + 4
            sec = Section(f'arm_gicv5/{number}', start, dev)
            assert stream[sec.end] == FOOTER, sec.name
            found[sec.name] = sec
        elif dev['vmsd_name'] == 'cpu':
            start = stream.index(head)
            for sub in dev.get('subsections', ()):
                if sub['vmsd_name'] == 'cpu/gicv5':
                    mark = bytes((SUBSECTION, 9)) + b'cpu/gicv5'
                    start = stream.index(mark, start) + len(mark) + 4
                    sec = Section(f'cpu/gicv5/{number}', start, sub)
                    found[sec.name] = sec
    return found


def replace(stream, *changes):
    """The stream with other bytes; changes are (start, end, bytes)"""
    for start, end, data in sorted(changes, reverse=True):
        stream = stream[:start] + data + stream[end:]
    return stream


def load(qemu, stream, *args):
    """Load a stream; returns the exit status and stderr.

    A destination that has loaded it is told to quit.
    """
    with tempfile.TemporaryDirectory(prefix='gicv5-stream.') as tmp:
        path = os.path.join(tmp, 'stream')
        with open(path, 'wb') as f:
            f.write(stream)
        with open(os.path.join(tmp, 'log'), 'w+', encoding='utf-8',
                  errors='replace') as err:
            with subprocess.Popen(
                    ['timeout', '-s', 'KILL', '60', qemu, *COMMAND, *args,
                     '-S', '-qmp', 'stdio', '-incoming', f'file:{path}'],
                    text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=err) as proc:
                _talk(proc)
            err.seek(0)
            return proc.returncode, err.read()


def _talk(proc):
    def ask(name):
        proc.stdin.write(json.dumps({'execute': name}) + '\n')
        proc.stdin.flush()
        for line in proc.stdout:
            reply = json.loads(line)
            if 'return' in reply:
                return reply['return']
        raise EOFError

    try:
        ask('qmp_capabilities')
        while ask('query-status')['status'] == 'inmigrate':
            time.sleep(0.01)
        ask('quit')
    except (EOFError, BrokenPipeError):
        pass
    try:
        proc.stdin.close()
    except BrokenPipeError:
        pass


def tap(results):
    """Print (name, ok, note[, seconds]) as TAP; returns the exit status."""
    for i, (name, ok, note, *seconds) in enumerate(results, 1):
        took = f' # time={seconds[0]:.3f}' if seconds else ''
        print(f'{"ok" if ok else "not ok"} {i} - {name}{took}')
        if note and not ok:
            note = str(note).replace('\n', ' | ')
            print('# ' + note[:MAX_NOTE])
    print(f'1..{len(results)}')
    return 0 if all(result[1] for result in results) else 1
