#!/usr/bin/env python3
"""Measures this suite beside Debian's s6 and runit, from outside, in one run.

Every test goes round the suites in a new order each round, so that the drift of a shared machine falls
on all alike: read the medians, and the ratios to s6, not the figures of two runs. Services report their
start themselves, with the clock's time, so that nothing here has to be quick.
"""
import argparse
import ctypes
import os
import random
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import calls
import goals
import inits

HERE = os.path.dirname(os.path.abspath(__file__))
START = struct.Struct("=qii")
# Up this long, a service is past every suite's restart delay.
STABLE = 2.5
PR_SET_CHILD_SUBREAPER = 36


class Failed(Exception):
    pass


class Suite:
    """A suite: its programs, and how to start and to end a tree of `n` services."""

    def __init__(self, name, programs, start, stop, where=None):
        self.name, self.programs, self.start, self.stop = name, programs, start, stop
        self.path = ":".join(filter(None, [where, os.environ.get("PATH", os.defpath)]))
        # Other suites have programs of the same names: ours are in one directory or not here.
        self.home = where or self.path

    def which(self, program):
        return shutil.which(program, path=self.home)


def suites(ours):
    """Those that are here. The tools counted are what a tree needs day by day, the logger left out."""
    every = [
        Suite("ours", "svscan supervise svctl svwait", lambda scan, n: ["svscan", scan],
              lambda tree: subprocess.run(["svctl", "-t", tree.scan], env=tree.env), os.path.abspath(ours)),
        # 2.11 has -c for the number of services, later ones -C.
        Suite("s6", "s6-svscan s6-supervise s6-svc s6-svscanctl s6-svstat s6-svok s6-svwait s6-ftrigrd",
              lambda scan, n: ["s6-svscan", s6_option(), str(n + 100), scan] if n > 400 else ["s6-svscan", scan],
              lambda tree: subprocess.run(["s6-svscanctl", "-t", tree.scan])),
        Suite("runit", "runsvdir runsv sv", lambda scan, n: ["runsvdir", scan],
              lambda tree: tree.scanner.send_signal(signal.SIGHUP)),
    ]
    here = [s for s in every if all(map(s.which, s.programs.split()[:2]))]
    for suite in every:
        if suite not in here:
            print(f"{suite.name} is not here: left out", file=sys.stderr)
    return here


def s6_option():
    tried = subprocess.run(["s6-svscan", "-C", "100", "/nonexistent"], capture_output=True)
    return "-c" if tried.returncode == 100 else "-C"


class Tree:
    """A running tree of `n` services."""

    count = 0

    def __init__(self, suite, n, top, under=()):
        Tree.count += 1
        self.under = list(under)
        self.suite, self.n = suite, n
        self.root = f"{top}/{Tree.count}"
        self.scan = self.root + "/scan"
        self.env = dict(os.environ, PATH=suite.path)
        self.at, self.pid = {}, {}
        os.makedirs(self.scan)
        os.mkfifo(self.root + "/starts")
        self.starts = os.open(self.root + "/starts", os.O_RDWR | os.O_NONBLOCK)
        for number in range(1, n + 1):
            os.mkdir(f"{self.scan}/svc{number:04}")
            os.symlink(f"{top}/probe", f"{self.scan}/svc{number:04}/run")
        # runsvdir waits a second for a directory that was changed in this one.
        os.utime(self.scan, (time.time() - 60,) * 2)

    def __enter__(self):
        self.begun = time.monotonic_ns()
        with open(self.root + "/out", "w") as out:
            self.scanner = subprocess.Popen(self.under + self.suite.start(self.scan, self.n), env=self.env,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        try:
            self.wait(lambda: len(self.at) == self.n, 20 + self.n * 0.06, "every service runs")
        except Failed:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def read(self):
        try:
            for ns, pid, number in START.iter_unpack(os.read(self.starts, START.size * 256)):
                self.at[number], self.pid[number] = ns, pid
        except BlockingIOError:
            pass

    def wait(self, what, seconds, name):
        end = time.monotonic() + seconds
        while not what():
            left = end - time.monotonic()
            if left <= 0:
                with open(self.root + "/out") as out:
                    raise Failed(f"{self.suite.name}: not in {seconds:.0f} s: {name}: {out.read()[-200:]}")
            if select.select([self.starts], [], [], min(left, 0.1))[0]:
                self.read()

    def processes(self):
        """The suite's own processes: below its scanner, and not the services."""
        children = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                stat = text(f"/proc/{entry}/stat")
                if stat:
                    children.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry))
        found, todo = [], [self.scanner.pid]
        while todo:
            pid = todo.pop()
            if pid not in services(self):
                found.append(pid)
            todo += children.get(pid, [])
        return found

    def stop(self):
        """Asks the tree to end; milliseconds until no process of it is left. No other tree may run."""
        began = time.monotonic_ns()
        self.suite.stop(self)
        self.scanner.wait(60)
        reap(began + 60 * 10 ** 9, self.suite.name)
        return (time.monotonic_ns() - began) / 1e6

    def end(self):
        """Kills all of it. What the scanner leaves is our child: we are a subreaper."""
        if self.scanner.returncode is None:
            for pid in [*self.processes(), *services(self)]:
                kill(pid)
            self.scanner.wait()
        os.close(self.starts)
        shutil.rmtree(self.root, ignore_errors=True)


def services(tree):
    tree.read()
    return set(tree.pid.values())


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def reap(until, name):
    """Waits until this process has no child left."""
    while time.monotonic_ns() < until:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
    raise Failed(f"{name}: processes are left")


def text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def field(path, name):
    for line in text(path).splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


# The tests. Each yields (suite, figure) for one round.

def start(bench):
    """start of {many} services, ms"""
    for suite in bench.order():
        with Tree(suite, bench.many, bench.top) as tree:
            yield suite, (max(tree.at.values()) - tree.begun) / 1e6
            tree.stop()


def restart(bench):
    """restart after a kill, service up for over 2 s, ms"""
    for suite in bench.order():
        with Tree(suite, 20, bench.top) as tree:
            time.sleep(STABLE)
            taken = []
            for number in range(1, tree.n + 1):
                pid, began = tree.pid[number], time.monotonic_ns()
                os.kill(pid, signal.SIGKILL)
                tree.wait(lambda: tree.pid[number] != pid, 10, "it runs again")
                taken.append((tree.at[number] - began) / 1e6)
            yield suite, statistics.median(taken)
            tree.stop()


def status(bench):
    """status of {many} services, ms"""
    yield from ask(bench, "svctl status", 'for dir in "$SVDIR"/*; do s6-svstat "$dir"; done', 'sv status "$SVDIR"/*')


def down(bench):
    """stop of {many} services, waited for, the tree stays, ms"""
    yield from ask(bench, "svctl down '*' --wait",
                   'for dir in "$SVDIR"/*; do s6-svc -d "$dir"; done; s6-svwait -D "$SVDIR"/*',
                   'sv -w 60 stop "$SVDIR"/*')


def ask(bench, *lines):
    """How long a shell takes for what people type in each suite."""
    for suite in bench.order():
        line = dict(zip(("ours", "s6", "runit"), lines))[suite.name]
        with Tree(suite, bench.many, bench.top) as tree:
            time.sleep(STABLE)
            began = time.monotonic_ns()
            done = subprocess.run(["sh", "-c", line], env=dict(tree.env, SVDIR=tree.scan), stdout=subprocess.DEVNULL)
            taken = (time.monotonic_ns() - began) / 1e6
            if done.returncode != 0:
                raise Failed(f"{suite.name}: exit {done.returncode}: {line}")
            yield suite, taken
            tree.stop()


def shutdown(bench):
    """shutdown of 100 services, ms until no process is left"""
    for suite in bench.order():
        with Tree(suite, 100, bench.top) as tree:
            time.sleep(STABLE)
            yield suite, tree.stop()


def idle(bench):
    """wake-ups of the suite in {idle} s, 100 services"""
    for suite in bench.order():
        with Tree(suite, 100, bench.top) as tree:
            time.sleep(6)
            pids = tree.processes()
            before = sum(map(switches, pids))
            time.sleep(bench.idle)
            yield suite, sum(map(switches, pids)) - before
            tree.stop()


def switches(pid):
    path = f"/proc/{pid}/status"
    return field(path, "voluntary_ctxt_switches") + field(path, "nonvoluntary_ctxt_switches")


def anonymous(bench):
    """memory of an idle supervisor: Pss_Anon, KiB"""
    yield from memory(bench, lambda pid: field(f"/proc/{pid}/smaps_rollup", "Pss_Anon:"))


def tables(bench):
    """memory of an idle supervisor: Pss_Anon and page tables, KiB"""
    yield from memory(bench, lambda pid: field(f"/proc/{pid}/smaps_rollup", "Pss_Anon:")
                      + field(f"/proc/{pid}/status", "VmPTE:"))


def memory(bench, figure):
    for suite in bench.order():
        with Tree(suite, 100, bench.top) as tree:
            time.sleep(STABLE)
            supervisors = [pid for pid in tree.processes() if pid != tree.scanner.pid]
            yield suite, statistics.median(map(figure, supervisors))
            tree.stop()


def size(bench):
    """size of the programs on disk, without shared libraries, kB"""
    for suite in bench.suites:
        files = {os.path.realpath(suite.which(p)) for p in suite.programs.split() if suite.which(p)}
        yield suite, sum(map(os.path.getsize, files)) / 1000


TESTS = {test.__name__: test for test in (start, restart, status, down, shutdown, idle, anonymous, tables, size)}
CALLS = {test.__name__: test for test in calls.tests(Tree)} if shutil.which("strace") else {}
TESTS.update({test.__name__: test for test in goals.tests(Tree)}, **CALLS)
ONCE = ("idle", "size", "takeover", *CALLS)
# These have tables of their own.
INITS = {"inits": inits.inits, "stages": inits.stages}


class Bench:
    failed = Failed

    def __init__(self, arguments):
        self.suites = suites(arguments.ours)
        self.many, self.idle, self.rounds = arguments.many, arguments.idle, arguments.rounds
        self.top = tempfile.mkdtemp(prefix="bench.", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        subprocess.run([os.environ.get("CC", "cc"), "-Os", "-static", "-s", "-o", self.top + "/probe",
                        HERE + "/probe.c"], check=True)

    def order(self):
        return random.sample(self.suites, len(self.suites))

    def measure(self, test):
        """Prints a row: the median of each suite over the rounds, with its ratio to s6's."""
        figures = {}
        for _ in range(1 if test.__name__ in ONCE else self.rounds):
            try:
                for suite, figure in test(self):
                    figures.setdefault(suite.name, []).append(figure)
            except Failed as failure:
                print(f"{test.__name__}: {failure}", file=sys.stderr)
        title = test.__doc__.format(many=self.many, idle=self.idle)
        medians = {name: statistics.median(values) for name, values in figures.items()}
        cells = [cell(medians.get(suite.name), medians.get("s6")) for suite in self.suites]
        print(f"| {title:<62} | " + " | ".join(f"{cell:>14}" for cell in cells) + " |", flush=True)


def cell(value, peer):
    if value is None:
        return "-"
    figure = f"{value:.3g}" if value < 100 else f"{value:.0f}"
    return f"{figure} ({value / peer:.2f})" if peer else figure


def alone():
    """Moves into a PID namespace: nothing started here can outlive it or reach what is outside."""
    if os.environ.get("BENCH_ALONE"):
        return
    os.environ["BENCH_ALONE"] = "1"
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    os.execvp("unshare", ["unshare", *user, "--pid", "--fork", "--kill-child", "--mount-proc",
                          sys.executable, *sys.argv])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("test", nargs="*", help=" ".join([*TESTS, *INITS]) + " syscalls (default: all)")
    parser.add_argument("--ours", default="target/dist", help="directory of our programs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--many", type=int, default=1000, help="services of the tests start, status and down")
    parser.add_argument("--idle", type=int, default=30, help="seconds of the idle test")
    arguments = parser.parse_args()
    if "syscalls" in arguments.test:
        arguments.test.remove("syscalls")
        arguments.test += CALLS
        if not CALLS:
            parser.error("strace is not here")
    if not set(arguments.test) <= {*TESTS, *INITS}:
        parser.error("no such test; there are " + " ".join([*TESTS, *INITS]))
    alone()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    bench = Bench(arguments)
    wanted = arguments.test or [*TESTS, *INITS]
    try:
        trees = [TESTS[name] for name in wanted if name in TESTS]
        if trees:
            measure(bench, trees)
        beside = [INITS[name] for name in wanted if name in INITS]
        if beside:
            inits.prepare(bench, HERE, arguments.ours)
        for table in beside:
            table(bench, field)
    finally:
        shutil.rmtree(bench.top, ignore_errors=True)


def measure(bench, tests):
    names = [suite.name for suite in bench.suites]
    print(f"| {f'median of {bench.rounds} rounds (ratio to s6)':<62} | " + " | ".join(f"{n:>14}" for n in names) + " |")
    print("|" + "-" * 64 + "|" + "|".join("-" * 15 + ":" for _ in names) + "|")
    for test in tests:
        bench.measure(test)


if __name__ == "__main__":
    main()
