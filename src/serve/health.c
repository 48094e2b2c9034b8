/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.c - /healthz, /readyz and /api/v2/openapi.json (docs/commands.md §5). They need
 * no credential, so they tell no inner detail.
 */
#include "serve/health.h"

#include "serve/service.h"
#include "version.h"

static const Str words[] = {SI("ok"), SI("unavailable")};

static const Str store_words[] = {
    SI("ok"), SI("unavailable"), SI("read_only"), SI("file_gone"), SI("file_replaced")};

static const Str schema_words[] = {SI("ok"), SI("schema_too_old"), SI("schema_too_new")};

#define READY_FIELD(field, set, meaning)                                                 \
    {                                                                                    \
        .name = SI(field), .is_required = true, .choices = (set),                        \
        .n_choices = COUNT(set), .about = SI(meaning)                                    \
    }

static const struct api_field health_fields[] = {
    {.name = SI("status"),
     .is_required = true,
     .choices = words,
     .n_choices = 1,
     .about = SI("ok while the process lives.")},
};
const struct api_shape health_shape = {SI("Health"), health_fields, COUNT(health_fields)};

static const struct api_field ready_fields[] = {
    READY_FIELD("status", words, "Whether all of it is right."),
    READY_FIELD("store", store_words, "Whether the store answers, and can be written."),
    READY_FIELD("keys", words, "Whether this node has the key that seals."),
    READY_FIELD("schema", schema_words, "Whether this version works with the store's."),
    {.name = SI("version"),
     .is_required = true,
     .about = SI("Of this Caldock."),
     .example = SI("1.0.0")},
    {.name = SI("draining"),
     .type = VALUE_BOOL,
     .is_required = true,
     .about = SI("Whether this node is about to stop.")},
};
const struct api_shape ready_shape = {SI("Readiness"), ready_fields, COUNT(ready_fields)};

/* A caller who knows this node's id may ask whether this is that node. */
static void health_answer_node(struct call *c)
{
    Str node = c->work.settings->node;
    Str asked;
    Str id;

    (void)http_header(c->req, S(HEALTH_NODE_HEADER), &asked);
    while (str_next_word(&asked, S(" "), &id)) {
        if (str_eq(id, node)) {
            http_answer_header(c->answer, S(HEALTH_NODE_HEADER), node);
            return;
        }
    }
}

Res health_live_run(struct call *c)
{
    struct writer *w = writer_open(&c->cx->mem, c->format);

    writer_text(w, S("status"), S("ok"));
    TRY(call_answer(c, 200, w));
    health_answer_node(c);
    return OK;
}

static Str health_word(bool is_right)
{
    return words[is_right ? 0 : 1];
}

/* Who can't use the store knows nothing of its keys, and is told what is wrong first. */
static const struct state_words {
    Str store;
    Str schema;
} state_words[] = {
    [STORE_OK] = {SI("ok"), SI("ok")},
    [STORE_AWAY] = {SI("unavailable"), SI("ok")},
    [STORE_READ_ONLY] = {SI("read_only"), SI("ok")},
    [STORE_FILE_GONE] = {SI("file_gone"), SI("ok")},
    [STORE_FILE_REPLACED] = {SI("file_replaced"), SI("ok")},
    [STORE_TOO_OLD] = {SI("ok"), SI("schema_too_old")},
    [STORE_TOO_NEW] = {SI("ok"), SI("schema_too_new")},
};

Res health_ready_run(struct call *c)
{
    struct service *s = c->service;
    enum store_state store = readiness_store(&s->readiness);
    bool keys = store != STORE_OK || readiness_may_serve(&s->readiness);
    bool is_draining = atomic_load(&s->readiness.is_draining);
    bool is_ready = readiness_is_ready(&s->readiness) && !is_draining;
    struct writer *w = writer_open(&c->cx->mem, c->format);

    writer_text(w, S("status"), health_word(is_ready));
    writer_text(w, S("store"), state_words[store].store);
    writer_text(w, S("keys"), health_word(keys));
    writer_text(w, S("schema"), state_words[store].schema);
    writer_text(w, S("version"), S(CALDOCK_VERSION));
    writer_bool(w, S("draining"), is_draining);
    TRY(call_answer(c, is_ready ? 200 : 503, w));
    if (!is_ready) {
        http_answer_header(c->answer, S("Retry-After"), S("1")); /* as the keeper looks */
    }
    return OK;
}

Res health_openapi_run(struct call *c)
{
    *c->answer = (struct http_answer){
        .status = 200,
        .content_type = S("application/json"),
        .body = c->work.settings->openapi,
    };
    return OK;
}
