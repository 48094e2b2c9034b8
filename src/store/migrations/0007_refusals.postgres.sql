-- SPDX-License-Identifier: Apache-2.0
-- 0007 - a grant that its source refused is tried again, at due_at; `refusals` counts the
-- refusals in a row.

alter table grants add column refusals bigint not null default 0;

alter table grants drop constraint grants_known;
alter table grants add constraint grants_known check (
    version >= 1
    and key_id between 0 and 4294967295
    and leased_until between 0 and 253402300799999
    and failures between 0 and 2147483647
    and retry_at between 0 and 253402300799999
    and refusals between 0 and 2147483647
) not valid;
