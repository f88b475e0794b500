#!/usr/bin/env python3
"""Prints the medians of Tests/bench/run's samples and gd2's ratio to glusterd.

  report.py SAMPLES VOLUMES BIN      SAMPLES has lines: MANAGER PART WHAT VALUE
"""

import collections
import os
import statistics
import sys

OPERATIONS = ["create", "start", "set", "status", "list", "stop", "delete"]
CALLS = ["getspec/1", "getspec/16", "getspec/1x32", "portbybrick/1", "portbybrick/16"]


def connections(text):
    """What stands behind the slash of a call: connections, and calls under way on each."""
    count, _, depth = text.partition("x")
    return "%s conn." % count + (", %s under way" % depth if depth else "")


def read(path):
    samples = collections.defaultdict(list)
    with open(path) as lines:
        for line in lines:
            manager, part, what, value = line.split()
            samples[manager, part, what].append(float(value))
    return samples


def memory(samples, manager, part, leave_out=()):
    """Megabytes of all processes of a manager, or nothing if none was measured."""
    total = [
        statistics.median(values)
        for (of, when, what), values in samples.items()
        if (of, when) == (manager, part) and what.startswith("pss/") and what[4:] not in leave_out
    ]
    return sum(total) / 1024 if total else None


def number(value):
    return "-" if value is None else "%.0f" % value if value >= 20 else "%.1f" % value


def row(label, stock, ours, more_is_better, unit, more=""):
    ratio = verdict = ""
    if stock and ours is not None:
        ratio = "%.2f" % (ours / stock)
        better = ours > stock if more_is_better else ours < stock
        verdict = "better" if better else "WORSE"
    line = "%-34s %10s %10s %-4s %8s %-6s %s"
    print((line % (label, number(stock), number(ours), unit, ratio, verdict, more)).rstrip())


def bar(label, value, unit, limit, more_is_better=False):
    """A value and the limit that it has to keep."""
    if value is None or limit is None:
        return
    kept = value >= limit if more_is_better else value <= limit
    sign = ">=" if more_is_better else "<="
    kept = "kept" if kept else "MISSED"
    print("%-58s %10s %-4s %s %-8s %s" % (label, number(value), unit, sign, number(limit), kept))


def report(samples, volumes):
    def median(manager, part, what):
        values = samples.get((manager, part, what))
        return statistics.median(values) if values else None

    parts = [("alone", "1 volume"), ("many", "%s volumes" % volumes)]
    print("%-34s %10s %10s %-4s %8s" % ("median", "glusterd", "gd2", "", "gd2/gd"))
    for part, title in parts:
        for what in OPERATIONS:
            stock, ours = (median(manager, part, what) for manager in ("gd1", "gd2"))
            row("volume %s, %s" % (what, title), stock, ours, False, "ms")
    row("the CLI alone (--help)", *(median(m, "alone", "cli") for m in ("gd1", "gd2")), False, "ms")
    for part, title in parts:
        for what in CALLS:
            name, how = what.split("/")
            stock, ours = (median(manager, part, what) for manager in ("gd1", "gd2"))
            label = "%s, %s, %s" % (name.upper(), connections(how), title)
            row(label, stock, ours, True, "/s")
            stock, ours = (median(manager, part, "cpu/" + what) for manager in ("gd1", "gd2"))
            row("    CPU time a call", stock, ours, False, "us")
            stock, ours = (median(manager, part, "p99/" + what) for manager in ("gd1", "gd2"))
            row("    99th percentile", stock, ours, False, "us")
    for part, title in parts:
        for what in ("serves", "changes"):
            stock, ours = (median(manager, part, "ready/" + what) for manager in ("gd1", "gd2"))
            label = "a volfile" if what == "serves" else "a change"
            row("start until %s, %s" % (label, title), stock, ours, False, "ms")
    for part, title in [("alone", "idle"), ("many", "%s volumes" % volumes)]:
        stock, ours = memory(samples, "gd1", part), memory(samples, "gd2", part)
        row("memory (PSS), %s, with etcd" % title, stock, ours, False, "MB")
        ours = memory(samples, "gd2", part, leave_out=["gd2-etcd"])
        row("memory (PSS), %s, our programs" % title, stock, ours, False, "MB")
        for name in ["gd2-store", "gd2-rest", "gd2-pmap", "gd2-brickd", "gd2-etcd"]:
            value = median("gd2", part, "pss/" + name)
            row("    %s, %s" % (name, title), None, value and value / 1024, False, "MB")


def cluster(samples):
    """Three hosts: each change with all of them up, then with one dead, and what a death costs."""

    def medians(part, what):
        values = (samples.get((manager, part, what)) for manager in ("gd1", "gd2"))
        return [statistics.median(of) if of else None for of in values]

    rows = [("add", "peer add")]
    for suffix, title in (("3", "on 3 hosts"), ("2", "on 2 of 3")):
        for what in ("create", "start", "set", "status", "stop", "delete"):
            rows.append((what + suffix, "volume %s, %s" % (what, title)))
    rows.append(("peers", "peer status"))
    print("\n%-34s %10s %10s %-4s %8s" % ("median, three hosts, all up", "glusterd", "gd2", "", "gd2/gd"))
    row("peer add, the second and third", *medians("three", "grow"), False, "ms")
    for what, label in rows:
        row(label, *medians("three", what), False, "ms")
    print(
        "\n%-34s %10s %10s %-4s %8s %-6s %s"
        % ("median, three hosts, one dead", "glusterd", "gd2", "", "gd2/gd", "", "gd2 dead / gd2 all up")
    )
    for what, label in rows:
        (stock, ours), (_, up) = medians("dead", what), medians("three", what)
        if ours is not None:
            slower = "%.2f" % (ours / up) if up else ""
            row(label, stock, ours, False, "ms", slower)
    row("a change at the cut, up to a minute", *medians("cut", "change"), False, "ms")
    row("until the cut host is known", *medians("cut", "known"), False, "ms")


def bars(samples, volumes):
    """What gd2 alone is held to."""

    def median(manager, part, what):
        values = samples.get((manager, part, what))
        return statistics.median(values) if values else None

    def times(value, factor):
        return None if value is None else value * factor

    print("\n%-58s %10s %-4s %s" % ("gd2's own bars, median", "gd2", "", "limit"))
    parts = [("alone", "1 volume"), ("many", "%s volumes" % volumes)]
    for part, title in parts:
        bricks = {
            (kind, count): median("bare", part, "brick/%s/%d" % (kind, count))
            for kind in ("new", "again")
            for count in (1, 3)
        }
        commit = median("bare", part, "commit")
        for how in ("1", "16", "1x32"):
            for kind, word in (("getspec", "calls/s"), ("cpu/getspec", "CPU")):
                stock, ours = (median(manager, part, "%s/%s" % (kind, how)) for manager in ("gd1", "gd2"))
                label = "GETSPEC %s / glusterd, %s, %s" % (word, connections(how), title)
                if stock and ours:
                    ratio = ours / stock if word == "calls/s" else stock / ours
                    bar(label, ratio, "x", 3, True)
        stock, ours = median("gd1", part, "stop"), median("gd2", part, "stop")
        bar("volume stop, %s: glusterd's / 10" % title, ours, "ms", times(stock, 0.1))
        # A brick's first start makes its directories, and three share the cores: like is compared
        # with like.
        for (kind, count), brick in bricks.items():
            label = "API start, %d brick, %s, %s: glusterfsd's x 1.5" % (count, kind, title)
            ours = median("gd2", part, "api/start%s/%s" % ("" if count == 1 else count, kind))
            bar(label, ours, "ms", times(brick, 1.5))
        for what, commits in (("create", 2), ("set", 1), ("delete", 2)):
            limit = None if commit is None else commits * commit + 5
            label = "API %s, %s: %d commits + 5 ms" % (what, title, commits)
            bar(label, median("gd2", part, "api/" + what), "ms", limit)
        bar("start until a volfile, %s" % title, median("gd2", part, "ready/serves"), "ms", 400)
        for how in ("1", "16"):
            ours, bare = (
                median(manager, part, "rest/info/" + how) for manager in ("gd2", "bare")
            )
            label = "REST, one volume, %s, %s: 0.6 of bare" % (connections(how), title)
            bar(label, ours, "/s", times(bare, 0.6), True)
        label = "REST, list, 16 conn., %s" % title
        bar(label, median("gd2", part, "rest/list/16"), "/s", 2000, True)
        total = memory(samples, "gd2", part, leave_out=["gd2-etcd"])
        bar("memory of our programs, %s" % title, total, "MB", 100 if part == "alone" else 150)
    print()
    for part, title in parts:
        for kind in ("new", "again"):
            for count in (1, 3):
                brick = median("bare", part, "brick/%s/%d" % (kind, count))
                print("alone, %s: sign-in of %d brick, %s: %s ms" % (title, count, kind, number(brick)))
        print("alone, %s: a commit %s ms" % (title, number(median("bare", part, "commit"))))
        words = "two writes through gd2-store, an empty call of gd2-brickd"
        calls, nothing = median("bare", part, "calls"), median("gd2", part, "api/nothing")
        print("alone, %s: %s: %s ms" % (title, words, number(calls)))
        print("alone, %s: a request of gd2-rest that asks nobody: %s ms" % (title, number(nothing)))
        if None not in (calls, nothing, commit := median("bare", part, "commit")):
            form = "alone, %s: a create with nothing in it, so both: %s ms; the bar is %s ms"
            print(form % (title, number(calls + nothing), number(2 * commit + 5)))
        for how in ("1", "16", "1x32"):
            ours, bare = (median(manager, part, "getspec/" + how) for manager in ("gd2", "bare"))
            stock = median("gd1", part, "getspec/" + how)
            if bare and stock:
                form = "SwiftNIO alone, %s, %s: %s records/s, %.1f x glusterd's GETSPEC; gd2's is %.2f of it"
                print(form % (connections(how), title, number(bare), bare / stock, ours / bare))
        for how in ("1", "16"):
            for manager, name in [("gd2", "gd2-rest"), ("bare", "Hummingbird alone")]:
                cpu = median(manager, part, "cpu/rest/info/" + how)
                print("CPU time of a GET, %s, %s, %s: %s us" % (connections(how), title, name, number(cpu)))


def main():
    path, volumes, binaries = sys.argv[1:4]
    folder = os.path.basename(os.path.realpath(binaries))
    kind = folder if folder in ("debug", "release") else "not known"
    print("gd2's build: %s (%s)" % (kind, binaries))
    print("Times and memory: less is better. Calls: more is better.")
    samples = read(path)
    if any(part == "alone" for _, part, _ in samples):
        report(samples, volumes)
        bars(samples, volumes)
    if any(part == "three" for _, part, _ in samples):
        cluster(samples)


if __name__ == "__main__":
    main()
