-- SPDX-License-Identifier: Apache-2.0
-- 0002 - the upkeep of grants. leased_by refreshes one until leased_until; after `failures`
-- in a row nobody tries before retry_at; at due_at it is refreshed so that it doesn't die of
-- disuse: at once where nobody knows when it was used last.

alter table grants add column leased_by text not null default '';
alter table grants add column leased_until bigint not null default 0;
alter table grants add column failures bigint not null default 0;
alter table grants add column retry_at bigint not null default 0;
alter table grants add column due_at bigint not null default 0;

create index grants_by_due_at on grants (due_at, account);
