/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.c - a time zone's rules: the table of changes up to the last that was known one by
 * one, and a rule behind it.
 *
 * Before the first change, the first type is in force (RFC 8536 §3.2). A file is checked
 * whole before any of it is believed.
 */
#include "base/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/zone_rule.h"

enum {
    HEADER_BYTES = 44,
    TYPE_BYTES = 6,
    TYPES_MOST = 256,
    OFFSET_MOST_S = 93599, /* RFC 8536 §3.2: -24:59:59 to 25:59:59 */
    OFFSET_LEAST_S = -89999,
};

struct zone {
    size_t n_changes;
    const int64_t *changes; /* ascending */
    const uint8_t *types;   /* the type in force from each change on */
    const int32_t *offsets; /* of each type */
    bool has_rule;          /* behind the last change */
    struct zone_rule rule;
};

/* Reading. */

struct zone_header {
    char version;
    size_t n_isut, n_isstd, n_leap, n_changes, n_types, n_chars;
};

static bool zone_cut(Str *rest, size_t n, Str *ret)
{
    if (rest->n < n) {
        return false;
    }
    *ret = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n, rest->n);
    return true;
}

/* Big-endian, two's complement. */
static int64_t zone_int(const char *p, size_t n)
{
    uint64_t v = (p[0] & 0x80) != 0 ? UINT64_MAX : 0;

    for (size_t i = 0; i < n; i++) {
        v = v << 8 | (unsigned char)p[i];
    }
    return (int64_t)v;
}

/* No count can be past the file's size, so sums of some of them don't overflow. */
static bool zone_count(const char *p, size_t *ret)
{
    int64_t n = zone_int(p, 4);

    *ret = (size_t)n;
    return n >= 0 && n <= LIMIT_ZONE_FILE_BYTES;
}

static bool zone_header_read(Str *rest, struct zone_header *ret)
{
    Str h;

    if (!zone_cut(rest, HEADER_BYTES, &h) || !str_starts(h, S("TZif"))) {
        return false;
    }
    ret->version = h.p[4];
    return zone_count(h.p + 20, &ret->n_isut) && zone_count(h.p + 24, &ret->n_isstd)
           && zone_count(h.p + 28, &ret->n_leap) && zone_count(h.p + 32, &ret->n_changes)
           && zone_count(h.p + 36, &ret->n_types) && zone_count(h.p + 40, &ret->n_chars);
}

static bool zone_changes_read(
    struct arena *mem, Str *rest, const struct zone_header *h, size_t time_bytes,
    struct zone *z)
{
    Str times;
    Str types;

    if (!zone_cut(rest, h->n_changes * time_bytes, &times)
        || !zone_cut(rest, h->n_changes, &types)) {
        return false;
    }
    int64_t *changes = NEW_N(mem, int64_t, h->n_changes);

    for (size_t i = 0; i < h->n_changes; i++) {
        changes[i] = zone_int(times.p + i * time_bytes, time_bytes);
        if ((i > 0 && changes[i] <= changes[i - 1])
            || (unsigned char)types.p[i] >= h->n_types) {
            return false;
        }
    }
    z->changes = changes;
    z->types = (const uint8_t *)types.p;
    z->n_changes = h->n_changes;
    return true;
}

static bool zone_types_read(
    struct arena *mem, Str *rest, const struct zone_header *h, struct zone *z)
{
    Str types;

    if (!zone_cut(rest, h->n_types * TYPE_BYTES, &types)) {
        return false;
    }
    int32_t *offsets = NEW_N(mem, int32_t, h->n_types);

    for (size_t i = 0; i < h->n_types; i++) {
        int64_t s = zone_int(types.p + i * TYPE_BYTES, 4);

        if (s < OFFSET_LEAST_S || s > OFFSET_MOST_S) {
            return false;
        }
        offsets[i] = (int32_t)s;
    }
    z->offsets = offsets;
    return true;
}

static bool zone_block_read(
    struct arena *mem, Str *rest, const struct zone_header *h, size_t time_bytes,
    struct zone *z)
{
    Str unused;

    return h->n_types >= 1 && h->n_types <= TYPES_MOST && h->n_leap == 0
           && zone_changes_read(mem, rest, h, time_bytes, z)
           && zone_types_read(mem, rest, h, z)
           && zone_cut(rest, h->n_chars + h->n_isstd + h->n_isut, &unused);
}

/* "\n" TZ string "\n"; an empty string is no rule. */
static bool zone_footer_read(Str rest, struct zone *z)
{
    Str text;

    if (!str_starts(rest, S("\n"))) {
        return false;
    }
    rest = str_sub(rest, 1, rest.n);
    size_t end;

    if (!str_find(rest, '\n', &end)) {
        return false;
    }
    text = str_sub(rest, 0, end);
    z->has_rule = text.n > 0;
    return text.n == 0 || zone_rule_read(text, &z->rule);
}

static size_t zone_block_bytes(const struct zone_header *h, size_t time_bytes)
{
    return h->n_changes * (time_bytes + 1) + h->n_types * TYPE_BYTES + h->n_chars
           + h->n_leap * (time_bytes + 4) + h->n_isstd + h->n_isut;
}

/* From version 2 on, the first block is for old readers, and a second header and block
 * with longer times follow it. */
static bool zone_file_read(struct arena *mem, Str rest, struct zone *z)
{
    struct zone_header h;
    Str unused;

    if (!zone_header_read(&rest, &h)) {
        return false;
    }
    if (h.version == 0) {
        return zone_block_read(mem, &rest, &h, 4, z);
    }
    return zone_cut(&rest, zone_block_bytes(&h, 4), &unused)
           && zone_header_read(&rest, &h) && zone_block_read(mem, &rest, &h, 8, z)
           && zone_footer_read(rest, z);
}

Res zone_read(struct cx *cx, Str bytes, struct zone **ret)
{
    struct zone *z = NEW(&cx->mem, struct zone);

    if (bytes.n > LIMIT_ZONE_FILE_BYTES
        || !zone_file_read(&cx->mem, str_dup(&cx->mem, bytes), z)) {
        return fail(cx, FAIL_PARSE_ERROR, "no TZif of a time zone without leap seconds");
    }
    *ret = z;
    return OK;
}

/* The file. */

static bool char_is_of_path(unsigned char c)
{
    return char_is_alnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
}

bool zone_name_is_valid(Str name)
{
    return name.n > 0 && name.n <= LIMIT_TIME_ZONE_BYTES && name.p[0] >= 'A'
           && name.p[0] <= 'Z' && str_is_only(name, char_is_of_path)
           && !str_ends(name, S("/")) && !str_contains(name, S("//"));
}

static void zone_file_close(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* FAIL_NOT_FOUND: nothing of that name, or a folder. The caller closes *fd in any case.
 */
static Res zone_file_open(struct cx *cx, const char *folder, Str name, int *fd)
{
    struct arena *mem = &cx->mem;
    const char *path =
        str_zdup(mem, str_cat(mem, str_from_z(folder), str_cat(mem, S("/"), name)));
    struct stat about;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (*fd < 0 && errno != ENOENT && errno != ENOTDIR) {
        return fail(cx, FAIL_CONFIG, "%s: cannot be opened (errno %d)", path, errno);
    }
    if (*fd < 0 || fstat(*fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        return fail(cx, FAIL_NOT_FOUND, "%s: no such time zone", path);
    }
    return OK;
}

/* One byte more than the limit shows that a file is too large. */
static Res zone_file_bytes(struct cx *cx, int fd, Str *ret)
{
    char *p = arena_alloc(&cx->mem, LIMIT_ZONE_FILE_BYTES + 1);
    size_t n = 0;
    ssize_t got;

    do {
        got = read(fd, p + n, LIMIT_ZONE_FILE_BYTES + 1 - n);
        n += got > 0 ? (size_t)got : 0;
    } while (got > 0 || (got < 0 && errno == EINTR));
    if (got < 0) {
        return fail(cx, FAIL_CONFIG, "a time zone cannot be read (errno %d)", errno);
    }
    *ret = (Str){p, n};
    return OK;
}

Res zone_load(struct cx *cx, const char *folder, Str name, struct zone **ret)
{
    CLEANUP(zone_file_close) int fd = -1;
    Str bytes = S("");

    if (!zone_name_is_valid(name)) {
        return fail(cx, FAIL_NOT_FOUND, "not the name of a time zone");
    }
    TRY(zone_file_open(cx, folder, name, &fd));
    TRY(zone_file_bytes(cx, fd, &bytes));
    if (zone_read(cx, bytes, ret).code != FAIL_NONE) {
        return fail(
            cx, FAIL_CONFIG, "%s/%.*s: no TZif of a time zone without leap seconds",
            folder, STR_ARG(name));
    }
    return OK;
}

/* Asking. */

static int64_t instant_within(int64_t at_s)
{
    if (at_s > ZONE_INSTANT_MOST) {
        return ZONE_INSTANT_MOST;
    }
    return at_s < -ZONE_INSTANT_MOST ? -ZONE_INSTANT_MOST : at_s;
}

/* How many changes are at or before the instant. */
static size_t changes_until(const struct zone *z, int64_t at_s)
{
    size_t from = 0;
    size_t to = z->n_changes;

    while (from < to) {
        size_t at = from + (to - from) / 2;

        if (z->changes[at] <= at_s) {
            from = at + 1;
        } else {
            to = at;
        }
    }
    return from;
}

int32_t zone_offset_s(const struct zone *z, int64_t at_s)
{
    size_t n = changes_until(z, instant_within(at_s));

    if (n == z->n_changes && z->has_rule) {
        return zone_rule_offset_s(&z->rule, instant_within(at_s));
    }
    return z->offsets[n == 0 ? 0 : z->types[n - 1]];
}

int64_t zone_next_s(const struct zone *z, int64_t after_s)
{
    size_t n = changes_until(z, instant_within(after_s));

    if (n < z->n_changes) {
        return z->changes[n];
    }
    return z->has_rule ? zone_rule_next_s(&z->rule, instant_within(after_s)) : ZONE_NEVER;
}

int64_t zone_midnight_s(const struct zone *z, int32_t day)
{
    int64_t midnight = day * CLOCK_DAY_S;
    int64_t at = midnight - OFFSET_MOST_S - 1; /* yesterday everywhere */

    while (at + zone_offset_s(z, at) < midnight) {
        int64_t found = midnight - zone_offset_s(z, at);
        int64_t next = zone_next_s(z, at);

        if (found < next) {
            return found;
        }
        at = next;
    }
    return at;
}

/* Each stretch between two changes has one offset, and makes one instant of the local
 * time; it counts if it falls into the stretch. */
void zone_instants_s(const struct zone *z, int64_t local_s, int64_t *first, int64_t *last)
{
    int64_t at = local_s - OFFSET_MOST_S - 1; /* not yet there everywhere */
    int64_t too_late = 0;
    bool is_found = false;

    for (;;) {
        int64_t found = local_s - zone_offset_s(z, at);
        int64_t next = zone_next_s(z, at);

        if (found < at) { /* over: for the first time if clocks skip it */
            *first = is_found ? *first : found;
            *last = is_found ? *last : too_late;
            return;
        }
        if (found < next) {
            *first = is_found ? *first : found;
            *last = found;
            is_found = true;
        }
        too_late = found;
        at = next;
    }
}
