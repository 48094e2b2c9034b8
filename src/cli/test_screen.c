/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/testing.h"
#include "cli/screen.h"

static Str shown_on(const char *json, struct screen_size size)
{
    CLEANUP(j_done) json_t *object = NULL;
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    T_OK(j_parse_kindly(t_cx(), str_from_z(json), 8, &object));
    screen_print(object, &size, out);
    T_INT(fclose(out), 0);
    Str ret = str_dup(&t_cx()->mem, (Str){text, n});

    free(text);
    return ret;
}

static Str shown(const char *json)
{
    return shown_on(json, (struct screen_size){0});
}

TEST(test_screen_print_makes_columns_as_wide_as_they_need_to_be)
{
    T_STR(
        shown(
            "{\"a\": 1, \"rows\": [{\"name\": \"long one\", \"n\": 1, \"keys\": [\"x\", \"y\"]},"
            " {\"name\": \"b\", \"n\": 23456, \"keys\": []}], \"b\": true, \"none\": []}"),
        S("a 1   b yes\n"
          "\n"
          "rows\n"
          "  name      n      keys\n"
          "  long one  1      x y\n"
          "  b         23456  \n"
          "\n"
          "none\n"
          "  none\n"));
}

TEST(test_screen_print_says_what_is_unknown)
{
    T_STR(
        shown("{\"a\": null, \"b\": false, \"c\": 1.25}"),
        S("a unknown   b no   c 1.2\n"));
}

TEST(test_screen_print_writes_durations_in_two_units)
{
    static const struct {
        const char *json;
        Str want;
    } rows[] = {
        {"{\"r\": [{\"age_s\": 0}]}", SI("  age\n  0s\n")},
        {"{\"r\": [{\"age_s\": 59}]}", SI("  age\n  59s\n")},
        {"{\"r\": [{\"age_s\": 60}]}", SI("  age\n  1m 0s\n")},
        {"{\"r\": [{\"age_s\": 3599}]}", SI("  age\n  59m 59s\n")},
        {"{\"r\": [{\"age_s\": 7260}]}", SI("  age\n  2h 1m\n")},
        {"{\"r\": [{\"age_s\": 183600}]}", SI("  age\n  2d 3h\n")},
        {"{\"r\": [{\"age_s\": null}]}", SI("  age\n  unknown\n")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_TRUE(str_ends(shown(rows[i].json), rows[i].want));
    }
}

TEST(test_screen_print_obeys_no_control_character)
{
    T_STR(shown("{\"a\": \"x\\u001b[2J\\u007f\\ny\"}"), S("a x?[2J??y\n"));
}

TEST(test_screen_print_cuts_what_is_too_long)
{
    char json[400];

    (void)snprintf(json, sizeof(json), "{\"a\": \"%0255d\"}", 1);
    T_INT(shown(json).n, 2 + 255 + 1);
    (void)snprintf(json, sizeof(json), "{\"a\": \"%0256d\"}", 1);
    T_INT(shown(json).n, 2 + 255 + 1);
}

/* The cursor stands below what is printed. */
TEST(test_screen_print_fits_a_terminal)
{
    static const Str whole = SI("a 1\n\nr\n  n\n  €\n  23\n\ns\n  none\n");
    static const Str dense = SI("a 1\nr\n  n\n  €\n  23\ns\n  none\n");

    const struct {
        struct screen_size size;
        Str want;
    } rows[] = {
        {{10, 0}, whole},
        {{9, 0}, dense},
        {{8, 0}, dense},
        {{7, 0}, S("a 1\nr\n  n\n  €\n  23\n…\n")},
        {{4, 0}, S("a 1\nr\n…\n")},
        {{3, 0}, S("a 1\n…\n")},
        {{2, 0}, whole},
        {{10, 6}, whole}, /* as wide as the widest line */
        {{10, 5}, dense},
        {{9, 5}, dense},
        {{8, 5}, S("a 1\nr\n  n\n  €\n  23\ns\n…\n")},
        {{9, 3}, S("a 1\nr\n  n\n  €\n  23\ns\n…\n")}, /* "  23" and "none" take two */
        {{0, 1}, whole},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(
            shown_on(
                "{\"a\": 1, \"r\": [{\"n\": \"€\"}, {\"n\": 23}], \"s\": []}",
                rows[i].size),
            rows[i].want);
    }
}

T_MAIN(
    T(test_screen_print_makes_columns_as_wide_as_they_need_to_be),
    T(test_screen_print_says_what_is_unknown),
    T(test_screen_print_writes_durations_in_two_units),
    T(test_screen_print_obeys_no_control_character),
    T(test_screen_print_cuts_what_is_too_long), T(test_screen_print_fits_a_terminal))
