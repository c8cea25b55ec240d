#!/usr/bin/env python3
#
# Kept inputs of the fuzz targets: corpus.py TARGET DIR writes them as files
#
# They are in corpus-TARGET.txt, in hexadecimal, one per line: first those that
# errors were found with, then those that reach much of the code.
#
# SPDX-License-Identifier: GPL-2.0-or-later

import hashlib
import os
import sys

HERE = os.path.dirname(os.path.realpath(__file__))


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
    if len(sys.argv) != 3:
        sys.exit(f'usage: {sys.argv[0]} TARGET DIR')
    for data in kept(sys.argv[1]):
        name = hashlib.sha1(data).hexdigest()
        with open(os.path.join(sys.argv[2], name), 'wb') as f:
            f.write(data)


if __name__ == '__main__':
    main()
