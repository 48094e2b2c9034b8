# SPDX-License-Identifier: Apache-2.0
"""Fills a migrated SQLite store: seed.py STORE TOKENS PROVIDERS, in one transaction.

Token i (from 0) is "cdk_" and i in 43 digits; it is for provider i % PROVIDERS + 1. load.lua knows that too.
"""
import hashlib
import sqlite3
import sys

PATTERN = "https://app.example/calendar/*"
PROVIDER_MODE = 2
NOW_MS = 1_700_000_000_000

path, tokens, providers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def digest(number):
    return hashlib.sha256(b"cdk_%043d" % number).digest()


store = sqlite3.connect(path)
store.execute("pragma cache_size = -262144")
rows = {
    "providers (id, name, created_at)": ((p, f"Provider {p}", NOW_MS) for p in range(1, providers + 1)),
    "provider_features (provider, name, is_on)": ((p, "external_calendars", 1) for p in range(1, providers + 1)),
    "redirect_patterns (provider, pattern)": ((p, PATTERN) for p in range(1, providers + 1)),
    "tokens (id, hash, name, user_id, modes, created_at, expires_at)": (
        (i + 1, digest(i), "", "", PROVIDER_MODE, NOW_MS, 0) for i in range(tokens)
    ),
    "token_providers (token, provider)": ((i + 1, i % providers + 1) for i in range(tokens)),
}
with store:
    for table, values in rows.items():
        marks = ", ".join("?" * (table.count(",") + 1))
        store.executemany(f"insert into {table} values ({marks})", values)
store.execute("analyze")
store.commit()
store.execute("pragma wal_checkpoint(truncate)")
