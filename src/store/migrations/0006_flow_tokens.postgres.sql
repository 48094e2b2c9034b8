-- SPDX-License-Identifier: Apache-2.0
-- 0006 - the sealed tokens of a flow between the exchange and the account, so that no grant
-- is alive at a source without a record here.

alter table flows add column sealed bytea;
alter table flows add column key_id bigint not null default 0;
create index flows_with_tokens on flows (claimed_until) where sealed is not null;
