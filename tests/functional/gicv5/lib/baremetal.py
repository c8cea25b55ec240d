# Programs without an operating system
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""compile_elf() makes one; CROSS_CC can name the compiler."""

import os
import platform
import shutil
import subprocess
import sys

from . import TOP

# Names of registers and instructions, for all of them
INCLUDE = os.path.join(TOP, 'tests', 'tcg', 'aarch64', 'system', 'gicv5')

CFLAGS = '''-march=armv8.2-a -O2 -g -std=gnu11 -Wall -Wextra -Werror
    -Wno-unused-parameter -Wno-missing-field-initializers
    -ffreestanding -fno-pic -no-pie -static -nostdlib
    -fno-stack-protector -fno-asynchronous-unwind-tables
    -mgeneral-regs-only -mno-outline-atomics -mstrict-align
    -Wl,--build-id=none -Wl,-z,noexecstack'''.split()


def compiler():
    """The compiler's name, whether it is there or not"""
    name = os.environ.get('CROSS_CC')
    if not name:
        name = 'aarch64-linux-gnu-gcc'
        if platform.machine() == 'aarch64' and not shutil.which(name):
            name = 'gcc'
    return name


def compile_elf(elf, script, sources, *options):
    """Compile sources into the file elf, with a linker script"""
    os.makedirs(os.path.dirname(elf), exist_ok=True)
    # Two programs may do this at a time.
    part = f'{elf}.{os.getpid()}'
    subprocess.run([compiler(), *CFLAGS, *options, '-I', INCLUDE, '-T', script,
                    '-o', part, *sources], stdout=sys.stderr, check=True)
    os.replace(part, elf)
    return elf
