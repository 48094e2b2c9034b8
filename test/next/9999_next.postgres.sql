-- SPDX-License-Identifier: Apache-2.0
-- A step of the release to come, as such steps are: it adds.
alter table accounts add column next bigint not null default 0;
create index accounts_next on accounts (id) where next = 1;
create table next (id bigint primary key);
