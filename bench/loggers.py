#!/usr/bin/env python3
"""Measures svlog beside s6-log, multilog, svlogd and cat, into one tmpfs, in one run.

Lines of 100 bytes, each with its moment (cat: without), rotation at 1 MB (cat: none). Every test goes round the
loggers in a new order each round, as bench.py does with suites: read the medians and the ratios to s6-log.
"""
import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from bench import HERE, Failed, cell, field, switches

MB = 1_000_000
# After so many seconds a logger that will write nothing more has written everything.
QUIET = 1


class Kind:
    """A logger: its program, and its words for lines with moments in ./main, 10 archives of 1 MB."""

    def __init__(self, name, words, program=None, config=None):
        self.name, self.words, self.config = name, words, config
        self.program = program or shutil.which(words[0])


def kinds(ours):
    every = [
        Kind("svlog", ["svlog", "t", "n10", "s1000000", "./main"], os.path.abspath(ours) + "/svlog"),
        Kind("s6-log", ["s6-log", "t", "n10", "s1000000", "./main"]),
        Kind("multilog", ["multilog", "t", "n10", "s1000000", "./main"]),
        Kind("svlogd", ["svlogd", "-t", "main"], config="s1000000\nn10\n"),
        Kind("cat", ["sh", "-c", "exec cat >main/current"]),
    ]
    for kind in every:
        if not kind.program or not os.access(kind.program, os.X_OK):
            print(f"{kind.name} is not here: left out", file=sys.stderr)
    return [kind for kind in every if kind.program and os.access(kind.program, os.X_OK)]


class Logger:
    """A running logger in a directory of its own."""

    count = 0

    def __init__(self, kind, top):
        Logger.count += 1
        self.root = f"{top}/{Logger.count}"
        os.makedirs(self.root + "/main", 0o700)
        if kind.config:
            with open(self.root + "/main/config", "w") as config:
                config.write(kind.config)
        read, self.input = os.pipe()
        self.process = subprocess.Popen(kind.words, executable=kind.program, cwd=self.root, stdin=read,
                                        stdout=subprocess.DEVNULL)
        os.close(read)
        self.pid = self.process.pid

    def __enter__(self):
        self.ask("a first line\n")
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def size(self):
        try:
            return os.stat(self.root + "/main/current").st_size
        except FileNotFoundError:
            return 0

    def ask(self, line):
        """Writes a line; seconds until it is in the file."""
        before, end = self.size(), time.monotonic() + 10
        began = time.perf_counter()
        os.write(self.input, line.encode())
        while self.size() == before:
            if time.monotonic() > end:
                raise Failed("a line is not written in 10 s")
        return time.perf_counter() - began

    def feed(self, bench, count, chunk):
        subprocess.run([bench.feed, str(count), str(chunk)], stdout=self.input, check=True)

    def end(self):
        """Ends its input; the seconds of processor time that it has taken."""
        os.close(self.input)
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = status
        if status:
            raise Failed(f"a logger has ended with status {status}")
        return usage.ru_utime + usage.ru_stime


# The tests. Each yields (kind, figure) for one round.

def bulk(bench):
    """64 kB at a time, MB/s"""
    yield from throughput(bench, bench.megabytes * MB, 64000)


def lines(bench):
    """a line at a time, MB/s"""
    yield from throughput(bench, bench.megabytes * MB // 2, 100)


def throughput(bench, count, chunk):
    for kind in bench.order():
        with Logger(kind, bench.top) as logger:
            began = time.perf_counter()
            logger.feed(bench, count, chunk)
            logger.end()
            yield kind, count / MB / (time.perf_counter() - began)


def cpu(bench):
    """processor time for 1 GB in bulk, ms"""
    yield from processor_time(bench, bench.megabytes * MB, 64000)


def cpu_lines(bench):
    """processor time for 1 GB line by line, ms"""
    yield from processor_time(bench, bench.megabytes * MB // 2, 100)


def processor_time(bench, count, chunk):
    for kind in bench.order():
        with Logger(kind, bench.top) as logger:
            logger.feed(bench, count, chunk)
            yield kind, logger.end() * 1000 * (1000 * MB / count)


def memory(bench):
    """memory after that: Pss_Anon, KiB"""
    yield from after(bench, lambda pid: field(f"/proc/{pid}/smaps_rollup", "Pss_Anon:"))


def peak(bench):
    """the most memory, what is shared too: VmHWM, KiB"""
    yield from after(bench, lambda pid: field(f"/proc/{pid}/status", "VmHWM:"))


def after(bench, figure):
    for kind in bench.order():
        with Logger(kind, bench.top) as logger:
            logger.feed(bench, 100 * MB, 64000)
            time.sleep(QUIET)
            yield kind, figure(logger.pid)
            logger.end()


def latency(bench):
    """a line to an idle logger, until it is in the file, us"""
    for kind in bench.order():
        with Logger(kind, bench.top) as logger:
            taken = []
            for _ in range(100):
                time.sleep(0.01)
                taken.append(logger.ask("x" * 99 + "\n") * 1e6)
            yield kind, statistics.median(taken)
            logger.end()


def idle(bench):
    """wake-ups in {idle} s without a line"""
    for kind in bench.order():
        with Logger(kind, bench.top) as logger:
            time.sleep(QUIET)
            before = switches(logger.pid)
            time.sleep(bench.idle)
            yield kind, switches(logger.pid) - before
            logger.end()


TESTS = {test.__name__: test for test in (bulk, lines, cpu, cpu_lines, memory, peak, latency, idle)}
ONCE = ("idle",)


class Bench:
    def __init__(self, arguments):
        self.kinds = kinds(arguments.ours)
        self.megabytes, self.idle, self.rounds = arguments.megabytes, arguments.idle, arguments.rounds
        self.top = tempfile.mkdtemp(prefix="loggers.", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.feed = self.top + "/feed"
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", self.feed, HERE + "/feed.c"], check=True)

    def order(self):
        return random.sample(self.kinds, len(self.kinds))

    def measure(self, test):
        """Prints a row: the median of each logger over the rounds, with its ratio to s6-log's."""
        figures = {}
        for _ in range(1 if test.__name__ in ONCE else self.rounds):
            try:
                for kind, figure in test(self):
                    figures.setdefault(kind.name, []).append(figure)
            except Failed as failure:
                print(f"{test.__name__}: {failure}", file=sys.stderr)
        medians = {name: statistics.median(values) for name, values in figures.items()}
        cells = [cell(medians.get(kind.name), medians.get("s6-log")) for kind in self.kinds]
        title = test.__doc__.format(idle=self.idle)
        print(f"| {title:<54} | " + " | ".join(f"{cell:>13}" for cell in cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("test", nargs="*", help=" ".join(TESTS) + " (default: all)")
    parser.add_argument("--ours", default="target/dist", help="directory of our programs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=400, help="what is written in bulk")
    parser.add_argument("--idle", type=int, default=10, help="seconds of the idle test")
    arguments = parser.parse_args()
    if not set(arguments.test) <= set(TESTS):
        parser.error("no such test; there are " + " ".join(TESTS))
    bench = Bench(arguments)
    names = [kind.name for kind in bench.kinds]
    print(f"| {f'median of {bench.rounds} rounds (ratio to s6-log)':<54} | " + " | ".join(f"{n:>13}" for n in names) + " |")
    print("|" + "-" * 56 + "|" + "|".join("-" * 14 + ":" for _ in names) + "|")
    try:
        for name in arguments.test or TESTS:
            bench.measure(TESTS[name])
    finally:
        shutil.rmtree(bench.top, ignore_errors=True)


if __name__ == "__main__":
    main()
