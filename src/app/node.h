/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - this process as one of the nodes that share a store (ADR 16).
 */
#pragma once

#include "app/traffic.h"
#include "serve/service.h"

/* What a node says of itself beside its keys. */
struct node_news {
    struct traffic_rate rate;
    bool takes_over; /* it listens: on SQLite, all other nodes are dead */
};

/* Reports the keys in force and how the node stands, and sets *sealing to the key that
 * this node has to seal with. FAIL_CONFIG: the node lacks that key. */
Res node_share(
    struct cx *cx, struct service *s, Str node, const struct node_news *news,
    uint32_t *sealing) MUST;
/* Signs the node off after its last request: other nodes need not count on it any more.
 */
void node_end(struct service *s, Str node);
