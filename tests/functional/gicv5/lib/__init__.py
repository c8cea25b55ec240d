# What the test programs share: QEMU, QMP, TAP, device trees, ACPI, streams
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
# From tests/functional/gicv5/lib
TOP = os.path.normpath(os.path.join(_HERE, *4 * ['..']))
DATA = os.path.join(TOP, 'tests', 'data', 'gicv5')


def qemu_source():
    """The directory with QEMU's source, where its Python packages are

    That is the tree that these files are linked into, or the one that the
    environment variable GICV5_SOURCE names, or build/qemu.
    """
    places = [os.environ.get('GICV5_SOURCE', ''), TOP,
              os.path.join(TOP, 'build', 'qemu')]
    for place in places:
        if place and os.path.isdir(os.path.join(place, 'python', 'qemu',
                                                'machine')):
            return place
    sys.exit('no Python packages of QEMU in ' + ', '.join(filter(None, places)))
