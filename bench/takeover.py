"""How long a service is without a supervisor that was killed, and whether it is lost."""
import fcntl
import os
import select
import signal
import statistics
import struct
import sys
import time

FLOCK = struct.Struct("hhqqi0q")
SERVICES, ROUNDS = 1000, 10
# A scanner starts a supervisor at most once a second.
GAP = 1.2


def holder(directory):
    """The pid of the supervisor: who holds its lock."""
    with open(f"{directory}/supervise/lock", "rb") as lock:
        answer = fcntl.fcntl(lock, fcntl.F_GETLK, FLOCK.pack(fcntl.F_WRLCK, 0, 0, 0, 0))
    return FLOCK.unpack(answer)[4]


def service(directory):
    """The pid of the service, as its supervisor has written it down."""
    with open(f"{directory}/supervise/status", "rb") as status:
        return int.from_bytes(status.read()[24:32], "big")


def listen(directory, number):
    name = f"{directory}/event/ftrig1:@{number:024x}:bench0"
    os.mkfifo(name)
    return os.open(name, os.O_RDWR | os.O_NONBLOCK)


def takeover(bench, tree):
    """a supervisor is killed until the next one has its service, ms"""
    ours = [suite for suite in bench.suites if suite.name == "ours"]
    for suite in ours:
        with tree(suite, SERVICES, bench.top) as running:
            time.sleep(2.5)
            places = {n: f"{running.scan}/svc{n:04}" for n in running.pid}
            before = {n: service(place) for n, place in places.items()}
            taken, missed = [], 0
            for _ in range(ROUNDS):
                ends = time.monotonic() + GAP
                for n, place in places.items():
                    ear = listen(place, n)
                    began = time.monotonic_ns()
                    os.kill(holder(place), signal.SIGKILL)
                    heard = select.select([ear], [], [], 10)[0] and os.read(ear, 9)
                    taken.append((time.monotonic_ns() - began) / 1e6)
                    missed += heard != b"s" or service(place) != before[n]
                    os.unlink(f"{place}/event/ftrig1:@{n:024x}:bench0")
                    os.close(ear)
                time.sleep(max(0, ends - time.monotonic()))
            alive = sum(os.path.exists(f"/proc/{pid}") for pid in before.values())
            taken.sort()
            late = sum(one > 20 for one in taken)
            print(f"takeover: {len(taken)} supervisors were killed, {missed} services missed, {SERVICES - alive} lost; "
                  f"99 of 100 within {taken[len(taken) * 99 // 100]:.1f} ms, the longest {taken[-1]:.1f} ms, "
                  f"{late} over 20 ms", file=sys.stderr)
            if missed or alive != SERVICES:
                raise bench.failed(f"ours: {missed} take-overs were missed, {SERVICES - alive} services lost")
            yield suite, statistics.median(taken)
            running.stop()
