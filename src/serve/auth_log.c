/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_log.c - when each credential was warned of last. Where two share a place, the
 * second one's line is no warning, and is there all the same.
 */
#include "serve/auth_log.h"

#include "api/errors.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/log.h"

enum { PLACES = 256, UNKNOWN = 0 };

static struct log_seldom said[PLACES];

static size_t place_of(const struct identity *who)
{
    uint64_t key = (uint64_t)who->token_id;

    if (who->credential != CREDENTIAL_TOKEN && who->credential != CREDENTIAL_JWT) {
        return UNKNOWN;
    }
    for (size_t i = 0; i < who->issuer.n; i++) {
        key = key * 31 + (unsigned char)who->issuer.p[i];
    }
    return 1 + (size_t)(key % (PLACES - 1));
}

bool auth_log_is_news(const struct identity *who, int64_t mono_ms)
{
    return log_seldom_count(&said[place_of(who)], mono_ms) > 0;
}

Str auth_log_credential(struct arena *mem, const struct identity *who)
{
    switch (who->credential) {
    case CREDENTIAL_TOKEN:
        return str_cat(mem, S("token:"), str_int(mem, who->token_id));
    case CREDENTIAL_JWT:
        return str_cat(mem, S("jwt:"), who->issuer);
    }
    return S(""); /* the caller is not known (yet) */
}

void auth_log_refused(struct cx *cx, const struct identity *who, enum fail kind)
{
    int status = error_row(kind)->status;

    if (status != 401 && status != 403) {
        return;
    }
    bool is_news = auth_log_is_news(who, clock_mono_ms());

    log_event(
        is_news ? LEVEL_WARN : LEVEL_INFO, EVENT_AUTH_REFUSED,
        KZ("request", cx->request_id),
        KV("credential", auth_log_credential(&cx->mem, who)),
        KV("code", error_row(kind)->code), KZ("reason", cx->why.text));
}
