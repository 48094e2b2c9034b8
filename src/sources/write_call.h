/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write_call.h - inside sources/ only: what is asked of a source about a copy, and what
 * it means when the source refuses. How the sources differ is a struct write_api each.
 *
 * An answer is an event as struct event_api has it, and headers are those of its
 * requests.
 */
#pragma once

#include "sources/source_request.h"
#include "sources/writes.h"

enum write_errand { WRITE_CREATE, WRITE_UPDATE, WRITE_LOOK, WRITE_FIND, WRITE_REMOVE };

/* One request about one copy. */
struct write_asked {
    enum write_errand errand;
    const struct write_place *place;
    const struct write_wish *wish; /* of WRITE_CREATE and WRITE_UPDATE */
};

struct write_api {
    /* Fills the parts of the path of a struct source_request, which are empty. */
    void (*path)(
        struct arena *mem, const struct write_asked *asked, Str ret[SOURCE_PATH_PARTS]);
    /* What WRITE_CREATE and WRITE_UPDATE say. */
    json_t *(*body)(struct arena *mem, const struct write_asked *asked);
    /* The id that a copy has from its key; NULL: the source chooses ids, and finds copies
     * by WRITE_FIND. */
    Str (*id_of_key)(struct arena *mem, Str key);
    struct source_errors errors; /* each with an enum write_failure */
};

extern const struct source_topic write_topic;

/* Reads an answer about a copy. */
Res write_read(
    struct cx *cx, const struct source_call *call, const json_t *item,
    struct written *ret) MUST;
/* A text of a body. NULL, so that it is left out: it is empty, and nothing is there yet
 * that it could empty. */
json_t *write_text(const struct write_asked *asked, Str text);
