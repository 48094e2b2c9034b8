/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease_sql.h - inside store/ only: when a lease is over before its time.
 *
 * An owner is "NODE/…" (work_owner). A node that has not reported for LIMIT_NODE_LIVE_MS
 * is dead, and so are its leases: nobody waits for them to run out.
 */
#pragma once

/* `owner` is a column, `since` a place for now - LIMIT_NODE_LIVE_MS. Owners of another
 * form (commands, tests) are never dead. */
#define LEASE_IS_ORPHANED(owner, since)                                                  \
    "(substr(" owner ", 13, 1) = '/' and not exists (select 1 from nodes"                \
    " where nodes.id = substr(" owner ", 1, 12) and nodes.seen_at > " since "))"
