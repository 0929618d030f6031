"""System calls, counted by strace(1): what a suite's own processes make, and what each child makes until it executes `run`.

A trace is the same from run to run but for a call or two, whatever else the machine does.
"""
import glob
import os
import re
import signal
import subprocess
import time

CALL = re.compile(rb"^\w+\(")
RUN = re.compile(rb'^execve\("(\./)?run".*\) = 0$')
# Services of the smaller and of the larger tree: what a tree costs by itself falls out.
FEW, MANY = 5, 25
# A restart delay of any suite is over.
STABLE = 2.5
LISTENER = "ftrig1:@400000006800000000000000:ABCDEF"


class Trace:
    """The calls of a tree: a file for each process."""

    def __init__(self, top):
        self.prefix = f"{top}/calls.{time.monotonic_ns()}"
        self.words = ["strace", "-ff", "-o", self.prefix]

    def count(self):
        return sum(map(calls, glob.glob(self.prefix + ".*")))

    def settle(self):
        """The count when nothing happens any more."""
        last, now = -1, self.count()
        while now != last:
            time.sleep(0.5)
            last, now = now, self.count()
        return now


def calls(path):
    """A process's calls; those of a service after its start are its own."""
    count = 0
    with open(path, "rb") as lines:
        for line in lines:
            count += bool(CALL.match(line))
            if RUN.match(line):
                break
    return count


def start(bench, tree):
    """system calls of the suite per start of a service"""
    for suite in bench.suites:
        counts = []
        for n in (FEW, MANY):
            trace = Trace(bench.top)
            with tree(suite, n, bench.top, trace.words):
                counts.append(trace.settle())
        yield suite, (counts[1] - counts[0]) / (MANY - FEW)


def restart(bench, tree):
    """system calls of the suite per restart after a kill"""
    for suite in bench.suites:
        yield suite, restarts(bench, tree, suite, False)


def notice(bench, tree):
    """system calls of the suite more per restart, with a listener"""
    for suite in bench.suites:
        if suite.name != "runit":
            yield suite, restarts(bench, tree, suite, True) - restarts(bench, tree, suite, False)


def restarts(bench, tree, suite, listens):
    trace = Trace(bench.top)
    with tree(suite, FEW, bench.top, trace.words) as running:
        listeners = [listen(running, number) for number in running.pid] if listens else []
        time.sleep(STABLE)
        before = trace.settle()
        for number in running.pid:
            pid = running.pid[number]
            os.kill(pid, signal.SIGKILL)
            running.wait(lambda: running.pid[number] != pid, 10, "it runs again")
        taken = (trace.settle() - before) / FEW
        for fd in listeners:
            os.close(fd)
    return taken


def listen(tree, number):
    path = f"{tree.scan}/svc{number:04}/event/{LISTENER}"
    os.mkfifo(path)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK)


def status(bench, tree):
    """system calls of a status command for one service"""
    lines = {"ours": ["svctl", "status"], "s6": ["s6-svstat"], "runit": ["sv", "status"]}
    for suite in bench.suites:
        with tree(suite, 1, bench.top) as running:
            trace = Trace(bench.top)
            words = [*trace.words, *lines[suite.name], f"{running.scan}/svc0001"]
            subprocess.run(words, env=running.env, stdout=subprocess.DEVNULL, check=True)
            yield suite, trace.count()


def tests(tree):
    """Each by its name, as the tests of bench.py are."""
    def test(count):
        def run(bench):
            yield from count(bench, tree)
        run.__name__, run.__doc__ = "calls_" + count.__name__, count.__doc__
        return run
    return [test(count) for count in (start, restart, notice, status)]
