"""Asks a real glusterd what it does with every option: capture.py FOLDER (see `capture`).

Writes FOLDER/VOLUME (what glusterd stored of each volume, and its volfiles) and FOLDER/answers.json
(each answer; for what is accepted also the lines of the volfiles that change).
"""
import glob, json, os, re, shutil, subprocess, sys

from glusterd import Glusterd

HERE = os.path.dirname(os.path.abspath(__file__))
WORK, BRICKS, FOLDER = "/var/lib/glusterd", "/srv", sys.argv[1]
VALUE = "\x01"
NODE = {"bitd": "-server", "scrub": "-server", "quotad": ""}
LAYOUTS = {
    "rep": ("replica 3", 6), "disp": ("disperse 3 redundancy 1", 6), "dist": ("", 2),
    "full": ("replica 3", 3), "stopped": ("replica 3", 6),
}
# What `volume set all` takes.
CLUSTER = [
    "cluster.server-quorum-ratio", "cluster.enable-shared-storage", "cluster.op-version",
    "cluster.max-op-version", "cluster.brick-multiplex", "cluster.max-bricks-per-process",
    "glusterd.vol_count_per_thread", "cluster.localtime-logging", "cluster.daemon-log-level",
    "cluster.brick-graceful-cleanup",
]
# glusterd looks at a value only if its xlator is in a graph: here nearly all are.
FULL = [
    "performance.read-ahead on", "performance.readdir-ahead on", "performance.io-cache on",
    "performance.nl-cache on", "performance.client-io-threads on", "features.shard on",
    "features.trash on", "features.sdfs on", "features.tag-namespaces on", "features.uss enable",
    "features.cloudsync on", "network.compression on", "debug.trace client",
    "debug.error-gen client", "debug.delay-gen client",
]
# Values that only together are refused, or that a started feature takes.
TOGETHER = {
    "rep": [
        "performance.cache-max-file-size 1MB performance.cache-min-file-size 2MB",
        "performance.cache-min-file-size 2MB performance.cache-max-file-size 3MB",
        "features.worm on features.read-only on", "features.worm on features.worm-file-level on",
        "features.worm on features.worm-files-deletable off",
        "performance.parallel-readdir on performance.readdir-ahead on",
        "performance.parallel-readdir on performance.readdir-ahead on "
        "performance.rda-cache-limit 20MB",
        "performance.nl-cache on performance.nl-cache-timeout 600",
        "client.ssl on server.ssl on auth.ssl-allow *",
        "features.shard on features.shard-block-size 64MB", "cluster.nufa on cluster.switch off",
        "debug.trace client debug.error-gen client", "features.sdfs on features.acl off",
        "diagnostics.client-log-level DEBUG diagnostics.client-sys-log-level ERROR",
        "performance.open-behind on client.strict-locks on",
        "features.trash on features.trash-dir bin", "no.such-option 1",
        "performance.cache-siz 64MB", "network.ping-timeout 20 network.frame-timeout abc",
        "cache-size 64MB", "eager-lock on",
        "cluster.quorum-type fixed cluster.quorum-count 2",
        "cluster.quorum-type auto", "cluster.data-self-heal-algorithm full",
        # Not taken back by a reset, so they stay to the end.
        "user.xlator.x abc", "user.note abc",
    ],
    "disp": ["disperse.other-eager-lock off disperse.eager-lock on"],
}


def run(*words):
    done = subprocess.run(["gluster", "--mode=script", *words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stdout}{done.stderr}")


def make(name):
    layout, count = LAYOUTS[name]
    bricks = [f"n1:{BRICKS}/{name}{number}" for number in range(1, count + 1)]
    run("volume", "create", name, *layout.split(), *bricks, "force")
    if name != "stopped":
        run("volume", "start", name)
    if name == "full":
        run("volume", "quota", name, "enable")
        run("volume", "bitrot", name, "enable")
        for option in FULL:
            run("volume", "set", name, *option.split())


def options(name):
    path = f"{WORK}/options" if name == "all" else f"{WORK}/vols/{name}/info"
    if not os.path.exists(path):
        return {}
    pairs = (line.rstrip("\n").split("=", 1) for line in open(path))
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and "." in pair[0]}


def paths(name):
    """Its volfiles, and those of the node's daemons if it alone has them."""
    if name == "all":
        return []
    found = glob.glob(f"{WORK}/vols/{name}/*.vol")
    if name == "full":
        found += [f"{WORK}/{d}/{d}{e}.vol" for d, e in NODE.items()]
    return sorted(path for path in found if os.path.exists(path))


def volfiles(name):
    """The lines of each, blank ones left out."""
    return {os.path.basename(path): [line for line in open(path).read().split("\n") if line]
            for path in paths(name)}


def blocks(lines):
    found, block = [], []
    for line in lines:
        block.append(line)
        if line == "end-volume":
            found.append(block)
            block = []
    return found


def change(old, new, value):
    """What of a volfile changes: from which line on how many lines are replaced by which."""
    hunks, start = [], 0
    if [b[0] for b in blocks(old)] == [b[0] for b in blocks(new)]:
        for before, after in zip(blocks(old), blocks(new)):
            if before != after:
                hunks += hunk(before, after, start)
            start += len(before)
    else:
        hunks = hunk(old, new, 0)
    suffix = " " + value
    return [[at, count, [l[:-len(value)] + VALUE if l.endswith(suffix) else l for l in lines]]
            for at, count, lines in hunks]


def hunk(old, new, start):
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    return [[start + first, len(old) - last - first, new[first:len(new) - last]]]


class Pool:
    """Each text once."""

    def __init__(self):
        self.items, self.numbers = [], {}

    def number(self, item):
        text = json.dumps(item)
        if text not in self.numbers:
            self.numbers[text] = len(self.items)
            self.items.append(item)
        return self.numbers[text]


class Capture:
    def __init__(self):
        self.glusterd = Glusterd()
        self.outcomes, self.changes, self.groups = Pool(), Pool(), Pool()
        # By key (or by several pairs): by volume: value and number of the outcome.
        self.answers = {}

    def ask(self, name, pairs):
        base, before = self.base[name]
        try:
            result, message = self.glusterd.set(name, pairs)
        except (ConnectionError, OSError) as error:
            sys.exit(f"volume set {name} {pairs}: {error}")
        if result:
            for number, word in enumerate(word for pair in pairs for word in pair):
                alone = r"(?<![\w.-])" + re.escape(word) + r"(?![\w.-])"
                message = re.sub(alone, f"${number}", message)
            return self.outcomes.number({"no": message})
        answer, value = {}, pairs[-1][1]
        stored, files = options(name), volfiles(name)
        given = dict(pairs)
        also = {k: stored.get(k) for k in sorted(stored.keys() | base.keys())
                if stored.get(k) != given.get(k, base.get(k))}
        if also:
            answer["also"] = also
        groups = {}
        for file in sorted(files.keys() | before.keys()):
            old, new = before.get(file, []), files.get(file, [])
            if old != new:
                number = self.changes.number(change(old, new, value))
                groups.setdefault(number, []).append(file)
        answer["files"] = [[self.groups.number(f), number] for number, f in groups.items()]
        self.restore(name, [key for key, _ in pairs])
        return self.outcomes.number(answer)

    def restore(self, name, keys):
        for key in keys:
            self.glusterd.reset(name, key, force=True)
        # Some options are set on all volumes, or bring others with them.
        for volume in self.base:
            self.put_back(volume)

    def put_back(self, name):
        base, before = self.base[name]
        for _ in range(3):
            stored = options(name)
            for key in stored.keys() | base.keys():
                if key not in base:
                    self.glusterd.reset(name, key, force=True)
                elif stored.get(key) != base[key]:
                    self.glusterd.set(name, [(key, base[key])])
            if options(name) == base:
                break
        else:
            print(f"{name}: not as before:", options(name), file=sys.stderr)
            self.base[name] = (options(name), before)
        files = volfiles(name)
        if files != before:
            names = [f for f in files.keys() | before.keys() if files.get(f) != before.get(f)]
            print(f"{name}: volfiles not as before:", names, file=sys.stderr)
            self.base[name] = (options(name), files)

    def everything(self, values):
        for name in LAYOUTS:
            make(name)
        self.base = {name: (options(name), volfiles(name)) for name in [*LAYOUTS, "all"]}
        for name in LAYOUTS:
            keep(name)
        for name in [*LAYOUTS, "all"]:
            for key, some in values:
                answers = self.answers.setdefault(key, {})
                for value in thinned(name, key, some):
                    number = self.ask(name, [(key, value)])
                    answers.setdefault(name, []).append([value, number])
            for line in TOGETHER.get(name, []):
                words = line.split()
                number = self.ask(name, list(zip(words[::2], words[1::2])))
                self.answers.setdefault(line, {})[name] = [["", number]]
            print(name, file=sys.stderr)

    def write(self):
        def lines(items):
            return "[\n" + ",\n".join(json.dumps(i, separators=(",", ":")) for i in items) + "]"

        answers = [{"key": key, "answers": answers} for key, answers in self.answers.items()]
        with open(f"{FOLDER}/answers.json", "w") as file:
            file.write('{"outcomes":' + lines(self.outcomes.items))
            file.write(',\n"changes":' + lines(self.changes.items))
            file.write(',\n"files":' + lines(self.groups.items))
            file.write(',\n"sets":' + lines(answers) + "}\n")


def thinned(name, key, values):
    """Where neither layout nor graph plays a part, few values have to be tried on each volume."""
    part = key.split(".")[0]
    if part in ("cluster", "disperse", "glusterd"):
        wanted = name in ("rep", "disp", "dist") or name == "all" and key in CLUSTER
    elif part in ("features", "performance"):
        wanted = name == "full"
    else:
        wanted = name == "rep"
    return values if wanted or len(values) < 5 else values[:2] + values[-1:]


def keep(name):
    folder = f"{FOLDER}/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder + "/bricks")
    source = f"{WORK}/vols/{name}"
    for path in [f"{source}/info", *paths(name)]:
        shutil.copyfile(path, f"{folder}/{os.path.basename(path)}")
    for file in os.listdir(source + "/bricks"):
        shutil.copyfile(f"{source}/bricks/{file}", f"{folder}/bricks/{file}")


def main():
    values = []
    for line in open(f"{HERE}/values.txt"):
        if not line.startswith("#"):
            key, *some = line.split()
            values.append((key, some))
    only = os.environ.get("ONLY")
    if only:
        values = [pair for pair in values if re.search(only, pair[0])]
    capture = Capture()
    capture.everything(values)
    capture.write()


main()
