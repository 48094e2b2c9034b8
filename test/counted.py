#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test/counted.py [FAMILY]: fails where an outcome of a counter has no test that counts it.

Of each counter whose table has a label `outcome` or `result`, every value needs a T_COUNTED in a unit
test, or an end-to-end suite that compares its cases with the values of the FAMILY that this prints
(SUITES)."""
import re
import sys

sys.dont_write_bytecode = True
from series import ROOT, read_table  # noqa: E402: after that line

SUITES = {
    "caldock_auth_cache_total": "counted",
    "caldock_flows_ended_total": "counted",
    "caldock_notifications_total": "notify",
    "caldock_pushes_total": "counted_pushes",
    "caldock_syncs_total": "counted",
}
LEAST = 40  # values: fewer, and the search has dried up


def read_names():
    """{METRIC_…: family}"""
    text = (ROOT / "src/base/metric_table.c").read_text()
    return dict(re.findall(r'\[(METRIC_\w+)\] = \{\s*SI\("(\w+)"\)', text))


def read_counted():
    """{(family, word)} of the unit tests."""
    names, counted = read_names(), set()
    for path in (ROOT / "src").glob("*/test_*.c"):
        for call in re.findall(r"T_COUNTED\((.*?)\);", path.read_text(), re.S):
            for metric in re.findall(r"\bMETRIC_\w+", call):
                counted |= {(names.get(metric), word) for word in re.findall(r'S\("(\w+)"\)', call)}
    return counted


def outcomes_of(labels):
    return [value for name, values in labels if name in ("outcome", "result") for value in values]


def main():
    counted, bad, n = read_counted(), [], 0
    families = read_table()
    if len(sys.argv) > 1:
        print("\n".join(outcomes_of(families[sys.argv[1]][0])))
        return
    for family, (labels, _, _, kind) in families.items():
        outcomes = outcomes_of(labels)
        if kind != "METRIC_COUNTER" or not outcomes:
            continue
        suite = SUITES.get(family)
        n += len(outcomes)
        if suite and family not in (ROOT / f"test/e2e/{suite}.test.mjs").read_text():
            bad.append(f"test/e2e/{suite}.test.mjs does not name {family}")
        elif not suite:
            bad += [f"no T_COUNTED has {family} {word}" for word in outcomes if (family, word) not in counted]
    for family in SUITES.keys() - families.keys():
        bad.append(f"{family} is no family")
    if n < LEAST:
        bad.append(f"only {n} outcomes were found: a list has dried up")
    for line in bad:
        print(line, file=sys.stderr)
    sys.exit(1 if bad else 0)


main()
