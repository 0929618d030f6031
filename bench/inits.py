"""The inits of containers, measured from outside: in front of one command, and with stages.

In front of one command ours is called svinit, and by the names of the others, whose way it has then. What a script of
the user's takes is measured bare and taken off: the rest is ours.
"""
import os
import shutil
import statistics
import struct
import subprocess
import time

STAMP = struct.Struct("=qii")
SCRIPT = "#!/bin/sh\nexit 0\n"
# Where it is not process 1, tini warns of what nobody needs here.
ENVIRONMENT = dict(os.environ, TINI_SUBREAPER="")
# Starts of an init in a row: one is far too short to be measured.
ROW = 100
# Runs of the stages in one round.
RUNS = 20


def others(ours):
    """Name of the column, and the command line in front of the command."""
    ways = [("svinit", [f"{ours}/svinit"])]
    for name in ("dumb-init", "tini", "catatonit"):
        ways.append((f"as {name}", [f"{ours}/compat/{name}"]))
        for original in (name, name + "-static"):
            if shutil.which(original, path="/usr/bin"):
                ways.append((original, [f"/usr/bin/{original}"]))
    return ways


def links(ours, top):
    """Ours by the names of the others."""
    os.makedirs(f"{top}/compat")
    for name in ("dumb-init", "tini", "catatonit"):
        os.symlink(f"{ours}/svbox", f"{top}/compat/{name}")
    os.symlink(f"{ours}/svbox", f"{top}/svinit")
    os.symlink(f"{ours}/svbox", f"{top}/init")


def run(words):
    """Milliseconds from its start until it has been reaped."""
    began = time.monotonic_ns()
    pid = os.posix_spawn(words[0], words, ENVIRONMENT, setsigmask=())
    status = os.waitpid(pid, 0)[1]
    taken = (time.monotonic_ns() - began) / 1e6
    if status != 0:
        raise RuntimeError(f"{words}: status {status}")
    return taken


def start_and_exit(ways, nothing):
    """exec of init with a program that only exits, until its exit, ms"""
    taken = {name: [] for name, _ in ways}
    for _ in range(ROW):
        for name, words in ways:
            taken[name].append(run([*words, "--", nothing]))
    return {name: statistics.median(values) for name, values in taken.items()}


def memory(ways, field):
    """memory of an idle init: Pss_Anon, KiB"""
    found = {}
    for name, words in ways:
        init = subprocess.Popen([*words, "--", "/bin/sleep", "1000"], env=ENVIRONMENT)
        while not children(init.pid):
            time.sleep(0.01)
        # It has started its command and has gone to sleep.
        time.sleep(0.2)
        found[name] = field(f"/proc/{init.pid}/smaps_rollup", "Pss_Anon:")
        command = children(init.pid)[0]
        os.kill(command, 9)
        init.wait()
    return found


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def inits(bench, field):
    """Prints a table."""
    ways = others(bench.top + "/inits")
    print(f"| {'in front of one command, median':<62} | " + " | ".join(f"{name:>12}" for name, _ in ways) + " |")
    print("|" + "-" * 64 + "|" + "|".join("-" * 13 + ":" for _ in ways) + "|")
    for test, argument in ((start_and_exit, bench.top + "/nothing"), (memory, field)):
        rounds = [test(ways, argument) for _ in range(bench.rounds)]
        cells = [statistics.median(found[name] for found in rounds) for name, _ in ways]
        print(f"| {test.__doc__:<62} | " + " | ".join(f"{cell:>12.3g}" for cell in cells) + " |", flush=True)


def image(top):
    """An /etc with an init script, a service and a finish script."""
    service = f"#!/bin/sh\nexec {top}/stamp {top}/service -- /bin/sleep 1000\n"
    for path, text in (("cont-init.d/10", SCRIPT), ("cont-finish.d/10", SCRIPT), ("services.d/web/run", service)):
        path = f"{top}/etc/{path}"
        os.makedirs(os.path.dirname(path))
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o755)


def stamps(path):
    """(ns, pid) of each, and none afterwards."""
    try:
        with open(path, "rb") as file:
            found = [stamp[:2] for stamp in STAMP.iter_unpack(file.read())]
        os.unlink(path)
        return found
    except FileNotFoundError:
        return []


def contain(top, words):
    """Runs words as process 1 of a container; when nothing of that was left, in ns."""
    # The mounts are made before the clock runs; /run is the container's own, and new.
    script = (f"mount --bind {top}/etc /etc && mount -t tmpfs tmpfs /run && "
              f"exec unshare --pid --fork --mount-proc --kill-child {top}/stamp {top}/stamps {words}")
    container = ["unshare", "--mount", "sh", "-c", script]
    subprocess.run(container, check=True, stdin=subprocess.DEVNULL)
    return time.monotonic_ns()


def one_life(top):
    """(ms until the command runs, ms from then until nothing is left)"""
    end = contain(top, f"-- {top}/init {top}/stamp {top}/stamps")
    (begun, _), (running, _) = stamps(top + "/stamps")
    return (running - begun) / 1e6, (end - running) / 1e6


def processes(top):
    """Processes of ours that were made before the command."""
    stamps(top + "/service")
    # It lives until the service has told its pid, too.
    contain(top, f"-- {top}/init {top}/stamp {top}/stamps -- /bin/sleep 1")
    _, (_, pid) = stamps(top + "/stamps")
    services = [service for _, service in stamps(top + "/service")]
    if len(services) != 1:
        raise RuntimeError("the service has not started once")
    # Its pid counts it, the init script, us, and the service if that was quicker.
    return pid - 2 - (services[0] < pid)


def bare(top):
    """(ms of the init script and the start of the command, ms of the finish script and of the end of a container)"""
    end = contain(top, f"{top}/etc/cont-init.d/10 -- {top}/stamp {top}/stamps")
    (begun, _), (scripted, _), (running, _) = stamps(top + "/stamps")
    return (running - begun) / 1e6, (scripted - begun + end - running) / 1e6


def stages(bench, _):
    """Prints a table."""
    top = bench.top + "/inits"
    lives, alone = [], []
    for _ in range(RUNS * bench.rounds):
        lives.append(one_life(top))
        alone.append(bare(top))
    start, stop = (statistics.median(column) for column in zip(*lives))
    rows = [("exec of init until the command runs, ms", start, statistics.median(each[0] for each in alone)),
            ("end of the command until nothing is left, ms", stop, statistics.median(each[1] for each in alone))]
    print(f"| {'one service, an init script, a finish script; median':<62} |     with init | scripts alone |         ours |")
    print("|" + "-" * 64 + "|" + "|".join(["-" * 14 + ":"] * 2) + "|" + "-" * 13 + ":|")
    for title, whole, scripts in rows:
        print(f"| {title:<62} | {whole:>13.3g} | {scripts:>13.3g} | {whole - scripts:>12.3g} |")
    print(f"| {'processes of ours before the command, init included':<62} | {'':>13} | {'':>13} | {processes(top):>12.0f} |", flush=True)


def prepare(bench, here, ours):
    top = bench.top + "/inits"
    os.makedirs(top)
    links(os.path.abspath(ours), top)
    image(top)
    compiler = [os.environ.get("CC", "cc"), "-Os", "-static", "-s", "-o"]
    subprocess.run([*compiler, top + "/stamp", here + "/stamp.c"], check=True)
    source = b"int main(void) { return 0; }\n"
    subprocess.run([*compiler, bench.top + "/nothing", "-x", "c", "-"], input=source, check=True)
