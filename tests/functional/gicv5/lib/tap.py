# Results in TAP: print and read
#
# SPDX-License-Identifier: GPL-2.0-or-later

"""Tap prints results, Reader takes apart what a program prints, Run runs it.

https://testanything.org/tap-version-14-specification.html, of which these are
used: ok, not ok, # SKIP, the plan at either end, comments, Bail out.  A result
may end with "# time=SECONDS", the test's own.

This needs nothing but Python: ./check and its suites read results with it
(scripts/tap), and so does the runner of the bare-metal programs.
"""

import atexit
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

MAX_NOTE = 1000
# Seconds from SIGTERM to SIGKILL, for a program whose time is over
GRACE = 5


class Skip(Exception):
    """A test cannot be made here; the text says why"""


# ok: with a skipped test, too; skip: why, or None; seconds: or None
Result = namedtuple('Result', 'ok name skip seconds')


class Tap:
    """Prints results as they come; count: how many there were before."""

    def __init__(self, out=None, count=0):
        self.out = out or sys.stdout
        self.count = count
        self.failed = 0
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
        self._line(name, ok, note, f'time={seconds:.3f}')

    def check(self, name, ok, why='', seconds=None):
        """why is printed if the test failed"""
        self.result(name, ok, '' if ok else str(why).replace('\n', ' | '),
                    seconds)

    def skip(self, name, why):
        self._line(name, True, '', f'SKIP {why}')

    def comment(self, text):
        for line in str(text).splitlines():
            print('# ' + line, file=self.out, flush=True)

    def run(self, run, prefix):
        """
        Pass on what a Run prints, with prefix before each name.

        What is wrong with the program as a whole is one more result.
        """
        name = prefix.rstrip(' :') or os.path.basename(run.command[0])
        failed = self.failed
        for item in run:
            if not isinstance(item, Result):
                self.comment(item)
            elif item.ok and item.skip is not None:
                self.skip(prefix + item.name, item.skip)
            else:
                self.result(prefix + item.name, item.ok, '', item.seconds)
        errors = '\n'.join(run.errors)
        if run.problem:
            self.result(f'{name}: {run.problem}', False, errors)
        elif self.failed > failed:
            self.comment(errors)
        elif run.reader.no_tests is not None:
            self.skip(name, run.reader.no_tests)

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


def timed(func, *args):
    """What it returns, and the seconds that it took"""
    begin = time.monotonic()
    found = func(*args)
    return found, time.monotonic() - begin


class Reader:
    """What a program prints: results, and what is wrong with it as a whole"""

    RESULT = re.compile(r'(not )?ok\b(?: +\d+)?(?: *- *| +|$)(.*)')
    DIRECTIVE = re.compile(
        r'(?i)(?:^|\s+)#\s*(?:(skip)\b[ :]*(.*)|time=(\d+(?:\.\d+)?))\s*$')
    PLAN = re.compile(r'1\.\.(\d+)\s*(?:#\s*(?i:skip\S*)\s*(.*))?')

    def __init__(self):
        self.results = []
        self.plan = None
        # Why nothing was tested at all
        self.no_tests = None
        self._bailed = None

    def line(self, text):
        """A Result, a comment's or any other text, or None for what is read"""
        found = self.RESULT.match(text)
        if found:
            self.results.append(self._result(not found[1], found[2]))
            return self.results[-1]
        found = self.PLAN.match(text)
        if found:
            self.plan = int(found[1])
            if self.plan == 0:
                self.no_tests = found[2]
            return None
        if text.startswith('Bail out!'):
            self._bailed = self._bailed or text.rstrip()
            return None
        if text.startswith('TAP version') or not text.strip():
            return None
        return re.sub('^# ?', '', text)

    @classmethod
    def _result(cls, ok, text):
        found = cls.DIRECTIVE.search(text)
        if not found:
            return Result(ok, text.strip(), None, None)
        return Result(ok, text[:found.start()].strip(),
                      found[2].strip() if found[1] else None,
                      float(found[3]) if found[3] else None)

    def problem(self, status=None):
        """
        What is wrong apart from single tests, or ''.

        status: of the program, as Popen has it; None: it is not known; a text:
        there is none, and this is why
        """
        ran = len(self.results)
        after = f'after {ran} test{"" if ran == 1 else "s"}'
        if self._bailed:
            return f'{self._bailed} ({after})'
        if isinstance(status, str):
            return f'{status}, {after}'
        how = 'ended'
        if status is None:
            status = 0
        elif status < 0:
            how = f'ended by signal {-status}'
        else:
            how = f'ended with status {status}'
        if self.plan is None:
            return f'{how} before its last test, {after}'
        if self.plan != ran:
            text = f'{self.plan} tests were planned, {ran} ran'
            return f'{text}; {how}' if status else text
        if status < 0 or status and all(r.ok for r in self.results):
            return f'{how} {after}'
        if not ran and not self.no_tests:
            return 'it has no tests'
        return ''


class _Held:
    """While it is entered, the signals of end_by_signals() wait"""

    depth = 0
    waiting = None

    def __enter__(self):
        _Held.depth += 1

    def __exit__(self, *_):
        _Held.depth -= 1
        if _Held.waiting and not _Held.depth:
            _end(_Held.waiting, None)


def end_by_signals():
    """Who runs programs ends them, too, if it is ended"""
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, _end)


def _end(number, _):
    if _Held.depth:
        _Held.waiting = number
        return
    # The shell that waits wants to know of Ctrl-C.
    atexit.register(os.kill, os.getpid(), number)
    signal.signal(number, signal.SIG_DFL)
    sys.exit(128 + number)


class Run:
    """
    A program that prints TAP: its results and comments as they come.

    Iterate over it. Results have their time, the program's own or that since
    its last result. Then "problem" says what is wrong with it as a whole, and
    "errors" has the last lines of its standard error. Whatever it has started
    ends with it: it has a process group of its own, in which the programs that
    it runs in this way stay.

    limit: seconds that it may take; popen: more arguments of Popen
    """

    ERROR_LINES = 20
    STEP = 0.5
    # Of the environment, for who runs in the group of another
    IN_GROUP = 'TAP_IN_GROUP'

    def __init__(self, command, limit, grace=GRACE, **popen):
        self.command = command
        self.limit = limit
        self.grace = grace
        self.popen = popen
        self._is_leader = self.IN_GROUP not in os.environ
        self.reader = Reader()
        self.problem = ''
        self.errors = []
        self._over = False

    def __iter__(self):
        if 'stderr' in self.popen:
            yield from self._results(self.popen['stderr'])
            return
        with tempfile.TemporaryFile() as errors:
            yield from self._results(errors)
            errors.seek(0)
            self.errors = errors.read().decode('utf-8', 'replace') \
                .splitlines()[-self.ERROR_LINES:]

    def _results(self, stderr):
        proc = None
        try:
            # A program that has just been started must be known to "finally".
            with _Held():
                proc = subprocess.Popen(
                    self.command, stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE, start_new_session=self._is_leader,
                    **{**self.popen, 'stderr': stderr, 'env': {
                        **self.popen.get('env', os.environ),
                        self.IN_GROUP: '1'}})
            last = time.monotonic()
            for line in self._lines(proc):
                item = self.reader.line(line)
                if isinstance(item, Result):
                    now = time.monotonic()
                    if item.seconds is None:
                        item = item._replace(seconds=now - last)
                    last = now
                if item is not None:
                    yield item
        except OSError as err:
            if proc:
                raise
            self.problem = f'cannot be started: {err}'
            return
        finally:
            if proc:
                # It is not waited for yet, so the group is still its own.
                self._kill(proc, signal.SIGKILL)
                proc.stdout.close()
                status = proc.wait()
        self.problem = self.reader.problem(
            f'no end within {self.limit:g} s' if self._over else status)

    def _kill(self, proc, number):
        try:
            (os.killpg if self._is_leader else os.kill)(proc.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    @staticmethod
    def _has_ended(proc):
        return os.waitid(os.P_PID, proc.pid, os.WEXITED | os.WNOHANG |
                         os.WNOWAIT) is not None

    def _lines(self, proc):
        """Its lines, until it has ended; others may hold its output longer"""
        fd = proc.stdout.fileno()
        signals = [signal.SIGTERM, signal.SIGKILL]
        deadline = time.monotonic() + self.limit
        part = b''
        closed = False
        while True:
            # What it has printed before its end can be read then.
            ended = self._has_ended(proc)
            if ended:
                self._kill(proc, signal.SIGKILL)
            left = deadline - time.monotonic()
            wait = 0 if ended else max(0, min(left, self.STEP))
            if closed:
                if ended:
                    break
                time.sleep(min(wait, 0.01))
            elif select.select([fd], [], [], wait)[0]:
                block = os.read(fd, 1 << 16)
                closed = not block
                *lines, part = (part + block).split(b'\n')
                for line in lines:
                    yield line.decode('utf-8', 'replace').rstrip('\r')
            elif ended:
                break
            if left <= 0 and not ended:
                if not signals:
                    break
                self._over = True
                self._kill(proc, signals.pop(0))
                deadline = time.monotonic() + self.grace
        if part:
            yield part.decode('utf-8', 'replace').rstrip('\r')


def scaled(seconds):
    """A time limit, with GICV5_TIMEOUT_SCALE for slow programs"""
    return seconds * float(os.environ.get('GICV5_TIMEOUT_SCALE', '1'))
