/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.c - writes the table of settings as a sample to edit, and as a list to read.
 */
#include "config/sample.h"

#include "base/buf.h"
#include "base/limits.h"
#include "config/table.h"

static void sample_add_key(
    struct buf *b, const struct config_section *s, const struct config_key *k)
{
    Str fallback = config_key_default(s, k);

    buf_add(b, S("# "));
    buf_add(b, k->about);
    buf_add(b, S("\n#"));
    buf_add(b, k->name);
    buf_add(b, fallback.n > 0 ? S(" = ") : S(" ="));
    buf_add(b, fallback);
    buf_add_char(b, '\n');
}

Res sample_config(struct cx *cx, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_CONFIG_BYTES};

    buf_add(
        &b, S("# Caldock's configuration. What is commented out shows the default.\n"
              "# Every key can also be given as CALDOCK_<SECTION>_<KEY>, which wins.\n"
              "# Lists are separated by white space or commas. Secrets can be read\n"
              "# from a file: client_secret_file = PATH.\n"));
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *s = &config_sections[i];

        buf_add(&b, S("\n# "));
        buf_add(&b, s->about);
        buf_add(&b, s->is_jwt ? S("\n#[") : S("\n["));
        buf_add(&b, s->name);
        buf_add(&b, s->is_jwt ? S(" NAME]\n") : S("]\n"));
        for (size_t k = 0; k < s->n; k++) {
            sample_add_key(&b, s, &s->keys[k]);
        }
    }
    return buf_done(cx, &b, ret);
}

Res sample_help(struct cx *cx, Str *ret)
{
    struct buf b = {.mem = &cx->mem, .max = LIMIT_CONFIG_BYTES};

    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *s = &config_sections[i];

        for (size_t k = 0; k < s->n; k++) {
            Str fallback = config_key_default(s, &s->keys[k]);

            buf_add(&b, S("["));
            buf_add(&b, s->name);
            buf_add(&b, s->is_jwt ? S(" NAME] ") : S("] "));
            buf_add(&b, s->keys[k].name);
            buf_add(&b, fallback.n > 0 ? S(" = ") : S(""));
            buf_add(&b, fallback);
            buf_add(&b, S("\n    "));
            buf_add(&b, s->keys[k].about);
            buf_add_char(&b, '\n');
        }
    }
    return buf_done(cx, &b, ret);
}
