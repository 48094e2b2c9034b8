-- SPDX-License-Identifier: Apache-2.0
-- 0015 - what a node says of itself, for `caldock status`: '', 0 and -1 where it is of a release
-- before this one. ready: 1 it is, 2 it isn't. requests: in 1000 seconds; p99_us: at most so long,
-- negative: longer; sources: words as google=refused. The index counts accounts by status, and those that came to it lately.

alter table nodes add column version text not null default '';
alter table nodes add column began_at integer not null default 0;
alter table nodes add column ready integer not null default 0;
alter table nodes add column requests integer not null default -1;
alter table nodes add column p99_us integer not null default 0;
alter table nodes add column sources text not null default '';

create index accounts_by_status on accounts (source, status, status_since);

create trigger nodes_known_insert before insert on nodes
when not (
    new.began_at between 0 and 253402300799999
    and new.ready in (0, 1, 2)
) begin
    select raise(abort, 'nodes: a value that is not known');
end;

create trigger nodes_known_update before update of began_at, ready on nodes
when not (
    new.began_at between 0 and 253402300799999
    and new.ready in (0, 1, 2)
) begin
    select raise(abort, 'nodes: a value that is not known');
end;
