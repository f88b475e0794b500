"""Faults on a cluster of hosts, by seed; then its invariants, against the real store and processes.

Usage: faults.py CLIENT-HOST, within Tests/hosts/faults.sh, which has made the cluster.
"""
import concurrent.futures
import hashlib
import json
import os
import random
import subprocess
import sys
import threading
import time

SEED = int(os.environ["SEED"])
HOSTS = [f"h{n + 1}" for n in range(int(os.environ["HOSTS"]))]
SECONDS = float(os.environ["FAULT_SECONDS"])
DOWN_MAX = 2 if len(HOSTS) >= 5 else 1
BOOT = "Tests/hosts/boot"
UNITS = ["gd2-store", "gd2-etcd", "gd2-rest", "gd2-brickd", "gd2-pmap"]


def run(host, *words, limit=30):
    """Exit status and output of a command on a host; 124 when it did not end in time."""
    try:
        done = subprocess.run(
            ["timeout", "-k", "1", str(limit), BOOT, "exec", host, *words], capture_output=True,
            text=True, timeout=limit + 10)
        return done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        return 124, "", "no end"


def soon(*words):
    """As run, and again for 20 s while the store takes no changes (exit status 7)."""
    end = time.time() + 20
    while True:
        done = run(*words)
        if done[0] != 7 or time.time() > end:
            return done
        time.sleep(0.3)


def boot(*words):
    return subprocess.run([BOOT, *words], capture_output=True, text=True).returncode


def say(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


class Faults:
    """What is broken now, and how it is mended."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.broken = {}
        self.lock = threading.Lock()
        self.count = {}

    def well(self):
        with self.lock:
            return [host for host in HOSTS if host not in self.broken]

    def step(self):
        """Breaks one more host, or mends one."""
        broken = sorted(self.broken)
        if broken and (len(broken) >= DOWN_MAX or self.random.random() < 0.4):
            self.mend(self.random.choice(broken))
        else:
            self.break_(self.random.choice(self.well()))

    def break_(self, host):
        kind = self.random.choice(["kill", "cut", "pause", "reboot", "units"])
        say(f"fault: {kind} {host}")
        self.count[kind] = self.count.get(kind, 0) + 1
        with self.lock:
            self.broken[host] = kind
        if kind == "kill":
            boot("kill", host)
        elif kind == "cut":
            boot("cut", host)
        elif kind == "pause":
            run(host, "systemctl", "kill", "-s", "STOP", *UNITS)
        elif kind == "reboot":
            boot("stop", host)
        else:
            unit = self.random.choice(UNITS)
            run(host, "systemctl", "kill", "-s", "KILL", unit)
            self.mend(host)

    def mend(self, host):
        kind = self.broken[host]
        say(f"mend: {kind} {host}")
        if kind in ("kill", "reboot"):
            boot("start", str(len(HOSTS) + 1))
        elif kind == "cut":
            boot("heal", host)
        elif kind == "pause":
            run(host, "systemctl", "kill", "-s", "CONT", *UNITS)
        with self.lock:
            del self.broken[host]

    def mend_all(self):
        for host in sorted(self.broken):
            self.mend(host)


class Volumes:
    """What was acknowledged of volumes: a set of states each may be in, more than one when an
    answer was lost. A state is None (no such volume) or (started, cache size)."""

    def __init__(self, faults):
        self.faults = faults
        self.may = {f"v{n}": {None} for n in range(4)}
        self.done = {}
        self.stop = threading.Event()

    def loop(self, name):
        """Changes one volume again and again: each has its own order of changes by the seed."""
        choices = random.Random(f"{SEED} {name}")
        while not self.stop.is_set():
            self.change(name, choices)
            time.sleep(choices.uniform(0, 0.5))

    def change(self, name, choices):
        """One change of one volume, asked at one of the hosts that are well."""
        host = choices.choice(self.faults.well() or HOSTS)
        kind = choices.choice(["create", "start", "set", "stop", "delete"])
        before = self.may[name]
        if kind == "create":
            peers = choices.sample(HOSTS, 3)
            bricks = [f"{peer}:/data/{name}" for peer in peers]
            words = ["create", name, "replica", "3", *bricks, "--create-brick-dir", "--reuse-bricks", "force"]
            after = {(False, None)}
            possible = None in before
        elif kind == "set":
            size = f"{choices.randint(8, 999)}MB"
            words = ["set", name, "performance.cache-size", size]
            after = {(state[0], size) for state in before if state}
            possible = bool(after)
        elif kind == "delete":
            words, after = ["delete", name, "--yes"], {None}
            possible = any(state and not state[0] for state in before)
        else:
            up = kind == "start"
            words = [kind, name] + ([] if up else ["--yes"])
            after = {(up, state[1]) for state in before if state}
            possible = bool(after)
        if not possible:
            return
        status, _, error = run(host, "glustercli", "volume", *words, limit=40)
        result = "done" if status == 0 else f"status {status}"
        self.done[f"{kind} {result}"] = self.done.get(f"{kind} {result}", 0) + 1
        if status == 0:
            self.may[name] = after
        elif status in (5, 6) and "not ended" not in error and "not everywhere" not in error:
            pass  # Refused: nothing has changed.
        else:
            self.may[name] = before | after
            say(f"  {kind} {name} at {host}: {status} {error.strip()[:160]}")

    def wrong(self):
        """What is so now and may not be. The view of the host that is asked may be late."""
        errors = []
        for name, states in self.may.items():
            status, out, error = run(HOSTS[0], "glustercli", "volume", "info", name, "-o", "json")
            if status == 5:
                found = None
            elif status == 0:
                info = json.loads(out)
                info = info[0] if isinstance(info, list) else info
                size = (info.get("options") or {}).get("performance.cache-size")
                found = (info["state"] == "Started", size)
            else:
                errors.append(f"{name}: {error.strip()}")
                continue
            if found not in states:
                errors.append(f"{name} is {found}, but was acknowledged as {states}")
        return "; ".join(errors)


class Files:
    """Writes files on the client's mount and remembers those whose fsync was acknowledged."""

    def __init__(self, client):
        self.client = client
        self.written = {}
        self.failed = 0
        self.stop = threading.Event()

    def loop(self):
        number = 0
        while not self.stop.is_set():
            number += 1
            text = f"{SEED} {number} " * 50
            script = f"printf %s '{text}' >/mnt/io/f{number} && sync /mnt/io/f{number}"
            status, _, _ = run(self.client, "sh", "-c", script, limit=90)
            if status == 0:
                self.written[f"f{number}"] = hashlib.sha256(text.encode()).hexdigest()
            else:
                self.failed += 1
            time.sleep(0.2)

    def verify(self):
        status, out, error = run(self.client, "sh", "-c", "cd /mnt/io && sha256sum f*", limit=120)
        if status != 0:
            return [f"the mount does not answer: {error.strip()[:200]}"]
        found = dict(reversed(line.split()) for line in out.splitlines())
        return [f"{name} is lost or damaged" for name, digest in self.written.items()
                if found.get(name) != digest]


def wait_for(what, seconds, check):
    end = time.time() + seconds
    said = None
    while time.time() < end:
        try:
            said = check()
        except RuntimeError as error:
            said = str(error)
        if not said:
            return []
        time.sleep(1)
    return [f"{what}: {said}"]


def members_not_well():
    status, out, error = run(HOSTS[0], "glustercli", "cluster", "members", "-o", "json")
    if status != 0:
        return error.strip()
    members = [member for member in json.loads(out)["members"] if member["role"] != "learner"]
    wanted = 5 if len(HOSTS) >= 5 else 3
    sick = [member["name"] for member in members if not member["healthy"]]
    return f"{len(members)} voters, {sick} not well" if len(members) != wanted or sick else ""


def leftovers():
    """Journals and locks in the store, as root reads them through gd2-store."""
    script = ("ETCDCTL_API=3 etcdctl --endpoints unix:///run/gd2/store.sock get --prefix --keys-only "
              "/gluster/$(jq -r .cluster /var/lib/gd2/store/identity.json)/")
    status, out, error = run(HOSTS[0], "sh", "-c", script)
    if status != 0:
        return error.strip() or f"status {status}"
    return " ".join(key for key in out.split() if "/txns/" in key or "/locks/" in key)


def volumes_of(host):
    status, out, error = run(host, "glustercli", "volume", "list", "-o", "json")
    if status != 0:
        raise RuntimeError(error)
    return {volume["name"]: volume for volume in json.loads(out)}


def bricks_wrong():
    """Marks and processes on each host against the volumes that there are."""
    wrong = []
    volumes = volumes_of(HOSTS[0])
    for host in HOSTS:
        wanted, marked = set(), set()
        for volume in volumes.values():
            for subvolume in volume["subvols"]:
                for brick in subvolume["bricks"]:
                    if brick["host"] != address(host):
                        continue
                    marked.add(brick["path"])
                    if volume["state"] == "Started":
                        wanted.add(brick["path"])
        _, out, _ = run(host, "sh", "-c", "getfattr --absolute-names -n trusted.glusterfs.volume-id "
                        "/data/* 2>/dev/null | sed -n 's/^# file: //p'")
        found = set(out.split())
        if found != marked:
            wrong.append(f"{host}: marked are {sorted(found ^ marked)} too many or too few")
        _, out, _ = run(host, "sh", "-c", "for p in $(pgrep -x glusterfsd); do tr '\\0' '\\n' </proc/$p/cmdline "
                        "| grep -A1 -x -e --brick-name | tail -n 1; done")
        running = out.split()
        if sorted(running) != sorted(wanted):
            wrong.append(f"{host}: runs {sorted(running)}, not {sorted(wanted)}")
    return "; ".join(wrong)


def address(host):
    return f"{os.environ.get('NETPFX', '198.51.100')}.{host[1:]}"


def ports_wrong():
    """A port that a volume's status names is one that its brick listens on."""
    wrong = []
    for name, volume in volumes_of(HOSTS[0]).items():
        if volume["state"] != "Started":
            continue
        status, out, error = run(HOSTS[0], "glustercli", "volume", "status", name, "-o", "json")
        if status != 0:
            wrong.append(error.strip())
            continue
        for brick in json.loads(out):
            host = "h" + brick["info"]["host"].split(".")[-1]
            script = f"ss -Hltnp sport = :{brick['port']} | grep -c pid={brick['pid']},"
            _, out, _ = run(host, "sh", "-c", script)
            if not brick["online"] or out.strip() == "0":
                wrong.append(f"{name} {brick['info']['path']} of {host}: port {brick['port']}, pid {brick['pid']}")
    return "; ".join(wrong)


def jobs_open():
    status, out, error = run(HOSTS[0], "glustercli", "job", "list", "-o", "json")
    if status != 0:
        return error.strip()
    return ", ".join(job["id"] for job in json.loads(out) if job["state"] in ("running", "undoing"))


def mount(client):
    bricks = [f"{host}:/data/io" for host in HOSTS[:3]]
    for words in (["create", "io", "replica", "3", *bricks, "--create-brick-dir", "force"], ["start", "io"]):
        status, _, error = soon(HOSTS[0], "glustercli", "volume", *words)
        if status != 0:
            sys.exit(f"volume io: {error}")
    others = ":".join(HOSTS[1:3])
    script = f"mkdir -p /mnt/io && mount -t glusterfs -o backup-volfile-servers={others} {HOSTS[0]}:/io /mnt/io"
    status, _, error = run(client, "sh", "-c", script)
    if status != 0:
        sys.exit(f"mount: {error}")


def main():
    client = sys.argv[1]
    faults = Faults(SEED)
    volumes = Volumes(faults)
    files = Files(client)
    mount(client)
    pool = concurrent.futures.ThreadPoolExecutor(8)
    writer = pool.submit(files.loop)
    changers = [pool.submit(volumes.loop, name) for name in volumes.may]
    end = time.time() + SECONDS
    while time.time() < end:
        faults.step()
        time.sleep(min(faults.random.uniform(3, 10), max(0, end - time.time())))
    faults.mend_all()
    volumes.stop.set()
    for changer in changers:
        changer.result()
    say("quiet")
    errors = wait_for("members", 180, members_not_well)
    errors += wait_for("journals and locks left", 60, leftovers)
    errors += wait_for("jobs not ended", 60, jobs_open)
    errors += wait_for("volumes", 30, volumes.wrong)
    errors += wait_for("bricks", 90, bricks_wrong)
    errors += wait_for("ports", 60, ports_wrong)
    files.stop.set()
    writer.result()
    errors += files.verify()
    run(client, "umount", "-l", "/mnt/io")
    say(f"faults {faults.count}; changes {volumes.done}; files {len(files.written)} written, {files.failed} refused")
    for error in errors:
        say(f"VIOLATED: {error}")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
