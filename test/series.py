#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test/series.py OPENAPI [SCRAPE]: fails unless a node can show just LIMIT_METRIC_SERIES series.

Counts what the table of families gives at most: every place of a family, and of a sparse one those
that test/series.txt allows. The limit is exact: one series more fails, and so does one less, which the
limit then has to follow. With SCRAPE, an answer of GET /metrics, it fails for a series that is not
among them. OPENAPI says which route answers with which status."""
import itertools
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEAST = 60  # families: fewer, and the search has dried up
MOST = 900  # that docs/monitoring.md promises
# Answers to what no route has seen yet; test/series.txt has them.
EARLY = {"408", "431", "501", "505"}


def read_limit():
    text = (ROOT / "src/base/limits.h").read_text()
    return int(re.search(r"LIMIT_METRIC_SERIES = (\d+)", text)[1])


def read_table():
    """{family: (labels, lines of a place, sparse, kind)}, the labels as [(name, [values])]."""
    text = (ROOT / "src/base/metric_table.c").read_text()
    text = text.replace("STATUSES(STATUS_TEXT)", "".join(f'SI("{n}"),' for n in re.findall(r"X\((\d+)\)", text)))
    labels, buckets, families = {}, {}, {}
    for variable, name, values in re.findall(r'^LABEL\((\w+), "(\w+)",(.*?)\);', text, re.M | re.S):
        labels[variable] = (name, re.findall(r'SI\("(\w*)"\)', values))
    for variable, bounds in re.findall(r"^BUCKETS\((\w+),(.*?)\);", text, re.M | re.S):
        buckets[variable] = bounds.count(",") + 1
    for row in re.split(r"\n    \[METRIC_\w+\] = ", text)[1:]:
        name, kind = re.search(r'SI\("(\w+)"\), (METRIC_\w+)', row).groups()
        used = re.search(r"\.buckets = &(\w+)", row)
        lines = buckets[used[1]] + 3 if used else 1  # the rest, the sum, the count
        own = [labels[label] for label in re.findall(r"&(label_\w+)", row)]
        families[name] = (own, lines, "is_sparse = true" in row, kind)
    return families


def read_shapes():
    """{family: [[alternatives of each label]]}"""
    shapes = {}
    for line in (ROOT / "test/series.txt").read_text().splitlines():
        if line.startswith("caldock_"):
            shapes[line] = []
        elif line.startswith("  ") and not line.strip().startswith("#"):
            shapes[list(shapes)[-1]].append([part.split("|") for part in line.split()])
    return shapes


def routes(openapi, values):
    """The shapes of caldock_http_requests_total: [[route], [method], statuses]."""
    rows = []
    for path in json.loads(pathlib.Path(openapi).read_text())["paths"].values():
        for method, operation in path.items():
            if "operationId" in operation:
                name = operation["operationId"]
                route = [value for value in values if f"{name}_".startswith(f"{value}_")]
                if len(route) != 1:
                    sys.exit(f"{name} has no value of route")
                statuses = [status for status in operation["responses"] if status not in EARLY | {"default"}]
                rows.append([route, [method.upper()], statuses])
    return rows


def places_of(family, labels, rows):
    """The set of all that the rows allow."""
    places = set()
    for row in rows:
        if len(row) != len(labels):
            sys.exit(f"{family}: a row of {len(row)} labels, which are {len(labels)}")
        for (name, values), alternatives in zip(labels, row):
            for word in set(alternatives) - set(values) - {"*"}:
                sys.exit(f"{family}: {name} is never {word}")
        places |= set(itertools.product(*(v if a == ["*"] else a for (_, v), a in zip(labels, row))))
    return places


def check_scrape(path, allowed, families):
    bad = 0
    for line in pathlib.Path(path).read_text().splitlines():
        found = re.match(r"(\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})? \S+$", line)
        if not found or found[1] not in allowed:
            continue
        names = [name for name, _ in families[found[1]][0]]
        values = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
        if tuple(values[name] for name in names) not in allowed[found[1]]:
            print(f"test/series.txt has no row for {line}", file=sys.stderr)
            bad += 1
    return bad


def main():
    families, shapes, limit = read_table(), read_shapes(), read_limit()
    sparse = {name for name, (_, _, is_sparse, _) in families.items() if is_sparse}
    if len(families) < LEAST or sparse != set(shapes):
        sys.exit(f"{len(families)} families; test/series.txt and the sparse ones differ: {sparse ^ set(shapes)}")
    shapes["caldock_http_requests_total"] += routes(sys.argv[1], families["caldock_http_requests_total"][0][0][1])
    allowed = {name: places_of(name, families[name][0], rows) for name, rows in shapes.items()}
    series = 0
    for name, (labels, lines, _, _) in families.items():
        every = 1
        for _, values in labels:
            every *= len(values)
        here = lines * (len(allowed[name]) if name in allowed else every)
        series += here
        if here > 50:
            print(f"{here:5d} {name}")
    print(f"{series:5d} series at most")
    if len(sys.argv) > 2 and check_scrape(sys.argv[2], allowed, families):
        sys.exit(1)
    if series != limit or limit > MOST:
        sys.exit(f"LIMIT_METRIC_SERIES has to be {series}, and at most {MOST}")


if __name__ == "__main__":
    main()
