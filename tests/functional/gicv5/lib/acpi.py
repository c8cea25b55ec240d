# ACPI tables of a machine, and a boot with them that needs no firmware
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""
QEMU offers the tables in fw_cfg, with a script that tells firmware how to put
them into memory. Here a test does that, through qtest, and what a UEFI would
leave for Linux.
"""

import struct
import subprocess

FW_CFG = 0x09020000
FW_CFG_DIRECTORY = 0x19
DMA_ERROR, DMA_READ, DMA_SELECT = 1, 2, 8
ALLOCATE, ADD_POINTER, ADD_CHECKSUM = 1, 2, 3

RAM = 0x40000000
# Of the memory at RAM, which tables, EFI's data and a buffer need
AREA_SIZE = 0x400000
EFI_SIZE = 0x10000
TREE_ROOM = 0x10000
ACPI_RECLAIM, CONVENTIONAL, WRITE_BACK = 9, 7, 8
ACPI_20_GUID = bytes.fromhex('71e86888f1e4d311bc220080c73c8881')
CMDLINE = 'acpi=force efi=noruntime'


class FwCfg:
    """Files of fw_cfg, through a buffer in the memory of a Machine"""

    def __init__(self, vm, buffer):
        self.vm, self.buffer = vm, buffer
        count, = struct.unpack('>I', self.item(FW_CFG_DIRECTORY, 4))
        data = self.item(FW_CFG_DIRECTORY, 4 + 64 * count)
        self.files = {}
        for n in range(count):
            size, key, _, name = struct.unpack_from('>IHH56s', data,
                                                    4 + 64 * n)
            self.files[name.rstrip(b'\0').decode()] = key, size

    def item(self, key, size):
        self.vm.write(self.buffer, struct.pack(
            '>IIQ', key << 16 | DMA_SELECT | DMA_READ, size,
            self.buffer + 16))
        self.vm.write(FW_CFG + 16, struct.pack('>Q', self.buffer))
        control, = struct.unpack('>I', self.vm.read(self.buffer, 4))
        assert not control & DMA_ERROR, f'fw_cfg does not give item {key:#x}'
        return self.vm.read(self.buffer + 16, size)

    def read(self, name):
        return self.item(*self.files[name])


class Tables:
    """The tables as firmware would place them from an address on"""

    def __init__(self, vm, base):
        self.vm = vm
        cfg = FwCfg(vm, base + AREA_SIZE // 2)
        self.base, self.next = base, base
        self.place, self.data = {}, {}
        if 'etc/acpi/rsdp' in cfg.files:
            self.run(cfg, cfg.read('etc/table-loader'))

    def run(self, cfg, script):
        for at in range(0, len(script), 128):
            what, = struct.unpack_from('<I', script, at)
            name, = struct.unpack_from('56s', script, at + 4)
            name = name.rstrip(b'\0').decode()
            if what == ALLOCATE:
                align, = struct.unpack_from('<I', script, at + 60)
                self.next = -(-self.next // align) * align
                self.place[name] = self.next
                self.data[name] = bytearray(cfg.read(name))
                self.next += len(self.data[name])
                assert self.next <= self.base + AREA_SIZE // 2 - EFI_SIZE
            elif what == ADD_POINTER:
                source, offset, size = struct.unpack_from('<56sIB', script,
                                                          at + 60)
                source = source.rstrip(b'\0').decode()
                data = self.data[name]
                value = int.from_bytes(data[offset:offset + size], 'little')
                value += self.place[source]
                data[offset:offset + size] = value.to_bytes(size, 'little')
            elif what == ADD_CHECKSUM:
                offset, start, size = struct.unpack_from('<III', script,
                                                         at + 60)
                data = self.data[name]
                data[offset] = (data[offset] -
                                sum(data[start:start + size])) & 0xff

    def at(self, addr):
        """The table at an address"""
        for name, place in self.place.items():
            data = self.data[name]
            if place <= addr < place + len(data):
                start = addr - place
                size, = struct.unpack_from('<I', data, start + 4)
                return bytes(data[start:start + size])
        raise KeyError(f'{addr:#x}')

    @property
    def rsdp(self):
        return self.place['etc/acpi/rsdp']

    def tables(self):
        """Signature -> table, of all that the RSDP leads to"""
        if not self.place:
            return {}
        rsdp = bytes(self.data['etc/acpi/rsdp'])
        xsdt = self.at(struct.unpack_from('<Q', rsdp, 24)[0])
        found = {}
        for n in range(36, len(xsdt), 8):
            table = self.at(struct.unpack_from('<Q', xsdt, n)[0])
            found[table[:4].decode()] = table
        found['XSDT'] = xsdt
        found['DSDT'] = self.at(struct.unpack_from('<Q', found['FACP'],
                                                   140)[0])
        return found

    def hand_over(self, ram_size):
        """Write tables and what EFI leaves; the area ends the memory"""
        for name, place in self.place.items():
            self.vm.write(place, self.data[name])
        efi = efi_area(self.base)
        vendor, tables, mmap = efi + 0x100, efi + 0x200, efi + 0x300
        self.vm.write(efi, struct.pack(
            '<8sIIIIQIIQQQQQQQQQQ', b'IBI SYST', 2 << 16 | 70, 120, 0, 0,
            vendor, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, tables))
        self.vm.write(vendor, 'test\0'.encode('utf-16-le'))
        self.vm.write(tables, ACPI_20_GUID + struct.pack('<Q', self.rsdp))
        self.vm.write(mmap, b''.join(
            struct.pack('<IIQQQQ', kind, 0, start, 0, (end - start) >> 12,
                        WRITE_BACK)
            for kind, start, end in (
                (CONVENTIONAL, RAM, self.base),
                (ACPI_RECLAIM, self.base, RAM + ram_size))))


def efi_area(base):
    return base + AREA_SIZE // 2 - EFI_SIZE


def area(ram_size):
    return RAM + ram_size - AREA_SIZE


def write_tree(path, ram_size):
    """A device tree with nothing but the way to EFI's data"""
    efi = efi_area(area(ram_size))

    def cell(value):
        return f'<{value >> 32:#x} {value & 0xffffffff:#x}>'
    text = f'''/dts-v1/;
/ {{
    #address-cells = <2>;
    #size-cells = <2>;
    chosen {{
        linux,uefi-system-table = {cell(efi)};
        linux,uefi-mmap-start = {cell(efi + 0x300)};
        linux,uefi-mmap-size = <{2 * 40}>;
        linux,uefi-mmap-desc-size = <40>;
        linux,uefi-mmap-desc-ver = <1>;
        linux,uefi-secure-boot = <0>;
    }};
}};
'''
    subprocess.run(['dtc', '-q', '-I', 'dts', '-O', 'dtb', '-S',
                    str(TREE_ROOM), '-o', path],
                   input=text, text=True, check=True)


def madt(table):
    """[(type, structure)]"""
    pos, found = 44, []
    while pos < len(table):
        kind, size = table[pos], table[pos + 1]
        assert size >= 2, f'structure of {size} bytes in the MADT'
        found.append((kind, table[pos:pos + size]))
        pos += size
    return found


def iaffids(table):
    """IAFFIDs in a MADT"""
    return [struct.unpack_from('<H', s, 82)[0]
            for kind, s in madt(table) if kind == 0x0b]
