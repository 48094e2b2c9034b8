-- SPDX-License-Identifier: Apache-2.0
-- 0010 - staff calendar settings, the state of each one's sync, the image of its busy times,
-- what is under way for an account; and a secret of the whole installation.

-- The instance secret is a setting of its own, sealed.
alter table settings add column key_id integer not null default 0;
alter table settings add column sealed blob;

-- switches: bits of enum calendar_switch. A deleted one stays until its channel is ended.
-- Applications keep ids, so none is ever used again.
create table staff_calendar_settings (
    id integer primary key autoincrement,
    account integer not null references accounts on delete cascade,
    calendar_id text not null,
    switches integer not null,
    reminder_minutes integer not null,
    time_zone text not null,
    created_at integer not null,
    deleted_at integer not null default 0,
    keep_events integer not null default 0
) strict;

create unique index staff_calendar_settings_unique on staff_calendar_settings (account, calendar_id)
    where deleted_at = 0;
create index staff_calendar_settings_by_account on staff_calendar_settings (account, id);

-- A setting and its row here are made and removed together. `account` and `source` are the
-- setting's and its account's, so that due work is found in one index, source by source.
-- due_at is 9223372036854775807 while nothing is to be done.
create table calendar_sync (
    settings integer primary key references staff_calendar_settings on delete cascade,
    account integer not null,
    source integer not null,
    state integer not null,
    inactive_reason integer not null default 0,
    window_from integer not null default 0,
    window_to integer not null default 0,
    full_due_at integer not null default 0,
    due_at integer not null,
    noticed_at integer not null default 0,
    read_at integer not null default 0,
    synced_at integer not null default 0,
    failures integer not null default 0,
    recent integer not null default 0,
    key_id integer not null default 0,
    cursor blob,
    image_version integer not null default 0,
    image_digest blob,
    events integer not null default 0,
    top integer not null default 0,
    channel_no integer not null default 0,
    channel_id text not null default '',
    resource_id text not null default '',
    channel_until integer not null default 0,
    channel_due_at integer not null default 9223372036854775807,
    channel_failures integer not null default 0,
    channel_made_at integer not null default 0,
    channel_heard_at integer not null default 0
) strict;

create index calendar_sync_due on calendar_sync (source, due_at, settings);
create index calendar_sync_channel_due on calendar_sync (source, channel_due_at, settings);
create index calendar_sync_with_channel on calendar_sync (source, settings) where channel_id <> '';
create index calendar_sync_by_account on calendar_sync (account, settings);
create index calendar_sync_by_key on calendar_sync (key_id, settings) where cursor is not null;

create table calendar_images (
    settings integer primary key references staff_calendar_settings on delete cascade,
    version integer not null,
    key_id integer not null,
    sealed blob not null
) strict;

create index calendar_images_by_key on calendar_images (key_id, settings);

-- hold_until: the source asked to leave the account alone until then. An owner reads the
-- calendars of an account until read_until; the same for writing.
create table account_work (
    account integer primary key references accounts on delete cascade,
    hold_until integer not null default 0,
    hold_step integer not null default 0,
    read_owner text not null default '',
    read_until integer not null default 0,
    write_owner text not null default '',
    write_until integer not null default 0
) strict;

create trigger staff_calendar_settings_known_insert before insert on staff_calendar_settings
when not (
    new.switches between 0 and 31
    and new.reminder_minutes between 0 and 4294967295
    and new.created_at between 0 and 253402300799999
    and new.deleted_at between 0 and 253402300799999
    and new.keep_events in (0, 1)
) begin
    select raise(abort, 'staff_calendar_settings: a value that is not known');
end;

create trigger staff_calendar_settings_known_update before update of switches, reminder_minutes, created_at, deleted_at, keep_events
on staff_calendar_settings
when not (
    new.switches between 0 and 31
    and new.reminder_minutes between 0 and 4294967295
    and new.created_at between 0 and 253402300799999
    and new.deleted_at between 0 and 253402300799999
    and new.keep_events in (0, 1)
) begin
    select raise(abort, 'staff_calendar_settings: a value that is not known');
end;

create trigger calendar_sync_known_insert before insert on calendar_sync
when not (
    new.source in (1, 2)
    and new.state in (1, 2, 3, 4)
    and new.inactive_reason between 0 and 5
    and new.noticed_at between 0 and 253402300799999
    and new.read_at between 0 and 253402300799999
    and new.synced_at between 0 and 253402300799999
    and new.failures between 0 and 2147483647
    and new.key_id between 0 and 4294967295
    and new.image_version >= 0
    and new.channel_no between 0 and 4294967295
) begin
    select raise(abort, 'calendar_sync: a value that is not known');
end;

create trigger calendar_sync_known_update before update of source, state, inactive_reason, noticed_at, read_at, synced_at, failures, key_id, image_version, channel_no
on calendar_sync
when not (
    new.source in (1, 2)
    and new.state in (1, 2, 3, 4)
    and new.inactive_reason between 0 and 5
    and new.noticed_at between 0 and 253402300799999
    and new.read_at between 0 and 253402300799999
    and new.synced_at between 0 and 253402300799999
    and new.failures between 0 and 2147483647
    and new.key_id between 0 and 4294967295
    and new.image_version >= 0
    and new.channel_no between 0 and 4294967295
) begin
    select raise(abort, 'calendar_sync: a value that is not known');
end;

create trigger calendar_images_known_insert before insert on calendar_images
when not (
    new.version >= 1
    and new.key_id between 0 and 4294967295
) begin
    select raise(abort, 'calendar_images: a value that is not known');
end;

create trigger calendar_images_known_update before update of version, key_id
on calendar_images
when not (
    new.version >= 1
    and new.key_id between 0 and 4294967295
) begin
    select raise(abort, 'calendar_images: a value that is not known');
end;

create trigger account_work_known_insert before insert on account_work
when not (
    new.hold_until between 0 and 253402300799999
    and new.hold_step between 0 and 2147483647
    and new.read_until between 0 and 253402300799999
    and new.write_until between 0 and 253402300799999
) begin
    select raise(abort, 'account_work: a value that is not known');
end;

create trigger account_work_known_update before update of hold_until, hold_step, read_until, write_until
on account_work
when not (
    new.hold_until between 0 and 253402300799999
    and new.hold_step between 0 and 2147483647
    and new.read_until between 0 and 253402300799999
    and new.write_until between 0 and 253402300799999
) begin
    select raise(abort, 'account_work: a value that is not known');
end;
