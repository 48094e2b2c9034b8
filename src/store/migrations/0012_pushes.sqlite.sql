-- SPDX-License-Identifier: Apache-2.0
-- 0012 - the application's events, and their copies in calendars.

-- push_due: the copies of a setting whose switches have changed are to be made, judged or removed; those
-- up to push_after are done.
alter table staff_calendar_settings add column push_due integer not null default 0;
alter table staff_calendar_settings add column push_after integer not null default 0;

-- Why the last read of a calendar failed, in a word; '': it didn't.
alter table calendar_sync add column failure text not null default '';

create index staff_calendar_settings_push_due on staff_calendar_settings (id) where push_due = 1;

-- sealed: what the application says of the event; digest: of that, keyed. Times are seconds. Keys of
-- copies are made of ids, so none is ever used again.
create table pushed_events (
    id integer primary key autoincrement,
    provider integer not null references providers on delete cascade,
    mode integer not null,
    user_id text not null,
    event_id text not null,
    rev integer not null,
    version integer not null,
    has_attendees integer not null,
    starts_at integer not null,
    ends_at integer not null,
    key_id integer not null,
    sealed blob not null,
    digest blob not null,
    created_at integer not null,
    updated_at integer not null
) strict;

create unique index pushed_events_unique on pushed_events (provider, mode, user_id, event_id);
create index pushed_events_by_owner on pushed_events (provider, mode, user_id, id);
create index pushed_events_by_end on pushed_events (ends_at, id);
create index pushed_events_future on pushed_events (provider, mode, user_id, ends_at);
create index pushed_events_by_key on pushed_events (key_id, id);

-- A copy may outlive its event, until it is out of the calendar. due_at is 9223372036854775807 while
-- nothing is to be done. start_at and end_at are as in the calendar: seconds, or days.
create table pushed_copies (
    id integer primary key autoincrement,
    event integer not null,
    settings integer not null references staff_calendar_settings on delete cascade,
    account integer not null,
    source integer not null,
    key blob not null,
    generation integer not null,
    external_id text not null,
    link text not null,
    want integer not null,
    status integer not null,
    reason integer not null,
    want_rev integer not null,
    have_rev integer not null,
    flags integer not null,
    due_at integer not null,
    since integer not null,
    attempts integer not null,
    written_at integer not null,
    start_at integer not null,
    end_at integer not null
) strict;

create unique index pushed_copies_unique on pushed_copies (event, settings);
create unique index pushed_copies_by_copy_key on pushed_copies (key);
create index pushed_copies_by_settings on pushed_copies (settings, id);
create index pushed_copies_due on pushed_copies (source, due_at, id);
create index pushed_copies_due_of_account on pushed_copies (account, due_at, id);

create trigger staff_calendar_settings_push_known_insert before insert on staff_calendar_settings
when not (
    new.push_due in (0, 1)
    and new.push_after >= 0
) begin
    select raise(abort, 'staff_calendar_settings: a value that is not known');
end;

create trigger staff_calendar_settings_push_known_update before update of push_due, push_after
on staff_calendar_settings
when not (
    new.push_due in (0, 1)
    and new.push_after >= 0
) begin
    select raise(abort, 'staff_calendar_settings: a value that is not known');
end;

create trigger pushed_events_known_insert before insert on pushed_events
when not (
    new.mode in (1, 2)
    and new.rev >= 1
    and new.version >= -1
    and new.has_attendees in (0, 1)
    and new.key_id between 0 and 4294967295
    and new.created_at between 0 and 253402300799999
    and new.updated_at between 0 and 253402300799999
) begin
    select raise(abort, 'pushed_events: a value that is not known');
end;

create trigger pushed_events_known_update before update of mode, rev, version, has_attendees, key_id, created_at, updated_at
on pushed_events
when not (
    new.mode in (1, 2)
    and new.rev >= 1
    and new.version >= -1
    and new.has_attendees in (0, 1)
    and new.key_id between 0 and 4294967295
    and new.created_at between 0 and 253402300799999
    and new.updated_at between 0 and 253402300799999
) begin
    select raise(abort, 'pushed_events: a value that is not known');
end;

create trigger pushed_copies_known_insert before insert on pushed_copies
when not (
    new.source in (1, 2)
    and new.generation >= 0
    and new.want in (1, 2, 3)
    and new.status between 1 and 6
    and new.reason between 0 and 6
    and new.want_rev >= 0
    and new.have_rev >= 0
    and new.flags between 0 and 127
    and new.since between 0 and 253402300799999
    and new.attempts between 0 and 2147483647
    and new.written_at between 0 and 253402300799999
) begin
    select raise(abort, 'pushed_copies: a value that is not known');
end;

create trigger pushed_copies_known_update before update of source, generation, want, status, reason, want_rev, have_rev, flags, since, attempts, written_at
on pushed_copies
when not (
    new.source in (1, 2)
    and new.generation >= 0
    and new.want in (1, 2, 3)
    and new.status between 1 and 6
    and new.reason between 0 and 6
    and new.want_rev >= 0
    and new.have_rev >= 0
    and new.flags between 0 and 127
    and new.since between 0 and 253402300799999
    and new.attempts between 0 and 2147483647
    and new.written_at between 0 and 253402300799999
) begin
    select raise(abort, 'pushed_copies: a value that is not known');
end;
