#!/usr/bin/env python3
#
# Kept inputs of the fuzz targets: corpus.py TARGET DIR writes them as files.
# And what machines the targets can be: corpus.py TARGET prints their properties
#
# They are in corpus-TARGET.txt, in hexadecimal, one per line: first those that
# errors were found with, then those that reach much of the code.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import hashlib
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))

# One input may do something in one machine only. The last one of each has what
# is not the default.
OTHER = ('id-bits=16,min-lpi-id-bits=12,priority-bits=1,vm-id-bits=8,'
         'vpe-id-bits=3,vmt-levels=off,vped-size-bits=3,has-one-of-n=off,'
         'has-virt-one-of-n=off,has-swerr=off,x-virtualization=on')
VARIANTS = {
    'machine': ['id-bits=24', 'id-bits=12', OTHER],
    'stream': ['id-bits=24', 'id-bits=12', 'x-virtualization=on', OTHER],
}


def path_of(target):
    return os.path.join(HERE, f'corpus-{target}.txt')


def kept(target):
    with open(path_of(target), encoding='ascii') as f:
        return [bytes.fromhex(line) for line in f
                if not line.startswith('#')]


def replace(target, inputs):
    """What is before the last comment stays: findings are kept for ever"""
    with open(path_of(target), encoding='ascii') as f:
        lines = list(f)
    end = max(n for n, line in enumerate(lines) if line.startswith('#'))
    old = {bytes.fromhex(line) for line in lines[:end]
           if not line.startswith('#')}
    with open(path_of(target), 'w', encoding='ascii') as f:
        f.writelines(lines[:end + 1])
        f.writelines(data.hex() + '\n' for data in inputs if data not in old)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(f'usage: {sys.argv[0]} TARGET [DIR]')
    if len(sys.argv) == 2:
        print('\n'.join(VARIANTS[sys.argv[1]]))
        return
    for data in kept(sys.argv[1]):
        name = hashlib.sha1(data).hexdigest()
        with open(os.path.join(sys.argv[2], name), 'wb') as f:
            f.write(data)


if __name__ == '__main__':
    main()
