/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_data.c - the version of tzdata stands in the first line of tzdata.zi: zic(8) of
 * the tz project writes "# version 2026a" there.
 */
#include "base/zone_data.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cx.h"
#include "base/datetime.h"

enum { ZONE_LINE_BYTES = 64, VERSION_BYTES = 32, YEAR_BYTES = 4, YEAR_S = 366 * 86400 };

static void zone_data_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static bool char_is_of_version(unsigned char c)
{
    return char_is_alnum(c) || c == '-' || c == '.';
}

static bool zone_data_read_version(struct arena *mem, Str text, struct zone_data *ret)
{
    const Str before = S("# version ");
    size_t end;

    if (!str_starts(text, before) || !str_find(text, '\n', &end)) {
        return false;
    }
    Str version = str_sub(text, before.n, end);

    if (version.n < YEAR_BYTES || version.n > VERSION_BYTES
        || !str_is_only(version, char_is_of_version)
        || !str_to_int(str_sub(version, 0, YEAR_BYTES), &ret->year)) {
        return false;
    }
    ret->version = str_dup(mem, version);
    return true;
}

Res zone_data_find(struct cx *cx, const char *folder, struct zone_data *ret)
{
    CLEANUP(zone_data_close) int fd = -1;
    const char *path =
        str_zdup(&cx->mem, str_cat(&cx->mem, str_from_z(folder), S("/tzdata.zi")));
    struct zone_data data = {.file_s = 0};
    struct stat about;
    char line[ZONE_LINE_BYTES];

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        return fail(cx, FAIL_NOT_FOUND, "%s can't be read (errno %d)", path, errno);
    }
    ssize_t n = read(fd, line, sizeof(line));

    if (n < 0 || !zone_data_read_version(&cx->mem, (Str){line, (size_t)n}, &data)) {
        return fail(cx, FAIL_NOT_FOUND, "%s names no version", path);
    }
    data.file_s = about.st_mtime;
    *ret = data;
    return OK;
}

static int64_t year_of(int64_t s)
{
    char text[DATETIME_TEXT_BYTES];
    int64_t year = 0;

    (void)str_to_int(str_sub(datetime_write(s, text), 0, YEAR_BYTES), &year);
    return year;
}

/* A version doesn't say in which month it was made. The time of its file counts where it
 * can be true: some images have all files from 1970. */
bool zone_data_is_old(const struct zone_data *d, int64_t now_s)
{
    int64_t years = year_of(now_s) - d->year;
    bool is_file_true = d->file_s >= 0 && year_of(d->file_s) >= d->year;

    return years > 1 || (years == 1 && is_file_true && now_s - d->file_s > YEAR_S);
}
