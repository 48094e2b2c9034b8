-- SPDX-License-Identifier: Apache-2.0
-- 0004 - names that say what is there: tasks were revocations and nothing else, and a flow
-- is claimed by an owner, which is a piece of work and no node.

alter table tasks rename to revocations;
alter index tasks_pkey rename to revocations_pkey;
alter index tasks_by_next_at rename to revocations_by_next_at;
alter index tasks_by_subject rename to revocations_by_subject;
create index revocations_by_key on revocations (key_id);

alter table flows rename column node to owner;
