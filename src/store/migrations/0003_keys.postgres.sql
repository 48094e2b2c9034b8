-- SPDX-License-Identifier: Apache-2.0
-- 0003 - nodes: who serves, and says so every few seconds; `keys` are the ids that it has
-- loaded, with a space behind each, `sealing` is the one that it seals with. keys: a flow
-- that one sealed may be open until flows_until. The setting sealing_key says which seals.

create table nodes (
    id text collate "C" primary key,
    host text collate "C" not null,
    keys text collate "C" not null,
    sealing bigint not null,
    seen_at bigint not null
);

create table keys (
    id bigint primary key,
    flows_until bigint not null default 0,
    dropped_at bigint not null default 0
);
