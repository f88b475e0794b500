#!/usr/bin/env python3
"""Prints the medians of Tests/bench/run's samples and gd2's ratio to glusterd.

  report.py SAMPLES VOLUMES BIN      SAMPLES has lines: MANAGER PART WHAT VALUE
"""

import collections
import os
import statistics
import sys

OPERATIONS = ["create", "start", "set", "status", "list", "stop", "delete"]
CALLS = ["getspec/1", "getspec/16", "portbybrick/1", "portbybrick/16"]


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


def row(label, stock, ours, more_is_better, unit):
    def number(value):
        return "-" if value is None else "%.0f" % value if value >= 10 else "%.1f" % value

    ratio = verdict = ""
    if stock and ours is not None:
        ratio = "%.2f" % (ours / stock)
        better = ours > stock if more_is_better else ours < stock
        verdict = "better" if better else "WORSE"
    print("%-34s %10s %10s %-4s %8s %s" % (label, number(stock), number(ours), unit, ratio, verdict))


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
            name, connections = what.split("/")
            stock, ours = (median(manager, part, what) for manager in ("gd1", "gd2"))
            label = "%s, %s conn., %s" % (name.upper(), connections, title)
            row(label, stock, ours, True, "/s")
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


def main():
    path, volumes, binaries = sys.argv[1:4]
    folder = os.path.basename(os.path.realpath(binaries))
    kind = folder if folder in ("debug", "release") else "not known"
    print("gd2's build: %s (%s)" % (kind, binaries))
    print("Times and memory: less is better. Calls: more is better.")
    report(read(path), volumes)


if __name__ == "__main__":
    main()
