/* SPDX-License-Identifier: Apache-2.0 */
/*
 * documents.c - /healthz, /readyz and /api/v2/openapi.json (operations: Signals and
 * health). Inner detail stays in the log: these need no credential.
 */
#include "app/documents.h"

#include "app/service.h"

static const struct api_field health_fields[] = {
    {.name = SI("status"),
     .type = VALUE_TEXT,
     .is_required = true,
     .about = SI("ok while the process lives")},
};
const struct api_shape health_shape = {SI("Health"), health_fields, COUNT(health_fields)};

static const struct api_field ready_fields[] = {
    {.name = SI("status"),
     .type = VALUE_TEXT,
     .is_required = true,
     .about = SI("ok, or unavailable")},
    {.name = SI("store"),
     .type = VALUE_TEXT,
     .is_required = true,
     .about = SI("ok, or unavailable")},
    {.name = SI("keys"),
     .type = VALUE_TEXT,
     .is_required = true,
     .about = SI("ok, or unavailable")},
};
const struct api_shape ready_shape = {SI("Readiness"), ready_fields, COUNT(ready_fields)};

Res healthz_run(struct call *c)
{
    struct writer *w = writer_open(&c->cx->mem, c->format);

    writer_text(w, S("status"), S("ok"));
    return call_answer(c, 200, w);
}

static Str word_for(bool is_right)
{
    return is_right ? S("ok") : S("unavailable");
}

Res readyz_run(struct call *c)
{
    struct service *s = service_of_call(c);
    bool store =
        atomic_load(&s->store_is_ready) && store_check(c->cx, s->store).code == FAIL_NONE;
    bool keys = !store || node_may_serve(s);
    struct writer *w = writer_open(&c->cx->mem, c->format);

    writer_text(w, S("status"), word_for(store && keys));
    writer_text(w, S("store"), word_for(store));
    writer_text(w, S("keys"), word_for(keys));
    return call_answer(c, store && keys ? 200 : 503, w);
}

Res openapi_run(struct call *c)
{
    *c->answer = (struct http_answer){
        .status = 200,
        .content_type = S("application/json"),
        .body = service_of_call(c)->openapi,
    };
    return OK;
}
