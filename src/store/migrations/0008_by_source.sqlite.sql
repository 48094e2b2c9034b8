-- SPDX-License-Identifier: Apache-2.0
-- 0008 - what is due is worked on source by source: a grant names the source of its account;
-- 0 where a release before this one wrote it, until the next sweep.

alter table grants add column source integer not null default 0;

update grants set source = coalesce(
    (select accounts.source from accounts
        where accounts.id = grants.account and accounts.source in (1, 2)), 0);

drop index grants_by_due_at;
create index grants_by_source on grants (source, due_at, account);

create trigger grants_source_known_insert before insert on grants
when not (
    new.source in (0, 1, 2)
) begin
    select raise(abort, 'grants: a value that is not known');
end;

create trigger grants_source_known_update before update of source on grants
when not (
    new.source in (0, 1, 2)
) begin
    select raise(abort, 'grants: a value that is not known');
end;

-- Those that were never tried have a line of their own, from its end.
drop index revocations_by_next_at;
create index revocations_by_source on revocations (source, next_at, id);
create index revocations_untried on revocations (source, id) where attempts = 0;
