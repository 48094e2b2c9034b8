/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ending.h - how a flow ends is written once: the account or the revocation of a grant
 * that is not kept, and the outcome, in one transaction.
 */
#pragma once

#include "grants/connect.h"
#include "store/flows.h"

struct ending {
    struct connect *connect;
    enum fail failed; /* between claim and end */
    enum fail kind;   /* how the flow ended just now */
    bool was_lost;    /* another has ended it, or will */
    struct flow_record record;
};

/* Lets an ended flow redirect only where its browser may still be sent; otherwise its
 * outcome becomes outcome_nowhere. Call it inside a transaction. */
Res ending_check_place(struct cx *cx, struct db *db, struct ending *e) MUST;
/* Tells the log and the metrics of a flow that this call has ended just now. */
void ending_tell(struct cx *cx, const struct ending *e);
/* Ends the claimed flow as `how` says, and tries until `deadline_ms` (clock_mono_ms). A
 * result that can't be written becomes a server error. Tells log and metrics. Returns the
 * failure, whose reason is the first one. */
Res ending_write(struct cx *cx, struct ending *e, Res how, int64_t deadline_ms) MUST;
