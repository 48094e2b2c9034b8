/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_writes.c - any body as an answer of each source about a copy: what is believed can
 * be asked for again, shown and compared.
 */
#include "base/cx.h"
#include "base/datetime.h"
#include "base/limits.h"
#include "net/net.h"
#include "net/origin.h"
#include "sources/sources_private.h"
#include "sources/write_call.h"

enum { DAYS_MOST = DATETIME_LAST_S / 86400 };

static void answer_is_read(struct cx *cx, enum source_id id, const json_t *body)
{
    const struct source_settings settings = {.id = id, .api_url = S("https://a.example")};
    const struct source_call call = {.settings = &settings};
    struct written w = {.id = S("")};

    if (write_read(cx, &call, body, &w).code != FAIL_NONE) {
        must_be(w.id.n == 0);
        return;
    }
    int64_t most = w.is_all_day ? DAYS_MOST : DATETIME_LAST_S;

    must_be(source_id_fits_path(w.id, LIMIT_EVENT_ID_BYTES));
    must_be(w.link.n == 0 || net_url_is_allowed(w.link));
    must_be(w.start >= 0 && w.start <= most && w.end >= 0 && w.end <= most);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    CLEANUP(j_done) json_t *body = NULL;
    const Str text = {(const char *)data, size};

    if (j_parse_kindly(&cx, text, LIMIT_SOURCE_JSON_DEPTH, &body).code != FAIL_NONE) {
        body = NULL;
    }
    answer_is_read(&cx, SOURCE_GOOGLE, body);
    answer_is_read(&cx, SOURCE_MICROSOFT, body);
    return 0;
}
