-- SPDX-License-Identifier: Apache-2.0
-- 0005 - the values that this release knows, so that a slip is refused where it is made. A
-- release that knows more lets them in by a migration. Rows that are there already aren't
-- checked: reading finds them.
--
-- SQLite can't add a check to a table, so a trigger is one: it refuses, and does nothing
-- else.

create trigger providers_known_insert before insert on providers
when not (
    new.created_at between 0 and 253402300799999
) begin
    select raise(abort, 'providers: a value that is not known');
end;

create trigger providers_known_update before update of created_at on providers
when not (
    new.created_at between 0 and 253402300799999
) begin
    select raise(abort, 'providers: a value that is not known');
end;

create trigger tokens_known_insert before insert on tokens
when not (
    new.modes between 0 and 3
    and new.created_at between 0 and 253402300799999
    and new.expires_at between 0 and 253402300799999
    and new.revoked_at between 0 and 253402300799999
) begin
    select raise(abort, 'tokens: a value that is not known');
end;

create trigger tokens_known_update before update of modes, created_at, expires_at, revoked_at on tokens
when not (
    new.modes between 0 and 3
    and new.created_at between 0 and 253402300799999
    and new.expires_at between 0 and 253402300799999
    and new.revoked_at between 0 and 253402300799999
) begin
    select raise(abort, 'tokens: a value that is not known');
end;

create trigger accounts_known_insert before insert on accounts
when not (
    new.mode in (1, 2)
    and new.source in (1, 2)
    and new.status in (1, 2)
    and new.status_since between 0 and 253402300799999
    and new.connected_at between 0 and 253402300799999
) begin
    select raise(abort, 'accounts: a value that is not known');
end;

create trigger accounts_known_update before update of mode, source, status, status_since, connected_at on accounts
when not (
    new.mode in (1, 2)
    and new.source in (1, 2)
    and new.status in (1, 2)
    and new.status_since between 0 and 253402300799999
    and new.connected_at between 0 and 253402300799999
) begin
    select raise(abort, 'accounts: a value that is not known');
end;

create trigger grants_known_insert before insert on grants
when not (
    new.version >= 1
    and new.key_id between 0 and 4294967295
    and new.leased_until between 0 and 253402300799999
    and new.failures between 0 and 2147483647
    and new.retry_at between 0 and 253402300799999
) begin
    select raise(abort, 'grants: a value that is not known');
end;

create trigger grants_known_update before update of version, key_id, leased_until, failures, retry_at on grants
when not (
    new.version >= 1
    and new.key_id between 0 and 4294967295
    and new.leased_until between 0 and 253402300799999
    and new.failures between 0 and 2147483647
    and new.retry_at between 0 and 253402300799999
) begin
    select raise(abort, 'grants: a value that is not known');
end;

create trigger revocations_known_insert before insert on revocations
when not (
    new.source in (1, 2)
    and new.key_id between 0 and 4294967295
    and new.attempts between 0 and 2147483647
    and new.next_at between 0 and 253402300799999
    and new.give_up_at between 0 and 253402300799999
) begin
    select raise(abort, 'revocations: a value that is not known');
end;

create trigger revocations_known_update before update of source, key_id, attempts, next_at, give_up_at on revocations
when not (
    new.source in (1, 2)
    and new.key_id between 0 and 4294967295
    and new.attempts between 0 and 2147483647
    and new.next_at between 0 and 253402300799999
    and new.give_up_at between 0 and 253402300799999
) begin
    select raise(abort, 'revocations: a value that is not known');
end;

create trigger keys_known_insert before insert on keys
when not (
    new.flows_until between 0 and 253402300799999
) begin
    select raise(abort, 'keys: a value that is not known');
end;

create trigger keys_known_update before update of flows_until on keys
when not (
    new.flows_until between 0 and 253402300799999
) begin
    select raise(abort, 'keys: a value that is not known');
end;
