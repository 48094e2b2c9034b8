-- SPDX-License-Identifier: Apache-2.0
-- 0017 - sent_end_at: the latest end, in seconds, that was asked for by updates of a copy whose answers are not
-- known; 0: none was. sent_after: its written_at then. A write that was answered since, also by a caldock of the
-- version before, which leaves both columns as they are, has another written_at: then sent_end_at says nothing.

alter table pushed_copies add column sent_end_at integer not null default 0;
alter table pushed_copies add column sent_after integer not null default 0;

create trigger pushed_copies_sent_known_insert before insert on pushed_copies
when not (
    new.sent_end_at between 0 and 253402300799
    and new.sent_after between 0 and 253402300799999
) begin
    select raise(abort, 'pushed_copies: a value that is not known');
end;

create trigger pushed_copies_sent_known_update before update of sent_end_at, sent_after on pushed_copies
when not (
    new.sent_end_at between 0 and 253402300799
    and new.sent_after between 0 and 253402300799999
) begin
    select raise(abort, 'pushed_copies: a value that is not known');
end;
