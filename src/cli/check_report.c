/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_report.c - the rows of `caldock check`.
 */
#include "cli/check_report.h"

#include "base/buf.h"
#include "cli/print.h"

enum { REPORT_TEXT_BYTES = 8 * 1024 };

bool check_code_is_below(Str code, Str only)
{
    Str part;
    Str wanted;

    while (str_next_part(&only, '.', &wanted)) {
        if (!str_next_part(&code, '.', &part)
            || (!str_eq(part, wanted) && !str_eq(part, S("NAME")))) {
            return false;
        }
    }
    return true;
}

bool check_report_wants(const struct check_report *c, Str code)
{
    size_t at = 0;
    Str only;

    while (cli_next(c->cli, S("--only"), &at, &only)) {
        if (check_code_is_below(code, only)) {
            return true;
        }
    }
    return c->wants_all || (c->wants_store && str_eq(code, S("store")))
           || !cli_has(c->cli, S("--only"));
}

void check_report_add(
    struct check_report *c, Str code, enum finding finding, Str text, Str mend)
{
    static const Str words[] = {SI("ok"), SI("note"), SI("warn"), SI("wrong")};

    if (!check_report_wants(c, code)) {
        return;
    }
    struct writer *w = print_open(c->cli);

    c->n_warn += finding == FINDING_WARN;
    c->n_wrong += finding == FINDING_WRONG;
    writer_text(w, S("level"), words[finding]);
    writer_text(w, S("code"), code);
    writer_text(w, S("text"), text);
    writer_text_or_null(w, S("mend"), mend);
    Res res = print_add(c->cli, c->rows, w);

    c->res = res.code != FAIL_NONE ? res : c->res;
}

Str check_report_why(const struct check_report *c)
{
    return str_dup(&c->cli->cx->mem, str_from_z(c->cli->cx->why.text));
}

void check_report_add_failure(struct check_report *c, Str code, Str mend)
{
    check_report_add(c, code, FINDING_WRONG, check_report_why(c), mend);
}

bool check_report_has_store(const struct check_report *c)
{
    return c->facts.is_read && !c->facts.is_missing;
}

Str check_report_source_code(const struct check_report *c, Str name, Str what)
{
    return CHECK_TEXT(c, S("source."), name, what.n > 0 ? S(".") : S(""), what);
}

Str check_report_join(const struct check_report *c, const Str *parts, size_t n)
{
    struct buf b = {.mem = &c->cli->cx->mem, .max = REPORT_TEXT_BYTES};

    for (size_t i = 0; i < n; i++) {
        buf_add(&b, parts[i]);
    }
    return b.n == 0 ? S("") : (Str){b.p, b.n};
}

Str check_report_int(const struct check_report *c, int64_t v)
{
    return str_int(&c->cli->cx->mem, v);
}
