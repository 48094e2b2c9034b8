#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test/statements.py OUTPUT COMPILER… -- FILES: a C header with every SQL statement of these files.

The compiler's preprocessor joins what macros are in between. test_plans.c asks both engines how
they carry each of the statements out.
"""
import pathlib
import re
import subprocess
import sys

LITERAL = r'"(?:[^"\\\n]|\\.)*"'
JOINED = re.compile(rf"{LITERAL}(?:\s*{LITERAL})*")
STATEMENT = re.compile(r"(?:with|select|insert|update|delete) ")
LEAST = 80  # fewer: the search has dried up


def statements(compiler, files):
    """Each text once, in the order of the files."""
    found = {}
    for file in files:
        text = subprocess.run([*compiler, "-E", "-P", file], check=True, capture_output=True, text=True).stdout
        for joined in JOINED.findall(text):
            words = "".join(part[1:-1] for part in re.findall(LITERAL, joined))
            if STATEMENT.match(words):
                found.setdefault(words, pathlib.Path(file).name)
    return found


def main():
    output, *rest = sys.argv[1:]
    at = rest.index("--")
    found = statements(rest[:at], rest[at + 1 :])
    if len(found) < LEAST:
        sys.exit(f"{len(found)} statements were found, which is too few")
    rows = "".join(f'    {{"{file}", "{text}"}},\n' for text, file in found.items())
    pathlib.Path(output).write_text(
        "static const struct statement {\n    const char *file;\n    const char *sql;\n} statements[] = {\n" + rows + "};\n"
    )


main()
