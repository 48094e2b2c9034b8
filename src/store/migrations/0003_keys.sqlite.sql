-- SPDX-License-Identifier: Apache-2.0
-- 0003 - nodes: who serves, and says so every few seconds; `keys` are the ids that it has
-- loaded, with a space behind each, `sealing` is the one that it seals with. keys: a flow
-- that one sealed may be open until flows_until. The setting sealing_key says which seals.

create table nodes (
    id text primary key,
    host text not null,
    keys text not null,
    sealing integer not null,
    seen_at integer not null
) strict, without rowid;

create table keys (
    id integer primary key,
    flows_until integer not null default 0,
    dropped_at integer not null default 0
) strict;
