/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "cli/roff.h"

enum { PAGE_BYTES = 4096 };

static struct roff page(void)
{
    return (struct roff){.b = {.mem = &t_cx()->mem, .max = PAGE_BYTES}};
}

TEST(test_roff_text_escapes_what_roff_would_take)
{
    static const struct {
        Str text;
        Str written;
    } rows[] = {
        {SI("--name C:\\dir"), SI("\\-\\-name C:\\edir")},
        {SI("`caldock init` makes it"), SI("\\fBcaldock init\\fP makes it")},
        {SI(".conf is no macro"), SI("\\&.conf is no macro")},
        {SI("'tis none"), SI("\\&'tis none")},
        {SI("in ./caldock.conf"), SI("in ./caldock.conf")},
        {SI("ID\xE2\x80\xA6 more"), SI("ID... more")},
        {SI("  two\nlines "), SI("two lines")},
        {SI(""), SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct roff r = page();

        roff_text(&r, rows[i].text);
        T_STR(buf_text(&r.b), rows[i].written);
    }
}

TEST(test_roff_text_breaks_lines)
{
    struct roff r = page();

    for (int i = 0; i < 30; i++) {
        roff_text(&r, S("12345"));
    }
    roff_macro(&r, S(".PP"));
    roff_text(&r, S("x"));
    Str rest = buf_text(&r.b);
    Str line;
    size_t lines = 0;

    while (str_next_part(&rest, '\n', &line)) {
        T_TRUE(line.n < 80);
        lines++;
    }
    T_INT(lines, 3 + 1 + 1); /* 12 words fill a line */
}

TEST(test_roff_sentence_is_one)
{
    struct roff r = page();

    roff_sentence(&r, S("show one"));
    roff_sentence(&r, S("For stand-ins."));
    T_STR(buf_text(&r.b), S("Show one. For stand\\-ins."));
}

TEST(test_roff_bold_begins_a_line)
{
    struct roff r = page();

    roff_text(&r, S("before"));
    roff_bold(&r, S("key-file"));
    roff_text(&r, S("ID"));
    T_STR(buf_text(&r.b), S("before\n\\fBkey\\-file\\fP ID"));
}

T_MAIN(
    T(test_roff_text_escapes_what_roff_would_take), T(test_roff_text_breaks_lines),
    T(test_roff_sentence_is_one), T(test_roff_bold_begins_a_line))
