-- SPDX-License-Identifier: Apache-2.0
-- 0016 - calendar_sync.begun_at: when the read that is under way has begun; 0: none is, or a caldock of the
-- version before reads. pushed_events.generations: the newest key that any copy of the event had, also in a
-- calendar whose account is gone.

alter table calendar_sync add column begun_at integer not null default 0;
alter table pushed_events add column generations integer not null default 0;

update pushed_events set generations =
    (select max(generation) from pushed_copies where pushed_copies.event = pushed_events.id)
where id in (select event from pushed_copies where generation > 0);

create trigger calendar_sync_begun_known_update before update of begun_at on calendar_sync
when not (new.begun_at between 0 and 253402300799999) begin
    select raise(abort, 'calendar_sync: a value that is not known');
end;

create trigger calendar_sync_begun_known_insert before insert on calendar_sync
when not (new.begun_at between 0 and 253402300799999) begin
    select raise(abort, 'calendar_sync: a value that is not known');
end;

create trigger pushed_events_generations_known_update before update of generations on pushed_events
when not (new.generations >= 0) begin
    select raise(abort, 'pushed_events: a value that is not known');
end;

create trigger pushed_events_generations_known_insert before insert on pushed_events
when not (new.generations >= 0) begin
    select raise(abort, 'pushed_events: a value that is not known');
end;
