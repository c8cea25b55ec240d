# gdb's remote protocol, as far as tests need it
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re


class Gdb:
    """A client of the gdb stub, at a connected socket."""

    def __init__(self, sock):
        self.sock = sock
        self.buf = b''

    def byte(self):
        if not self.buf:
            self.buf = self.sock.recv(65536)
            if not self.buf:
                raise EOFError('the gdb stub has closed the connection')
        c, self.buf = self.buf[:1], self.buf[1:]
        return c

    def ask(self, text):
        """The answer to a packet"""
        data = text.encode('latin-1')
        self.sock.sendall(b'$%s#%02x' % (data, sum(data) & 0xff))
        while self.byte() != b'$':
            pass
        reply = b''
        while True:
            c = self.byte()
            if c == b'#':
                break
            if c == b'}':
                c = bytes([self.byte()[0] ^ 0x20])
            reply += c
        self.byte()
        self.byte()
        self.sock.sendall(b'+')
        return reply

    def read_xml(self, annex):
        data = b''
        while True:
            part = self.ask(f'qXfer:features:read:{annex}:{len(data):x},7f0')
            if part[:1] not in (b'l', b'm'):
                raise ValueError(f'no {annex}: {part!r}')
            data += part[1:]
            if part[:1] == b'l':
                return data.decode()

    def registers(self):
        """Names and numbers of all registers that the target describes"""
        self.ask('qSupported:xmlRegisters=aarch64')
        target = self.read_xml('target.xml')
        numbers = {}
        n = 0
        for annex in re.findall(r'xi:include href="([^"]+)"', target):
            for attrs in re.findall(r'<reg ([^>]*)/?>', self.read_xml(annex)):
                name = re.search(r'name="([^"]+)"', attrs).group(1)
                num = re.search(r'regnum="(\d+)"', attrs)
                n = int(num.group(1)) if num else n
                numbers[name] = n
                n += 1
        return numbers

    def read(self, number):
        """A register's value, None if it cannot be read"""
        reply = self.ask(f'p{number:x}')
        try:
            return int.from_bytes(bytes.fromhex(reply.decode()), 'little')
        except ValueError:
            return None
