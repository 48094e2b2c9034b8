/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_text.c - the table of keys for people: a sample to edit, a list to read.
 */
#include "app/keys.h"
#include "base/buf.h"
#include "base/limits.h"

static void add_key(
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

Res config_sample(struct cx *cx, Str *ret)
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
            add_key(&b, s, &s->keys[k]);
        }
    }
    return buf_done(cx, &b, ret);
}

Res config_help(struct cx *cx, Str *ret)
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
