# The hypervisor of the tests, and its guests
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""compile() makes tests/hyp, arguments() are what QEMU needs to run it.

Kernel, initrd and device tree of each VM are put into the part of memory that
the hypervisor gives to it (tests/hyp/hyp.h).
"""

import os
import subprocess

from . import TOP, baremetal

SOURCE = os.path.join(TOP, 'tests', 'hyp')

# As in tests/hyp/hyp.h
CONFIG = 0x40300000
MEMORY = 0x50000000
VM_SIZE = 0x10000000
MAX_VMS = 4
IPA_RAM = 0x40000000
# In a VM's memory
TREE, KERNEL, INITRD = 0, 0x200000, 0xc000000

# What the hypervisor does not switch, a guest must not find.
CPU = 'max,sve=off,sme=off,pmu=off'
CMDLINE = 'console=ttyAMA0 earlycon rdinit=/init panic=-1'


def compile_hyp(build):
    """Compile it into a directory; returns the ELF file"""
    sources = sorted(os.path.join(SOURCE, f) for f in os.listdir(SOURCE)
                     if f.endswith(('.c', '.S')))
    return baremetal.compile_elf(os.path.join(build, 'hyp.elf'),
                                 os.path.join(SOURCE, 'hyp.ld'), sources)


def tree(vcpus, initrd_size, append):
    """Source of a guest's device tree: the virt machine's, cut down"""
    start = IPA_RAM + INITRD
    cpus = '\n'.join(f'''
        cpu{n}: cpu@{n} {{
            device_type = "cpu";
            compatible = "arm,armv8";
            reg = <{n}>;
            enable-method = "psci";
        }};''' for n in range(vcpus))
    return f'''/dts-v1/;
/ {{
    #address-cells = <2>;
    #size-cells = <2>;
    compatible = "linux,dummy-virt";
    model = "gicv5-hyp";
    interrupt-parent = <&gic>;

    chosen {{
        bootargs = "{append}";
        stdout-path = "/pl011@9000000";
        linux,initrd-start = <{start:#x}>;
        linux,initrd-end = <{start + initrd_size:#x}>;
    }};
    memory@{IPA_RAM:x} {{
        device_type = "memory";
        reg = <0 {IPA_RAM:#x} 0 {VM_SIZE:#x}>;
    }};
    psci {{
        compatible = "arm,psci-1.0", "arm,psci-0.2";
        method = "hvc";
    }};
    cpus {{
        #address-cells = <1>;
        #size-cells = <0>;{cpus}
    }};
    gic: interrupt-controller {{
        compatible = "arm,gic-v5";
        #interrupt-cells = <3>;
        interrupt-controller;
        #address-cells = <2>;
        #size-cells = <2>;
        ranges;

        irs@8010000 {{
            compatible = "arm,gic-v5-irs";
            reg = <0 0x8010000 0 0x10000>;
            reg-names = "ns-config";
            #address-cells = <2>;
            #size-cells = <2>;
            ranges;
            cpus = <{' '.join(f'&cpu{n}' for n in range(vcpus))}>;
            arm,iaffids = /bits/ 16 <{' '.join(map(str, range(vcpus)))}>;
        }};
    }};
    timer {{
        compatible = "arm,armv8-timer";
        always-on;
        interrupts = <1 29 4>, <1 30 4>, <1 27 4>, <1 26 4>;
    }};
    clk: clock {{
        compatible = "fixed-clock";
        #clock-cells = <0>;
        clock-frequency = <24000000>;
    }};
    pl011@9000000 {{
        compatible = "arm,pl011", "arm,primecell";
        reg = <0 0x9000000 0 0x1000>;
        interrupts = <3 1 4>;
        clocks = <&clk>, <&clk>;
        clock-names = "uartclk", "apb_pclk";
    }};
    pl031@9010000 {{
        compatible = "arm,pl031", "arm,primecell";
        reg = <0 0x9010000 0 0x1000>;
        interrupts = <3 2 4>;
        clocks = <&clk>;
        clock-names = "apb_pclk";
    }};
}};
'''


def arguments(elf, files, temp, vms, vcpus, pes, append, save=0):
    """
    Arguments of QEMU: vms VMs of vcpus vCPUs each on pes PEs, saved and restored
    each save milliseconds, if that is not 0.  files: directory with the guests'
    kernel and initrd; temp: one that lives as long as QEMU.
    """
    kernel = os.path.join(files, 'kernel')
    initrd = os.path.join(files, 'initramfs-check')
    blob = os.path.join(temp, 'guest.dtb')
    subprocess.run(['dtc', '-q', '-I', 'dts', '-O', 'dtb', '-o', blob],
                   input=tree(vcpus, os.path.getsize(initrd), append),
                   text=True, check=True)
    config = vms | vcpus << 8 | save << 16
    args = ['-machine', 'virt,gic-version=5,virtualization=on', '-cpu', CPU,
            '-smp', str(pes), '-m',
            f'{(MEMORY - IPA_RAM + vms * VM_SIZE) >> 20}M', '-kernel', elf,
            '-device', f'loader,addr={CONFIG:#x},data={config:#x},data-len=8']
    for n in range(vms):
        base = MEMORY + n * VM_SIZE
        for name, where in (blob, TREE), (kernel, KERNEL), (initrd, INITRD):
            args += ['-device', f'loader,file={name},force-raw=on,'
                                f'addr={base + where:#x}']
    return args
