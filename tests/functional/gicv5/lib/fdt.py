# Flattened device trees
#
# SPDX-License-Identifier: GPL-2.0-or-later

import struct

MAGIC = 0xd00dfeed
BEGIN_NODE, END_NODE, PROPERTY, NOTHING, END = 1, 2, 3, 4, 9


class Node:
    """One node: its properties as bytes, its children by name"""

    def __init__(self, name):
        self.name = name
        self.props = {}
        self.children = {}

    def cells(self, prop):
        data = self.props[prop]
        assert len(data) % 4 == 0, f'{self.name}:{prop} is not made of cells'
        return list(struct.unpack(f'>{len(data) // 4}I', data))

    def u16s(self, prop):
        data = self.props[prop]
        assert len(data) % 2 == 0, f'{self.name}:{prop} is of odd length'
        return list(struct.unpack(f'>{len(data) // 2}H', data))

    def strings(self, prop):
        data = self.props[prop]
        assert data.endswith(b'\0'), f'{self.name}:{prop} is no string'
        return data[:-1].decode('ascii').split('\0')

    def at(self, path):
        node = self
        for name in path.strip('/').split('/'):
            assert name in node.children, f'no node {path}'
            node = node.children[name]
        return node

    def walk(self, path=''):
        yield path or '/', self
        for name, child in self.children.items():
            yield from child.walk(f'{path}/{name}')


def parse(blob):
    """The root of a tree"""
    magic, _, pos, strings = struct.unpack_from('>4I', blob)
    assert magic == MAGIC, 'no device tree'
    root = Node('/')
    stack = []

    def c_string(start):
        return blob[start:blob.index(b'\0', start)].decode('ascii')

    while True:
        token, = struct.unpack_from('>I', blob, pos)
        pos += 4
        if token == BEGIN_NODE:
            name = c_string(pos)
            pos = (pos + len(name) + 4) & ~3
            node = Node(name) if stack else root
            if stack:
                assert name not in stack[-1].children, f'{name} twice'
                stack[-1].children[name] = node
            stack.append(node)
        elif token == END_NODE:
            stack.pop()
        elif token == PROPERTY:
            size, name = struct.unpack_from('>2I', blob, pos)
            name = c_string(strings + name)
            stack[-1].props[name] = blob[pos + 8:pos + 8 + size]
            pos = (pos + 8 + size + 3) & ~3
        elif token == END:
            assert not stack
            return root
        else:
            assert token == NOTHING, f'token {token}'
