-- SPDX-License-Identifier: Apache-2.0
-- 0009 - a provider that is going, since removed_at: for a service it is gone already, while
-- its accounts are disconnected one step after the other. The indexes are for steps: the
-- accounts of a provider by id, and leases that are over.

alter table providers add column removed_at bigint not null default 0;
create index accounts_by_provider on accounts (provider, id);
create index leases_by_until on leases (leased_until);

alter table providers drop constraint providers_known;
alter table providers add constraint providers_known check (
    created_at between 0 and 253402300799999
    and removed_at between 0 and 253402300799999
) not valid;
