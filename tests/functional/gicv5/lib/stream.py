# Migration streams of the machine "gicv5-test": make, take apart, load
#
# SPDX-License-Identifier: GPL-2.0-or-later

import fcntl
import json
import os
import socket
import struct
import termios
import tempfile

from .qemu import TIMEOUT, Ended, Hang, Machine, Refused, until

FRAMES = 0x08000000
ITS_FRAMES = 0x09000000
BUS_MASTER = 0x09200000
IWB_FRAME = 0x09300000
DEVICES = ('arm_gicv5', 'arm_gicv5_its', 'arm_gicv5_iwb')
SUBSECTION = 0x05
VMDESCRIPTION = 0x06
FOOTER = 0x7e


def frame(irs, domain):
    """Address of the config frame of a domain of an IRS"""
    return FRAMES + irs * 0x100000 + domain * 0x20000


def its_frame(domain):
    """Address of the config frame of a domain of the ITS"""
    return ITS_FRAMES + domain * 0x40000


class TestBoard(Machine):
    """A machine that no vCPU runs on, driven by qtest and QMP."""

    def __init__(self, qemu, *args):
        super().__init__(qemu, '-accel', 'qtest', '-nodefaults', *args,
                         sockets=['qtest'])

    def bus(self, attrs, addr, value=None):
        """The bus master writes 32 bits, or reads them

        attrs: requester ID, and the physical address space in bits 17:16
        """
        self.writeq(BUS_MASTER, attrs)
        self.writeq(BUS_MASTER + 8, addr)
        if value is None:
            return self.readl(BUS_MASTER + 16)
        self.writel(BUS_MASTER + 16, value)
        return None

    def message(self, domain, requester, event):
        """A device writes to the first translate frame of a domain"""
        self.bus(requester, its_frame(domain) + 0x10000, event)


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
                    for sub in f['struct'].get('subsections', ()):
                        pos = self._walk(sub['fields'],
                                         pos + 6 + len(sub['vmsd_name']),
                                         name + '.')
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
    """Sections of IRSes, ITS and IWB, subsections of IRSes and CPUs"""
    found = {}
    for dev in description(stream)['devices']:
        name = dev['name'].encode()
        number = dev['instance_id']
        head = bytes((len(name),)) + name + struct.pack('>I', number)
        if dev['vmsd_name'] in DEVICES:
            start = stream.index(head) + len(head) + 4
            sec = Section(f'{dev["vmsd_name"]}/{number}', start, dev)
            assert stream[sec.end] in (FOOTER, SUBSECTION), sec.name
            found[sec.name] = sec
            for sub in dev.get('subsections', ()):
                # arm_gicv5/virt follows at once: there is no other.
                start = sec.end + 2 + len(sub['vmsd_name']) + 4
                virt = Section(f'{sub["vmsd_name"]}/{number}', start, sub)
                assert stream[virt.end] == FOOTER, virt.name
                found[virt.name] = virt
        elif dev['vmsd_name'] == 'cpu':
            start = stream.index(head)
            for sub in dev.get('subsections', ()):
                if sub['vmsd_name'] == 'cpu/gicv5':
                    mark = bytes((SUBSECTION, 9)) + b'cpu/gicv5'
                    start = stream.index(mark, start) + len(mark) + 4
                    sec = Section(f'cpu/gicv5/{number}', start, sub)
                    found[sec.name] = sec
                    for el2 in sub.get('subsections', ()):
                        # cpu/gicv5/el2 follows at once: there is no other.
                        name = el2['vmsd_name']
                        assert stream[sec.end] == SUBSECTION, sec.name
                        start = sec.end + 2 + len(name) + 4
                        sec = Section(f'{name}/{number}', start, el2)
                        found[sec.name] = sec
    return found


def replace(stream, *changes):
    """The stream with other bytes; changes are (start, end, bytes)"""
    for start, end, data in sorted(changes, reverse=True):
        stream = stream[:start] + data + stream[end:]
    return stream


# Of QEMU that load_with_pause() is for
TRACE_SECTIONS = ('-trace', 'vmstate_load_state')


def is_unread(sock):
    """Has the other end of a Unix socket not read all that was sent?"""
    return struct.unpack('i', fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0]


def load_with_pause(vm, stream, where, section, act):
    """
    Load a stream into vm, that waits for one; at offset "where", which is in
    this section, nothing comes until act() has returned.  Returns when nothing
    is loaded any more.
    """
    name, number = section.rsplit('/', 1)

    def is_there():
        # A section is loaded without a pause, as far as it has come.
        return not is_unread(sock) and vm.errors().count(
            f'vmstate_load_state {name} v') > int(number)

    with tempfile.TemporaryDirectory(prefix='gicv5-stream.') as tmp:
        path = os.path.join(tmp, 'socket')
        vm.cmd('migrate-incoming', uri=f'unix:{path}')
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(path)
            sock.settimeout(TIMEOUT)
            sock.sendall(stream[:where])
            until(f'{section} is read', is_there, step=0.002)
            act()
            try:
                sock.sendall(stream[where:])
            except BrokenPipeError:
                pass
        until('the end of inmigrate', lambda: vm.status() != 'inmigrate',
              step=0.01)


def load(qemu, stream, *args):
    """Load a stream; returns the exit status and what QEMU said.

    A destination that has loaded it is told to quit.
    """
    with tempfile.TemporaryDirectory(prefix='gicv5-stream.') as tmp:
        path = os.path.join(tmp, 'stream')
        with open(path, 'wb') as f:
            f.write(stream)
        try:
            vm = TestBoard(qemu, *args, '-S', '-incoming', 'defer')
        except Ended as err:
            return None, f'it does not start: {err}'
        with vm:
            try:
                vm.cmd('migrate-incoming', uri=f'file:{path}')
                until('the end of inmigrate',
                      lambda: vm.status() != 'inmigrate', step=0.01)
                return vm.quit(), vm.errors()
            except Ended:
                return vm.end(), vm.errors()
            except (Hang, Refused) as err:
                return None, f'{err} {vm.errors()}'
