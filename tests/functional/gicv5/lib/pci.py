# PCI devices: a machine without MSIs, configuration space
#
# SPDX-License-Identifier: GPL-2.0-or-later

ECAM = 0x4010000000
COMMAND, STATUS, CAPS, INTERRUPT_LINE, INTERRUPT_PIN = 4, 6, 0x34, 0x3c, 0x3d
BRIDGE_CONTROL, SERR = 0x3e, 2
INTX_STATUS = 8
MEMORY, MASTER = 2, 4
BAR0, PRIMARY_BUS, IO_BASE, MEMORY_BASE, PREFETCH_BASE = \
    0x10, 0x18, 0x1c, 0x20, 0x24
# In the board's window for 32-bit addresses, where Linux comes last; it makes
# windows of 2 MiB of each kind for a port, out of what the bus has.
PXB_WINDOW, PORT_WINDOW = 0x30000000, 8 << 20
CAP_EXPRESS = 0x10
SLOT_CONTROL, SLOT_STATUS = 0x18, 0x1a
DEVICE_CONTROL = 8
# Attention button, presence, hot-plug interrupt; all events
SLOT_ENABLE, SLOT_EVENTS = 0x29, 0x19
ROOT_COMMAND, ROOT_STATUS = 0x2c, 0x30

DISK = ('-blockdev', 'null-co,node-name=disk,read-zeroes=on')


def libvirt():
    """A machine as libvirt makes it: ports for all, a bridge for the old"""
    args = []
    for n in range(8):
        args += ['-device', f'pcie-root-port,id=rp{n},chassis={n + 1},'
                 f'port={n + 8},bus=pcie.0,addr=1.{n}' +
                 (',multifunction=on' if n == 0 else '')]
    for device in ('pcie-pci-bridge,id=pci,bus=rp0',
                   'qemu-xhci,id=usb,bus=rp1,p2=15,p3=15',
                   'usb-tablet,bus=usb.0',
                   'ahci,id=sata,bus=pci,addr=1', 'virtio-serial-pci,bus=rp2',
                   'virtio-balloon-pci,bus=rp3', 'virtio-rng-pci,bus=rp4',
                   'virtio-blk-pci,drive=disk,bus=rp5'):
        args += ['-device', device]
    return (*DISK, *args)


class Config:
    """The configuration space of a device of a Machine"""

    def __init__(self, vm, slot, function=0, bus=0):
        self.vm = vm
        self.base = ECAM + (bus << 20) + (slot << 15) + (function << 12)

    def read(self, offset, size=2):
        letter = {1: 'b', 2: 'w', 4: 'l'}[size]
        reply = self.vm.qtest(f'read{letter} {self.base + offset:#x}')
        return int(reply[0], 16)

    def write(self, offset, value, size=2):
        letter = {1: 'b', 2: 'w', 4: 'l'}[size]
        self.vm.qtest(f'write{letter} {self.base + offset:#x} {value:#x}')

    def capability(self, kind):
        pos = self.read(CAPS, 1)
        while pos and self.read(pos, 1) != kind:
            pos = self.read(pos + 1, 1)
        return pos

    def pin_is_high(self):
        return bool(self.read(STATUS) & INTX_STATUS)


def place_bars(config, bars, window):
    """Give the memory BARs of a function places; returns what is left"""
    n = 0
    while n < bars:
        bar = BAR0 + 4 * n
        kind = config.read(bar, 4) & 15
        wide = kind & 6 == 4
        config.write(bar, 0xffffffff, 4)
        size = -(config.read(bar, 4) & ~15) & 0xffffffff
        if kind & 1 or not size:
            config.write(bar, 0, 4)
        else:
            window = (window + size - 1) & -size
            config.write(bar, window, 4)
            if wide:
                config.write(bar + 4, 0, 4)
            window += size
        n += 1 + wide
    config.write(COMMAND, MEMORY | MASTER)
    return window


def enumerate_bus(vm, bus, ports):
    """
    What firmware does for a root bus with root ports in its first slots and a
    device behind each: numbers of buses, windows, BARs
    """
    window = PXB_WINDOW
    for slot in range(ports):
        port = Config(vm, slot, bus=bus)
        below = bus + 1 + slot
        port.write(PRIMARY_BUS, bus | below << 8 | below << 16, 4)
        window = place_bars(port, 2, window)
        start = (window + PORT_WINDOW - 1) & -PORT_WINDOW
        window = start + PORT_WINDOW
        end = window - 1
        place_bars(Config(vm, 0, bus=below), 6, start)
        port.write(MEMORY_BASE, start >> 16 | (end >> 16 & 0xfff0) << 16, 4)
        # No other windows
        port.write(PREFETCH_BASE, 0xfff0, 4)
        port.write(IO_BASE, 0xf0, 2)


PORT = ('-device', 'pcie-root-port,id=rp,chassis=1,addr=2')


def port_pin(m):
    """(name, ok, note) for a machine with PORT and nothing else"""
    port = Config(m, 2)
    express, aer = port.capability(CAP_EXPRESS), 0x100
    port.write(COMMAND, 6)
    # Errors are reported to the root.
    port.write(BRIDGE_CONTROL, SERR)
    port.write(express + DEVICE_CONTROL, 0xf)
    control = port.read(express + SLOT_CONTROL)
    port.write(express + SLOT_STATUS, port.read(express + SLOT_STATUS))
    port.write(express + SLOT_CONTROL, control | SLOT_ENABLE)
    port.write(express + SLOT_STATUS, port.read(express + SLOT_STATUS))
    yield 'the pin of a port is INTD', port.read(INTERRUPT_PIN, 1) == 4, ''
    yield 'at first it is low', not port.pin_is_high(), ''
    m.cmd('device_add', driver='virtio-rng-pci', bus='rp', id='new')
    yield 'hot-plug raises it', port.pin_is_high(), ''
    port.write(INTERRUPT_LINE, 7, 1)
    yield 'another register does not lower it', port.pin_is_high(), ''
    port.write(aer + ROOT_COMMAND, 7, 4)
    yield 'nor do enabled errors', port.pin_is_high(), ''
    m.hmp('pcie_aer_inject_error rp DLP')
    port.write(express + SLOT_STATUS, port.read(express + SLOT_STATUS))
    yield ('an error keeps it high when the event is over',
           port.pin_is_high() and port.read(aer + ROOT_STATUS, 4) != 0,
           hex(port.read(aer + ROOT_STATUS, 4)))
    port.write(aer + ROOT_STATUS, port.read(aer + ROOT_STATUS, 4), 4)
    yield 'it falls when both are over', not port.pin_is_high(), ''
