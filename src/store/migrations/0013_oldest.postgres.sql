-- SPDX-License-Identifier: Apache-2.0
-- 0013 - the steps of the schema from here on, each with the oldest caldock that works behind it.

-- oldest: the number of the newest step that such a caldock knows. Those that know none behind 12 look at
-- schema_version alone, and refuse what they don't know: a step gets a row there, too, where they no longer
-- work behind it.
create table schema_steps (
    version bigint primary key,
    applied_at bigint not null,
    oldest bigint not null
);
