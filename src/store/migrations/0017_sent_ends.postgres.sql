-- SPDX-License-Identifier: Apache-2.0
-- 0017 - sent_end_at: the latest end, in seconds, that was asked for by updates of a copy whose answers are not
-- known; 0: none was. sent_after: its written_at then. A write that was answered since, also by a caldock of the
-- version before, which leaves both columns as they are, has another written_at: then sent_end_at says nothing.

alter table pushed_copies add column sent_end_at bigint not null default 0;
alter table pushed_copies add column sent_after bigint not null default 0;

alter table pushed_copies add constraint pushed_copies_sent_known check (
    sent_end_at between 0 and 253402300799
    and sent_after between 0 and 253402300799999
) not valid;
