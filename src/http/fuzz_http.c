/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_http.c - a whole connection's bytes: what is read never depends on how they
 * arrive, and nothing leaves the parser that could stand for something else further on.
 */
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "http/grammar.h"
#include "http/testreading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first request alone, for its own sake. */
static void first_check(struct arena *mem, Str bytes)
{
    struct http_request req;
    struct parser p;

    parser_begin(&p, mem, &req);
    must_be(parser_eat(&p, bytes) <= bytes.n);
    must_be(req.n_headers <= LIMIT_HEAD_FIELDS && req.body.n <= LIMIT_BODY_BYTES);
    must_be(req.refusal == FAIL_NONE || !p.keeps_alive);
    for (size_t i = 0; i < req.n_headers; i++) {
        must_be(req.headers[i].name.n > 0 && grammar_is_line(req.headers[i].name));
        must_be(grammar_is_line(req.headers[i].value));
    }
    if (parser_is_done(&p) && req.refusal == FAIL_NONE) {
        must_be(
            req.path.n > 0 && grammar_is_line(req.path) && grammar_is_line(req.query));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena mem = {0};
    Str bytes = {(const char *)data, size};
    Str whole = reading_all(&mem, bytes, READ_WHOLE, true);

    must_be(str_eq(reading_all(&mem, bytes, READ_BYTES, true), whole));
    must_be(str_eq(reading_all(&mem, bytes, READ_CUT, true), whole));
    first_check(&mem, bytes);
    arena_done(&mem);
    return 0;
}
