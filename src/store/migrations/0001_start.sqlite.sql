-- SPDX-License-Identifier: Apache-2.0
-- 0001 - the tables to start with. Times are milliseconds since 1970. What a column of
-- text doesn't have is '', and a time that hasn't come is 0, unless null is said.

create table schema_version (
    version integer primary key,
    applied_at integer not null
) strict;

create table providers (
    id integer primary key,
    name text not null,
    created_at integer not null
) strict;

create table provider_features (
    provider integer not null references providers on delete cascade,
    name text not null,
    is_on integer not null,
    primary key (provider, name)
) strict, without rowid;

create table redirect_patterns (
    provider integer not null references providers on delete cascade,
    pattern text not null,
    primary key (provider, pattern)
) strict, without rowid;

-- The token itself is nowhere. Flows name tokens, so ids are never used again.
create table tokens (
    id integer primary key autoincrement,
    hash blob not null unique,
    name text not null,
    user_id text not null,
    modes integer not null,
    created_at integer not null,
    expires_at integer not null,
    revoked_at integer not null default 0
) strict;

create table token_providers (
    token integer not null references tokens on delete cascade,
    provider integer not null references providers on delete cascade,
    primary key (token, provider)
) strict, without rowid;

create index token_providers_by_provider on token_providers (provider);

-- A flow that isn't here is open. outcome null: claimed by node, until claimed_until.
create table flows (
    id blob primary key,
    node text not null,
    claimed_until integer not null,
    outcome text,
    account integer not null default 0,
    made_at integer not null
) strict, without rowid;

create index flows_by_made_at on flows (made_at);

-- user_id '': the business itself. Applications keep ids, so none is ever used again.
create table accounts (
    id integer primary key autoincrement,
    provider integer not null references providers,
    mode integer not null,
    user_id text not null,
    source integer not null,
    subject text not null,
    username text not null,
    status integer not null,
    status_reason text not null,
    status_since integer not null,
    connected_at integer not null,
    unique (provider, source, subject)
) strict;

create index accounts_by_mode on accounts (provider, mode, id);
create index accounts_by_user on accounts (provider, mode, user_id, id);
create index accounts_by_subject on accounts (source, subject);

create table grants (
    account integer primary key references accounts on delete cascade,
    version integer not null,
    key_id integer not null,
    sealed blob not null
) strict;

create index grants_by_key on grants (key_id);

-- Revocations that are due; owner holds one until leased_until.
create table tasks (
    id integer primary key autoincrement,
    source integer not null,
    subject text not null,
    key_id integer not null,
    sealed blob not null,
    attempts integer not null default 0,
    next_at integer not null,
    give_up_at integer not null,
    owner text not null default '',
    leased_until integer not null default 0
) strict;

create index tasks_by_next_at on tasks (next_at, id);
create index tasks_by_subject on tasks (source, subject);

create table leases (
    name text primary key,
    owner text not null,
    leased_until integer not null
) strict, without rowid;

create table settings (
    name text primary key,
    value text not null
) strict, without rowid;
