-- SPDX-License-Identifier: Apache-2.0
-- 0009 - a provider that is going, since removed_at: for a service it is gone already, while
-- its accounts are disconnected one step after the other. The indexes are for steps: the
-- accounts of a provider by id, and leases that are over.

alter table providers add column removed_at integer not null default 0;
create index accounts_by_provider on accounts (provider, id);
create index leases_by_until on leases (leased_until);

drop trigger providers_known_insert;
drop trigger providers_known_update;

create trigger providers_known_insert before insert on providers
when not (
    new.created_at between 0 and 253402300799999
    and new.removed_at between 0 and 253402300799999
) begin
    select raise(abort, 'providers: a value that is not known');
end;

create trigger providers_known_update before update of created_at, removed_at on providers
when not (
    new.created_at between 0 and 253402300799999
    and new.removed_at between 0 and 253402300799999
) begin
    select raise(abort, 'providers: a value that is not known');
end;
