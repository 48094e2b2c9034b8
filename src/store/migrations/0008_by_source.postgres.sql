-- SPDX-License-Identifier: Apache-2.0
-- 0008 - what is due is worked on source by source: a grant names the source of its account;
-- 0 where a release before this one wrote it, until the next sweep. The check is away while
-- the column is filled, since a row that isn't known would be refused.

alter table grants drop constraint grants_known;
alter table grants add column source bigint not null default 0;

update grants set source = coalesce(
    (select accounts.source from accounts
        where accounts.id = grants.account and accounts.source in (1, 2)), 0);

alter table grants add constraint grants_known check (
    version >= 1
    and key_id between 0 and 4294967295
    and leased_until between 0 and 253402300799999
    and failures between 0 and 2147483647
    and retry_at between 0 and 253402300799999
    and refusals between 0 and 2147483647
    and source in (0, 1, 2)
) not valid;

drop index grants_by_due_at;
create index grants_by_source on grants (source, due_at, account);

-- Those that were never tried have a line of their own, from its end.
drop index revocations_by_next_at;
create index revocations_by_source on revocations (source, next_at, id);
create index revocations_untried on revocations (source, id) where attempts = 0;
