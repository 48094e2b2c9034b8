/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/datetime.h"
#include "base/testing.h"
#include "base/zone_data.h"

static char folder[] = "/tmp/caldock-tzdata-XXXXXX";
static char path[sizeof(folder) + 16];

static void write_line(const char *line)
{
    FILE *f = fopen(path, "w");

    T_TRUE(f != NULL && fputs(line, f) >= 0 && fclose(f) == 0);
}

TEST(test_zone_data_find)
{
    static const struct {
        const char *line;
        const char *version; /* NULL: none */
        int64_t year;
    } rows[] = {
        {"# version 2026a\n", "2026a", 2026},
        {"# version 2025b\n# ddeps backzone zone.tab\nR d 1916 o - Jun\n", "2025b", 2025},
        {"# version 2024a-1-gdeadbee-dirty\n", "2024a-1-gdeadbee-dirty", 2024},
        {"# version 2026\n", "2026", 2026},
        {"", NULL, 0},
        {"# version \n", NULL, 0},
        {"# version 202\n", NULL, 0},
        {"# version abcd\n", NULL, 0},
        {"# version 2026a", NULL, 0},
        {"# version 2026 a\n", NULL, 0},
        {"# version 2026abcdefghijklmnopqrstuvwxyz01\n",
         "2026abcdefghijklmnopqrstuvwxyz01", 2026},
        {"# version 2026abcdefghijklmnopqrstuvwxyz012\n", NULL, 0},
        {"# This is something else\n", NULL, 0},
    };
    struct zone_data d = {.year = -1};

    T_TRUE(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof(path), "%s/tzdata.zi", folder);
    T_FAIL(FAIL_NOT_FOUND, zone_data_find(t_cx(), folder, &d));
    T_INT(d.year, -1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        write_line(rows[i].line);
        if (rows[i].version == NULL) {
            T_FAIL(FAIL_NOT_FOUND, zone_data_find(t_cx(), folder, &d));
            continue;
        }
        T_OK(zone_data_find(t_cx(), folder, &d));
        T_STR(d.version, str_from_z(rows[i].version));
        T_INT(d.year, rows[i].year);
        T_TRUE(d.file_s > 0);
    }
    T_INT(unlink(path), 0);
    T_INT(mkdir(path, 0700), 0);
    T_FAIL(FAIL_NOT_FOUND, zone_data_find(t_cx(), folder, &d));
    T_INT(rmdir(path), 0);
    T_INT(rmdir(folder), 0);
}

static int64_t at(const char *text)
{
    struct datetime t;

    T_TRUE(datetime_parse(str_from_z(text), &t));
    return t.s;
}

TEST(test_zone_data_is_old)
{
    static const struct {
        const char *name;
        int64_t year; /* of the version */
        const char *file;
        const char *now;
        bool is_old;
    } rows[] = {
        {"this year's", 2026, "2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z", false},
        {"last year's, new", 2025, "2025-12-01T00:00:00Z", "2026-11-30T00:00:00Z", false},
        {"last year's, old", 2025, "2025-08-24T00:00:00Z", "2026-11-29T00:00:00Z", true},
        {"last year's, who knows", 2025, "1970-01-01T00:00:00Z", "2026-11-29T00:00:00Z",
         false},
        {"older", 2024, "2026-11-01T00:00:00Z", "2026-11-29T00:00:00Z", true},
        {"to come", 2027, "1970-01-01T00:00:00Z", "2026-11-29T00:00:00Z", false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct zone_data d = {.year = rows[i].year, .file_s = at(rows[i].file)};

        T_TRUE(zone_data_is_old(&d, at(rows[i].now)) == rows[i].is_old);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_zone_data_find),
        T(test_zone_data_is_old),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
