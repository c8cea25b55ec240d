# Results in TAP: print and read
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""Tap prints results, read() takes apart what a program printed.

https://testanything.org/tap-version-14-specification.html, of which these are
used: ok, not ok, # SKIP, the plan at either end, comments, Bail out.  A result
may end with "# time=SECONDS", the test's own.
"""

import re
import sys
import time

MAX_NOTE = 1000


class Skip(Exception):
    """A test cannot be made here; the text says why"""


class Tap:
    """Prints results as they come."""

    def __init__(self, out=None):
        self.out = out or sys.stdout
        self.count = self.failed = 0
        self.start = time.monotonic()

    def _line(self, name, ok, note, directive):
        self.count += 1
        print(f'{"ok" if ok else "not ok"} {self.count} - {name} '
              f'# {directive}', file=self.out)
        for line in str(note).splitlines():
            print('# ' + line[:MAX_NOTE], file=self.out)
        self.out.flush()
        self.start = time.monotonic()

    def result(self, name, ok, note='', seconds=None):
        """note is printed whatever the result; for others see check()"""
        if seconds is None:
            seconds = time.monotonic() - self.start
        self.failed += not ok
        self._line(name, ok, note, f'time={seconds:.2f}')

    def check(self, name, ok, why='', seconds=None):
        """why is printed if the test failed"""
        self.result(name, ok, '' if ok else str(why).replace('\n', ' | '),
                    seconds)

    def skip(self, name, why):
        self._line(name, True, '', f'SKIP {why}')

    def comment(self, text):
        for line in str(text).splitlines():
            print('# ' + line, file=self.out, flush=True)

    def done(self):
        """Print the plan; returns the exit status"""
        print(f'1..{self.count}', file=self.out, flush=True)
        return 1 if self.failed or not self.count else 0


def tap(results):
    """Print (name, ok, why) as they come; returns the exit status"""
    out = Tap()
    for name, ok, why in results:
        out.check(name, ok, why)
    return out.done()
