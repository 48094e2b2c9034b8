-- SPDX-License-Identifier: Apache-2.0
-- 0015 - what a node says of itself, for `caldock status`: '', 0 and -1 where it is of a release
-- before this one. ready: 1 it is, 2 it isn't. requests: in 1000 seconds; p99_us: at most so long,
-- negative: longer; sources: words as google=refused. The index counts accounts by status, and those that came to it lately.

alter table nodes add column version text collate "C" not null default '';
alter table nodes add column began_at bigint not null default 0;
alter table nodes add column ready bigint not null default 0;
alter table nodes add column requests bigint not null default -1;
alter table nodes add column p99_us bigint not null default 0;
alter table nodes add column sources text collate "C" not null default '';

create index accounts_by_status on accounts (source, status, status_since);

alter table nodes add constraint nodes_known check (
    began_at between 0 and 253402300799999
    and ready in (0, 1, 2)
) not valid;
