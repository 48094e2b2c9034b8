/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_zone.c - zones read from the system's tzdata. Every zone there is compared with
 * the C library, which reads the same files with code of its own.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "base/zone.h"
#include "base/zone_rule.h"

enum { WEEK_S = 7 * CLOCK_DAY_S };

static struct zone *zone_of(Str name)
{
    struct zone *z = NULL;

    T_OK(zone_load(t_cx(), ZONE_FOLDER, name, &z));
    return z;
}

/* UTC, in seconds. */
static int64_t utc(int year, int month, int day, int hour)
{
    return zone_day_number(year, month, day) * CLOCK_DAY_S + hour * CLOCK_HOUR_S;
}

TEST(test_zone_name_is_valid_keeps_to_the_folder)
{
    static const struct {
        Str name;
        bool want;
    } rows[] = {
        {SI("UTC"), true},
        {SI("Europe/Berlin"), true},
        {SI("America/Argentina/Buenos_Aires"), true},
        {SI("America/Port-au-Prince"), true},
        {SI("Etc/GMT+11"), true},
        {SI(""), false},
        {SI("/"), false},
        {SI("/etc/passwd"), false},
        {SI("../etc/passwd"), false},
        {SI("Europe/../../passwd"), false},
        {SI("Europe/."), false},
        {SI("Europe/"), false},
        {SI("Europe//Berlin"), false},
        {SI("europe/Berlin"), false},
        {SI("localtime"), false},
        {SI("posix/Europe/Berlin"), false},
        {SI("right/Europe/Berlin"), false},
        {SI("tzdata.zi"), false},
        {SI("Europe\\Berlin"), false},
        {SI("Europe/Berlin\n"), false},
        {SI("Europe/Ber\0lin"), false},
        {SI("Europe/Z\xC3\xBCrich"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("  %.*s\n", STR_ARG(rows[i].name));
        T_INT(zone_name_is_valid(rows[i].name), rows[i].want);
    }
}

TEST(test_zone_name_has_a_limit)
{
    char name[LIMIT_TIME_ZONE_BYTES + 1];

    memset(name, 'A', sizeof(name));
    T_TRUE(zone_name_is_valid((Str){name, LIMIT_TIME_ZONE_BYTES}));
    T_TRUE(!zone_name_is_valid((Str){name, sizeof(name)}));
}

/* A folder of one file. */
static const char *folder_with(const char *file, Str bytes, size_t n)
{
    char template[] = "/tmp/test_zone.XXXXXX";
    char path[64];

    T_TRUE(mkdtemp(template) != NULL);
    const char *folder = str_zdup(&t_cx()->mem, str_from_z(template));

    (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
    FILE *f = fopen(path, "wb");

    T_TRUE(f != NULL);
    T_INT(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    for (size_t i = bytes.n; i < n; i++) {
        T_TRUE(fputc(0, f) == 0);
    }
    T_INT(fclose(f), 0);
    return folder;
}

static void folder_remove(const char *folder, const char *file)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
    T_INT(unlink(path), 0);
    T_INT(rmdir(folder), 0);
}

/* Version 1, one type of UTC+1, no change. */
#define PLAIN                                                                            \
    "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0" \
    "\4\0\0\x0E\x10\0\0CET"

TEST(test_zone_load_says_what_is_wrong)
{
    struct zone *z = NULL;
    const Str plain = S(PLAIN "\0");

    T_FAIL(FAIL_NOT_FOUND, zone_load(t_cx(), ZONE_FOLDER, S("Europe/Atlantis"), &z));
    T_FAIL(FAIL_NOT_FOUND, zone_load(t_cx(), ZONE_FOLDER, S("UTC/Berlin"), &z));
    T_FAIL(FAIL_NOT_FOUND, zone_load(t_cx(), ZONE_FOLDER, S("Europe"), &z));
    T_FAIL(FAIL_NOT_FOUND, zone_load(t_cx(), ZONE_FOLDER, S("../zoneinfo/UTC"), &z));
    T_FAIL(FAIL_NOT_FOUND, zone_load(t_cx(), "/nowhere", S("UTC"), &z));

    const struct {
        size_t n;
        enum fail want;
    } rows[] = {
        {plain.n, FAIL_NONE},
        {LIMIT_ZONE_FILE_BYTES, FAIL_NONE},
        {LIMIT_ZONE_FILE_BYTES + 1, FAIL_CONFIG},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *folder = folder_with("Zone", plain, rows[i].n);

        z = NULL;
        T_FAIL(rows[i].want, zone_load(t_cx(), folder, S("Zone"), &z));
        T_TRUE((z != NULL) == (rows[i].want == FAIL_NONE));
        folder_remove(folder, "Zone");
    }
    T_OK(zone_read(t_cx(), plain, &z));
    T_INT(zone_offset_s(z, 0), CLOCK_HOUR_S);
}

TEST(test_zone_load_waits_for_nobody)
{
    const char *folder = folder_with("Zone", S(""), 0);
    struct zone *z = NULL;
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/Zone", folder);
    T_FAIL(FAIL_CONFIG, zone_load(t_cx(), folder, S("Zone"), &z));
    T_INT(unlink(path), 0);
    T_INT(mkfifo(path, 0600), 0);
    T_FAIL(FAIL_NOT_FOUND, zone_load(t_cx(), folder, S("Zone"), &z));
    T_TRUE(z == NULL);
    folder_remove(folder, "Zone");
}

/* One byte of the plain zone altered. */
TEST(test_zone_read_refuses_what_is_no_tzif)
{
    static const struct {
        const char *name;
        size_t at;
        char byte;
    } rows[] = {
        {"another magic", 0, 'X'},
        {"a second block that isn't there", 4, '2'},
        {"a count past the file", 23, 1},
        {"a negative count", 20, (char)0x80},
        {"leap seconds", 31, 1},
        {"a change without a time", 35, 1},
        {"no type", 39, 0},
        {"an offset of more than a day", 45, 2},
        {"names past the file", 43, 5},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone *z = NULL;
        char bytes[] = PLAIN;

        print_message("  %s\n", rows[i].name);
        T_OK(zone_read(t_cx(), (Str){bytes, sizeof(bytes)}, &z));
        z = NULL;
        bytes[rows[i].at] = rows[i].byte;
        T_FAIL(FAIL_PARSE_ERROR, zone_read(t_cx(), (Str){bytes, sizeof(bytes)}, &z));
        T_TRUE(z == NULL);
    }
}

/* The C library. */

static void libc_zone(const char *name)
{
    char value[128];

    (void)snprintf(value, sizeof(value), ":" ZONE_FOLDER "/%s", name);
    T_INT(setenv("TZ", value, 1), 0); /* NOLINT(concurrency-mt-unsafe): one thread */
    tzset();
}

static int64_t libc_offset_s(int64_t at_s)
{
    time_t t = (time_t)at_s;
    struct tm tm;

    T_TRUE(localtime_r(&t, &tm) != NULL);
    return tm.tm_gmtoff;
}

static void same_offset(const struct zone *z, int64_t at_s)
{
    if (zone_offset_s(z, at_s) != libc_offset_s(at_s)) {
        print_error("at %lld: %d\n", (long long)at_s, zone_offset_s(z, at_s));
    }
    T_INT(zone_offset_s(z, at_s), libc_offset_s(at_s));
}

/* Midnight is where the C library's local time reaches it, and nowhere earlier. */
static void midnight_is_right(const struct zone *z, int64_t day)
{
    int64_t midnight = day * CLOCK_DAY_S;
    int64_t at = zone_midnight_s(z, (int32_t)day);

    T_TRUE(at + libc_offset_s(at) >= midnight);
    T_TRUE(at - 1 + libc_offset_s(at - 1) < midnight);
    for (int64_t before = at - CLOCK_HOUR_S / 2;
         before > midnight - CLOCK_DAY_S - 2 * CLOCK_HOUR_S; before -= CLOCK_HOUR_S / 2) {
        T_TRUE(before + libc_offset_s(before) < midnight);
    }
}

static int compared;

static void zone_is_as_in_libc(const char *name)
{
    struct zone *z = zone_of(str_from_z(name));
    const int64_t from = utc(1970, 1, 1, 0);
    const int64_t to = utc(2100, 12, 31, 0);

    libc_zone(name);
    for (int64_t at = from; at < to; at += WEEK_S) { /* a change that we don't know of */
        same_offset(z, at);
    }
    for (int64_t at = zone_next_s(z, from); at < to; at = zone_next_s(z, at)) {
        same_offset(z, at - 1);
        same_offset(z, at);
        if (at < utc(2038, 1, 1, 0)) {
            midnight_is_right(z, at / CLOCK_DAY_S);
            midnight_is_right(z, at / CLOCK_DAY_S + 1);
        }
    }
    compared++;
}

static int each_file(
    const char *path, const struct stat *about, int type, struct FTW *ftw)
{
    const char *name = path + sizeof(ZONE_FOLDER);

    (void)about;
    (void)ftw;
    if (type != FTW_D && type != FTW_DP && zone_name_is_valid(str_from_z(name))) {
        struct zone *z = zone_of(str_from_z(name)); /* links are names, too */

        T_TRUE(z != NULL);
        if (type == FTW_F) {
            zone_is_as_in_libc(name);
            cx_done(t_cx());
        }
    }
    return 0;
}

TEST(test_every_zone_is_as_in_the_c_library)
{
    T_INT(nftw(ZONE_FOLDER, each_file, 16, FTW_PHYS), 0);
    print_message("  %d zones\n", compared);
    T_TRUE(compared > 100);
}

TEST(test_midnight_can_be_skipped_or_come_twice)
{
    static const struct {
        const char *name;
        int year, month, day;
        int64_t want; /* seconds after 00:00 UTC of that day */
    } rows[] = {
        {"UTC", 2026, 3, 29, 0},
        {"Europe/Berlin", 2026, 3, 29, -CLOCK_HOUR_S},
        {"Europe/Berlin", 2026, 3, 30, -2 * CLOCK_HOUR_S},
        {"America/Sao_Paulo", 2018, 11, 4, 3 * CLOCK_HOUR_S}, /* 23:59:59, then 01:00 */
        {"America/Havana", 2026, 11, 1, 4 * CLOCK_HOUR_S},    /* 00:59:59, then 00:00 */
        {"Pacific/Apia", 2011, 12, 30, 10 * CLOCK_HOUR_S},    /* no such day */
        {"Pacific/Apia", 2011, 12, 31, -14 * CLOCK_HOUR_S},
        {"America/Havana", 2090, 11, 5, 4 * CLOCK_HOUR_S}, /* by the rule */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone *z = zone_of(str_from_z(rows[i].name));
        int64_t day = zone_day_number(rows[i].year, rows[i].month, rows[i].day);

        print_message("  %s %d\n", rows[i].name, rows[i].year);
        T_INT(zone_midnight_s(z, (int32_t)day) - day * CLOCK_DAY_S, rows[i].want);
    }
}

TEST(test_local_times_can_be_skipped_or_come_twice)
{
    static const struct {
        const char *name;
        int year, month, day, minute;
        int first, last; /* the offsets that fit, in minutes */
    } rows[] = {
        {"UTC", 2026, 3, 29, 150, 0, 0},
        {"Europe/Berlin", 2026, 1, 1, 0, 60, 60},
        {"Europe/Berlin", 2026, 7, 1, 0, 120, 120},
        {"Europe/Berlin", 2026, 3, 29, 119, 60, 60},
        {"Europe/Berlin", 2026, 3, 29, 120, 120, 60}, /* 01:59:59, then 03:00 */
        {"Europe/Berlin", 2026, 3, 29, 179, 120, 60},
        {"Europe/Berlin", 2026, 3, 29, 180, 120, 120},
        {"Europe/Berlin", 2026, 10, 25, 119, 120, 120},
        {"Europe/Berlin", 2026, 10, 25, 120, 120, 60}, /* 02:59:59, then 02:00 */
        {"Europe/Berlin", 2026, 10, 25, 179, 120, 60},
        {"Europe/Berlin", 2026, 10, 25, 180, 60, 60},
        {"Europe/Berlin", 2090, 10, 29, 150, 120, 60}, /* by the rule */
        {"Australia/Lord_Howe", 2026, 4, 5, 100, 660, 630},
        {"Pacific/Apia", 2011, 12, 30, 720, 840, -600}, /* no such day */
        {"America/New_York", 2026, 11, 1, 90, -240, -300},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct zone *z = zone_of(str_from_z(rows[i].name));
        int64_t local =
            utc(rows[i].year, rows[i].month, rows[i].day, 0) + rows[i].minute * 60;
        int64_t first = 0;
        int64_t last = 0;

        print_message("  %s %d\n", rows[i].name, rows[i].minute);
        zone_instants_s(z, local, &first, &last);
        T_INT((local - first) / 60, rows[i].first);
        T_INT((local - last) / 60, rows[i].last);
    }
}

TEST(test_zone_stands_at_the_ends_of_time)
{
    struct zone *z = zone_of(S("Europe/Berlin"));

    T_INT(zone_offset_s(z, INT64_MAX), zone_offset_s(z, ZONE_INSTANT_MOST));
    T_INT(zone_offset_s(z, INT64_MIN), zone_offset_s(z, -ZONE_INSTANT_MOST));
    T_TRUE(zone_next_s(z, INT64_MAX) > ZONE_INSTANT_MOST);
    T_TRUE(zone_midnight_s(z, INT32_MAX - 1) < zone_midnight_s(z, INT32_MAX));
    T_TRUE(zone_midnight_s(z, INT32_MIN) < zone_midnight_s(z, INT32_MIN + 1));
}

T_MAIN(
    T(test_zone_name_is_valid_keeps_to_the_folder), T(test_zone_name_has_a_limit),
    T(test_zone_load_says_what_is_wrong), T(test_zone_load_waits_for_nobody),
    T(test_zone_read_refuses_what_is_no_tzif), T(test_every_zone_is_as_in_the_c_library),
    T(test_midnight_can_be_skipped_or_come_twice),
    T(test_local_times_can_be_skipped_or_come_twice),
    T(test_zone_stands_at_the_ends_of_time))
