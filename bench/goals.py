"""More that is measured of a tree: commands, new directories, its end, and all memory that the kernel charges."""
import os
import statistics
import subprocess
import tempfile
import time

from takeover import takeover

# Where the memory controller is, and what it calls what is charged.
CONTROLLERS = (("/sys/fs/cgroup/memory", "memory.usage_in_bytes"), ("/sys/fs/cgroup", "memory.current"))
FEW, MANY = 200, 1000
STABLE = 2.5


def control(bench, tree):
    """a command that restarts a service, until it runs again, ms"""
    lines = {"ours": ["svctl", "-r"], "s6": ["s6-svc", "-r"], "runit": ["sv", "term"]}
    for suite in bench.order():
        with tree(suite, 20, bench.top) as running:
            time.sleep(STABLE)
            taken = []
            for number in running.pid:
                pid, began = running.pid[number], time.monotonic_ns()
                words = [*lines[suite.name], f"{running.scan}/svc{number:04}"]
                subprocess.Popen(words, env=running.env, stdout=subprocess.DEVNULL).wait()
                running.wait(lambda: running.pid[number] != pid, 10, "it runs again")
                taken.append((running.at[number] - began) / 1e6)
            yield suite, statistics.median(taken)
            running.stop()


def pickup(bench, tree):
    """a new directory without a command, until it runs, ms"""
    for suite in bench.order():
        # s6 looks when it is told to.
        if suite.name == "s6":
            continue
        with tree(suite, 100, bench.top) as running:
            time.sleep(STABLE)
            new = f"{running.root}/svc0101"
            os.mkdir(new)
            os.symlink(f"{bench.top}/probe", new + "/run")
            began = time.monotonic_ns()
            os.rename(new, f"{running.scan}/svc0101")
            running.wait(lambda: 101 in running.at, 20, "the new service runs")
            yield suite, (running.at[101] - began) / 1e6
            running.stop()


def stop_many(bench, tree):
    """shutdown of {many} services, ms until no process is left"""
    for suite in bench.order():
        with tree(suite, bench.many, bench.top) as running:
            time.sleep(STABLE)
            yield suite, running.stop()


def charged(bench, tree):
    """all memory charged for a service with its supervisor, kB"""
    place = [(top, file) for top, file in CONTROLLERS if os.path.exists(f"{top}/cgroup.procs")
             and is_counted(top, file)]
    if not place:
        raise bench.failed("no memory controller can be used here")
    for suite in bench.order():
        few, many = (charge(bench, tree, suite, n, *place[0]) for n in (FEW, MANY))
        yield suite, (many - few) / (MANY - FEW) / 1000


def is_counted(top, file):
    try:
        group = tempfile.mkdtemp(prefix="bench.", dir=top)
    except OSError:
        return False
    found = os.path.exists(f"{group}/{file}")
    os.rmdir(group)
    return found


def charge(bench, tree, suite, n, top, file):
    """What a fresh group is charged when all run, in bytes."""
    group = tempfile.mkdtemp(prefix="bench.", dir=top)
    try:
        enter = ["sh", "-c", f'echo $$ >{group}/cgroup.procs; exec "$@"', "sh"]
        with tree(suite, n, bench.top, enter) as running:
            time.sleep(STABLE)
            with open(f"{group}/{file}") as bytes_used:
                used = int(bytes_used.read())
            running.stop()
        return used
    finally:
        for _ in range(50):
            try:
                os.rmdir(group)
                break
            except OSError:
                time.sleep(0.1)


def tests(tree):
    """Each by its name, as the tests of bench.py are."""
    def test(measure):
        def run(bench):
            yield from measure(bench, tree)
        run.__name__, run.__doc__ = measure.__name__, measure.__doc__
        return run
    return [test(measure) for measure in (control, pickup, stop_many, charged, takeover)]
