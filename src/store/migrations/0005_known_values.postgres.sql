-- SPDX-License-Identifier: Apache-2.0
-- 0005 - the values that this release knows, so that a slip is refused where it is made. A
-- release that knows more lets them in by a migration. Rows that are there already aren't
-- checked: reading finds them.

alter table providers add constraint providers_known check (
    created_at between 0 and 253402300799999
) not valid;
alter table tokens add constraint tokens_known check (
    modes between 0 and 3
    and created_at between 0 and 253402300799999
    and expires_at between 0 and 253402300799999
    and revoked_at between 0 and 253402300799999
) not valid;
alter table accounts add constraint accounts_known check (
    mode in (1, 2)
    and source in (1, 2)
    and status in (1, 2)
    and status_since between 0 and 253402300799999
    and connected_at between 0 and 253402300799999
) not valid;
alter table grants add constraint grants_known check (
    version >= 1
    and key_id between 0 and 4294967295
    and leased_until between 0 and 253402300799999
    and failures between 0 and 2147483647
    and retry_at between 0 and 253402300799999
) not valid;
alter table revocations add constraint revocations_known check (
    source in (1, 2)
    and key_id between 0 and 4294967295
    and attempts between 0 and 2147483647
    and next_at between 0 and 253402300799999
    and give_up_at between 0 and 253402300799999
) not valid;
alter table keys add constraint keys_known check (
    flows_until between 0 and 253402300799999
) not valid;
