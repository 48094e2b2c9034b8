-- SPDX-License-Identifier: Apache-2.0
-- 0016 - calendar_sync.begun_at: when the read that is under way has begun; 0: none is, or a caldock of the
-- version before reads. pushed_events.generations: the newest key that any copy of the event had, also in a
-- calendar whose account is gone.

alter table calendar_sync add column begun_at bigint not null default 0;
alter table pushed_events add column generations bigint not null default 0;

update pushed_events set generations =
    (select max(generation) from pushed_copies where pushed_copies.event = pushed_events.id)
where id in (select event from pushed_copies where generation > 0);

alter table calendar_sync add constraint calendar_sync_begun_known check (
    begun_at between 0 and 253402300799999
) not valid;

alter table pushed_events add constraint pushed_events_generations_known check (
    generations >= 0
) not valid;
