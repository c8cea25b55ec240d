# Results in TAP: print and read
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""Tap prints results, Report takes apart what a program printed.

https://testanything.org/tap-version-14-specification.html, of which these are
used: ok, not ok, # SKIP, the plan at either end, comments, Bail out.  A result
may end with "# time=SECONDS", the test's own.
"""

import re
import sys
import time
from collections import namedtuple

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
    """Print (name, ok, why[, seconds]) as they come; the exit status"""
    out = Tap()
    for name, ok, why, *seconds in results:
        out.check(name, ok, why, *seconds)
    return out.done()


# ok: with a skipped test, too; skip: why, or None; seconds: or None
Result = namedtuple('Result', 'ok name skip seconds')


class Report:
    """What a program printed: results, and what is wrong with it as a whole"""

    def __init__(self, text, status=0):
        self.results = []
        self.problem = ''
        plan = None
        for line in text.splitlines():
            line = line.strip()
            found = re.match(r'(not )?ok\b(?: +\d+)?(?: *- *| +|$)(.*)', line)
            if found:
                self.results.append(self._result(not found[1], found[2]))
            elif re.match(r'1\.\.\d+', line):
                plan = int(re.match(r'1\.\.(\d+)', line)[1])
            elif line.startswith('Bail out!'):
                self.problem = self.problem or line
        failed = any(not r.ok for r in self.results)
        if self.problem or failed and plan is not None:
            pass
        elif plan is None:
            self.problem = (f'status {status}: it ended before its last test, '
                            f'after {len(self.results)}')
        elif plan != len(self.results):
            self.problem = f'{plan} tests were planned, ' \
                           f'{len(self.results)} ran'
        elif status:
            self.problem = f'status {status}, though no test failed'

    @staticmethod
    def _result(ok, text):
        name, _, directive = text.partition(' # ')
        skip = re.match(r'(?i)skip\b *(.*)', directive)
        took = re.search(r'\btime=(\d+(?:\.\d+)?)', directive)
        return Result(ok, name.strip(), skip[1] if skip else None,
                      float(took[1]) if took else None)

    def first_failure(self):
        """The first thing that went wrong, or None"""
        for r in self.results:
            if not r.ok:
                return r.name
        return self.problem or None
