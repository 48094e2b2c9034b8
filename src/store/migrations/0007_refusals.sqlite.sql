-- SPDX-License-Identifier: Apache-2.0
-- 0007 - a grant that its source refused is tried again, at due_at; `refusals` counts the
-- refusals in a row.

alter table grants add column refusals integer not null default 0;

drop trigger grants_known_insert;
drop trigger grants_known_update;

create trigger grants_known_insert before insert on grants
when not (
    new.version >= 1
    and new.key_id between 0 and 4294967295
    and new.leased_until between 0 and 253402300799999
    and new.failures between 0 and 2147483647
    and new.retry_at between 0 and 253402300799999
    and new.refusals between 0 and 2147483647
) begin
    select raise(abort, 'grants: a value that is not known');
end;

create trigger grants_known_update
before update of version, key_id, leased_until, failures, retry_at, refusals on grants
when not (
    new.version >= 1
    and new.key_id between 0 and 4294967295
    and new.leased_until between 0 and 253402300799999
    and new.failures between 0 and 2147483647
    and new.retry_at between 0 and 253402300799999
    and new.refusals between 0 and 2147483647
) begin
    select raise(abort, 'grants: a value that is not known');
end;
