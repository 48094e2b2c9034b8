# SPDX-License-Identifier: Apache-2.0
"""The product's C files as text, for check-names and check-dead: where functions and structs are
defined, and which code names which function. It knows the style rather than the language: a
definition begins in column 0, and its body ends with a brace there, as clang-format has it.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
# The paths in src/ of what only tests need; so is a header that nothing else includes.
OF_TESTS = re.compile(r"(^|/)(test|fuzz)[a-z_]*(\.|$)")

COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
# A definition: (what stands before the name)(name)(parameters)(body).
DEFINITION = re.compile(
    r"^(?!#|typedef|struct \w+ *\{|enum |\}|TEST)([a-zA-Z_][^;{}=()\n]*?[ *])([a-z_]\w*)"
    r"\(([^;{}]*)\)[^;{}=()]*\n\{\n(.*?)^\}", re.S | re.M)
PROTOTYPE = re.compile(r"^[a-zA-Z_][^;{}=()\n#]*?[ *][a-z_]\w*\([^;{}]*\)[^;{}=]*;", re.S | re.M)
NAME = re.compile(r"\b[a-z_]\w+\b")
INCLUDE = re.compile(r'^#include "(.+)"', re.M)
STRUCT = re.compile(r"^(?:static )?(?:const )?struct (\w+) \{", re.M)


class Function:
    """`names`: every name in its body."""

    def __init__(self, module, path, match, text):
        self.module, self.path, self.name = module, path, match[2]
        self.is_static = "static" in match[1].split()
        self.line = text.count("\n", 0, match.start()) + 1
        self.lines = match[0].count("\n") + 1
        self.names = set(NAME.findall(match[4]))

    def __str__(self):
        return f"{self.path}:{self.line}: {self.name}"


def without_comments(text):
    """The code alone, on the same lines."""
    return COMMENT_OR_TEXT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)


class Product:
    """modules: {module: its kinds, of "c" and "h"}; codes: {module: its code}; outside: every name that
    stands outside functions, in tables and macros for the most; structs: [(name, path)].
    """

    def __init__(self):
        self.functions, self.structs, self.codes, self.modules = [], [], {}, {}
        self.outside = set()
        texts = {path.relative_to(SOURCE).as_posix(): path.read_text() for path in sorted(SOURCE.rglob("*.[ch]"))}
        product = {name for name in texts if not OF_TESTS.search(name)}
        included = {header for name in product for header in INCLUDE.findall(texts[name])}
        for name in sorted(product):
            if name.endswith(".c") or name in included or name[:-1] + "c" in texts:
                self.read(name, without_comments(texts[name]))
        if len(self.functions) < 500:
            sys.exit(f"only {len(self.functions)} functions were found: the style has changed")

    def read(self, name, text):
        module, kind = name.rsplit(".", 1)
        self.modules.setdefault(module, set()).add(kind)
        found = list(DEFINITION.finditer(text))
        self.functions += [Function(module, name, m, text) for m in found]
        # A header's prototypes may be those of other modules; what it needs is in its bodies.
        code = text if kind == "c" else "".join(m[4] for m in found)
        self.codes[module] = self.codes.get(module, "") + code
        self.outside |= set(NAME.findall(PROTOTYPE.sub("", DEFINITION.sub("", text))))
        self.structs += [(m[1], name) for m in STRUCT.finditer(text)]
