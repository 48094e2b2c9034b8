-- SPDX-License-Identifier: Apache-2.0
-- 0011 - where providers are told what happens, what they are told, and to whom it still has to go.

-- types: bits of enum webhook_type, 0 for all. `sealed` has the secret that signs, and behind it
-- the one before, which signs along until previous_until. failing_since: the first of the failed
-- attempts in a row, of which there are `failed`. Operators keep ids, so none is ever used again.
create table webhook_endpoints (
    id integer primary key autoincrement,
    provider integer not null references providers on delete cascade,
    url text not null,
    description text not null,
    types integer not null,
    version integer not null,
    key_id integer not null,
    sealed blob not null,
    previous_until integer not null default 0,
    state integer not null,
    reason integer not null default 0,
    created_at integer not null,
    failing_since integer not null default 0,
    failed integer not null default 0,
    succeeded_at integer not null default 0
) strict;

create index webhook_endpoints_by_provider on webhook_endpoints (provider, id);
create index webhook_endpoints_by_key on webhook_endpoints (key_id, id);

-- subject: what messages are joined by, with a range that is widened, before not_before; else ''.
create table webhook_messages (
    id text primary key,
    provider integer not null references providers on delete cascade,
    subject text not null,
    type text not null,
    body text not null,
    not_before integer not null,
    happens_after integer not null default 0,
    happens_before integer not null default 0,
    created_at integer not null
) strict;

create index webhook_messages_by_age on webhook_messages (created_at, id);
create index webhook_messages_by_subject on webhook_messages (provider, subject, not_before);

-- An owner is at an attempt until `until`, which is also its due_at then. The last attempt, if there was
-- one: when, how long it took, and the status of its answer or the name of its failure.
create table webhook_deliveries (
    message text not null references webhook_messages on delete cascade,
    endpoint integer not null references webhook_endpoints on delete cascade,
    made_at integer not null,
    state integer not null,
    attempts integer not null default 0,
    due_at integer not null,
    owner text not null default '',
    until integer not null default 0,
    last_at integer not null default 0,
    last_ms integer not null default 0,
    last_status integer not null default 0,
    last_failure text not null default '',
    primary key (message, endpoint)
) strict;

create index webhook_deliveries_due on webhook_deliveries (due_at) where state = 1;
create index webhook_deliveries_waiting on webhook_deliveries (endpoint, due_at, message) where state = 1;
create index webhook_deliveries_under_way on webhook_deliveries (endpoint, until) where owner <> '';
create index webhook_deliveries_by_age on webhook_deliveries (endpoint, made_at, message);

create trigger webhook_endpoints_known_insert before insert on webhook_endpoints
when not (
    new.types between 0 and 4294967295
    and new.version >= 1
    and new.key_id between 0 and 4294967295
    and new.previous_until between 0 and 253402300799999
    and new.state in (1, 2)
    and new.reason between 0 and 3
    and new.created_at between 0 and 253402300799999
    and new.failing_since between 0 and 253402300799999
    and new.failed between 0 and 2147483647
    and new.succeeded_at between 0 and 253402300799999
) begin
    select raise(abort, 'webhook_endpoints: a value that is not known');
end;

create trigger webhook_endpoints_known_update before update of types, version, key_id, previous_until, state, reason, created_at, failing_since, failed, succeeded_at
on webhook_endpoints
when not (
    new.types between 0 and 4294967295
    and new.version >= 1
    and new.key_id between 0 and 4294967295
    and new.previous_until between 0 and 253402300799999
    and new.state in (1, 2)
    and new.reason between 0 and 3
    and new.created_at between 0 and 253402300799999
    and new.failing_since between 0 and 253402300799999
    and new.failed between 0 and 2147483647
    and new.succeeded_at between 0 and 253402300799999
) begin
    select raise(abort, 'webhook_endpoints: a value that is not known');
end;

create trigger webhook_messages_known_insert before insert on webhook_messages
when not (
    new.not_before between 0 and 253402300799999
    and new.created_at between 0 and 253402300799999
) begin
    select raise(abort, 'webhook_messages: a value that is not known');
end;

create trigger webhook_messages_known_update before update of not_before, created_at
on webhook_messages
when not (
    new.not_before between 0 and 253402300799999
    and new.created_at between 0 and 253402300799999
) begin
    select raise(abort, 'webhook_messages: a value that is not known');
end;

create trigger webhook_deliveries_known_insert before insert on webhook_deliveries
when not (
    new.made_at between 0 and 253402300799999
    and new.state in (1, 2, 3)
    and new.attempts between 0 and 2147483647
    and new.until between 0 and 253402300799999
    and new.last_at between 0 and 253402300799999
    and new.last_ms between 0 and 2147483647
    and new.last_status between 0 and 999
) begin
    select raise(abort, 'webhook_deliveries: a value that is not known');
end;

create trigger webhook_deliveries_known_update before update of made_at, state, attempts, until, last_at, last_ms, last_status
on webhook_deliveries
when not (
    new.made_at between 0 and 253402300799999
    and new.state in (1, 2, 3)
    and new.attempts between 0 and 2147483647
    and new.until between 0 and 253402300799999
    and new.last_at between 0 and 253402300799999
    and new.last_ms between 0 and 2147483647
    and new.last_status between 0 and 999
) begin
    select raise(abort, 'webhook_deliveries: a value that is not known');
end;
