/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_state.c - any text as a state, and any alteration of a genuine state.
 *
 * Only a sealed state opens; a text that differs in one bit does not.
 */
#include <string.h>

#include "base/cx.h"
#include "base/limits.h"
#include "oauth/state.h"
#include "oauth/testring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_open_any(struct cx *cx, const struct keyring *k, Str text)
{
    struct flow flow = {.provider = 0};
    struct flow_secrets secrets;
    Res res = state_open(cx, k, text, &flow);

    must_be(res.code == FAIL_NONE || res.code == FAIL_STATE_INVALID);
    if (res.code == FAIL_NONE) { /* a seed: no fuzzer guesses a tag */
        must_be(flow.key_id == 1 && flow.provider > 0 && flow.redirect_uri.n > 0);
        must_be(state_derive_secrets(cx, k, &flow, &secrets).code == FAIL_NONE);
    }
}

static void fuzz_open_altered(struct cx *cx, const struct keyring *k, Str alteration)
{
    struct flow flow = {
        .credential = CREDENTIAL_TOKEN,
        .provider = 1,
        .mode = MODE_PROVIDER,
        .source = SOURCE_GOOGLE,
        .redirect_uri = S("https://h/cb"),
    };
    struct flow got;
    char text[LIMIT_STATE_BYTES];
    Str sealed;
    bool is_same = true;

    must_be(state_seal(cx, k, &flow, &sealed).code == FAIL_NONE);
    memcpy(text, sealed.p, sealed.n);
    for (size_t i = 0; i < alteration.n && i < sealed.n; i++) {
        text[i] = (char)(text[i] ^ alteration.p[i]);
        is_same = is_same && alteration.p[i] == 0;
    }
    Res res = state_open(cx, k, (Str){text, sealed.n}, &got);

    must_be((res.code == FAIL_NONE) == is_same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct keyring *k;
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str input = {(const char *)data, size};

    if (k == NULL) {
        k = ring_of(&cx, S(RING_KEY_1));
    }
    fuzz_open_any(&cx, k, input);
    fuzz_open_altered(&cx, k, input);
    return 0;
}
