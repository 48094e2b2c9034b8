/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_json_kindly.c - any bytes as another service's answer.
 *
 * The strict reader's values are the kind reader's too; and all that is read kindly can
 * be written, and read strictly again, with the same values.
 */
#include <stdlib.h>

#include "base/cx.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH = 16 };

static void check_strict(struct cx *cx, Str text, const json_t *kind)
{
    CLEANUP(j_done) json_t *strict = NULL;

    if (j_parse(cx, text, DEPTH, &strict).code == FAIL_NONE) {
        must_be(kind != NULL && json_equal(strict, kind));
    }
}

static void check_again(struct cx *cx, const json_t *kind)
{
    CLEANUP(j_done) json_t *again = NULL;
    char *text = json_dumps(kind, JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));

    must_be(text != NULL); /* all its texts are UTF-8 */
    must_be(j_parse(cx, str_from_z(text), DEPTH, &again).code == FAIL_NONE);
    must_be(json_equal(again, kind));
    free(text);
}

static void check_numbers(json_t *kind)
{
    const char *name;
    const json_t *value;

    json_object_foreach(kind, name, value)
    {
        int64_t whole = 0, number = 0;

        if (j_number(kind, name, &number)) {
            must_be(number >= -J_MOST && number <= J_MOST && !j_is_absent(kind, name));
            must_be(!j_int(kind, name, &whole) || whole == number);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {0};
    CLEANUP(j_done) json_t *kind = NULL;
    Str text = {(const char *)data, size};
    Res res = j_parse_kindly(&cx, text, DEPTH, &kind);

    must_be((res.code == FAIL_NONE) == (kind != NULL));
    check_strict(&cx, text, kind);
    if (kind != NULL) {
        check_again(&cx, kind);
        check_numbers(kind);
    }
    return 0;
}
