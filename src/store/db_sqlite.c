/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db_sqlite.c - the driver for SQLite: one file, many readers beside one writer (WAL).
 *
 * A commit is on the disk when it returns (synchronous = full), what is deleted is
 * overwritten (secure_delete), and the files are the owner's alone. The only file that
 * includes sqlite3.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/driver.h"

enum {
    WAL_RETRY_MS = 5,
    SCRUB_WAIT_MS = 100, /* for readers of what is deleted */
    URI_BYTES = 16 * 1024,
};

/* Ours, of a file's URI: the connection has no lock. */
#define QUIET "quiet"

/* Results that have a meaning to the operator; any other is a bug of ours. */
static const struct sqlite_result {
    int code;
    enum fail kind;
    const char *mend;
} sqlite_results[] = {
    {SQLITE_BUSY, FAIL_UNAVAILABLE, "another process is using it"},
    {SQLITE_LOCKED, FAIL_UNAVAILABLE, "another process is using it"},
    {SQLITE_PROTOCOL, FAIL_UNAVAILABLE, "another process is using it"},
    {SQLITE_IOERR, FAIL_UNAVAILABLE, "the disk fails"},
    {SQLITE_FULL, FAIL_UNAVAILABLE, "make room on the disk"},
    {SQLITE_NOMEM, FAIL_UNAVAILABLE, "memory is short"},
    {SQLITE_CANTOPEN, FAIL_UNAVAILABLE, "is its disk there?"},
    {SQLITE_READONLY, FAIL_CONFIG, "file and folder must be writable for caldock"},
    {SQLITE_PERM, FAIL_CONFIG, "file and folder must be writable for caldock"},
    {SQLITE_NOTADB, FAIL_CONFIG, "name another file in [store] url"},
    {SQLITE_CORRUPT, FAIL_CONFIG, "restore it from a backup"},
    {SQLITE_CONSTRAINT, FAIL_CONFLICT, "refused"},
};

static const struct sqlite_result *sqlite_result_of(int code)
{
    static const struct sqlite_result other = {0, FAIL_INTERNAL, "a bug"};

    for (size_t i = 0; i < COUNT(sqlite_results); i++) {
        if (sqlite_results[i].code == (code & 0xff)) {
            return &sqlite_results[i];
        }
    }
    return &other;
}

static bool error_is_for_operator(int error)
{
    return error == EACCES || error == EPERM || error == EISDIR || error == ENOTDIR
           || error == EROFS || error == ELOOP || error == ENAMETOOLONG;
}

/* Somebody has put another database there. */
static bool is_about_schema(const char *message)
{
    return str_starts(str_from_z(message), S("no such table"))
           || str_starts(str_from_z(message), S("no such column"));
}

/* SQLite itself calls it so where a write to the file or its log finds no room, but not
 * where their index doesn't, nor a user's quota. */
static bool sqlite_is_full(void *conn)
{
    int code = sqlite3_errcode(conn) & 0xff;
    int error = sqlite3_system_errno(conn);

    return code == SQLITE_FULL
           || (code == SQLITE_IOERR && (error == ENOSPC || error == EDQUOT));
}

/* SQLite's words never hold a value that was bound. */
static Res sqlite_fail(struct cx *cx, sqlite3 *c)
{
    int code = sqlite3_extended_errcode(c);
    int error = sqlite3_system_errno(c);
    const struct sqlite_result *o = sqlite_result_of(code);
    static const struct sqlite_result foreign = {
        0, FAIL_CONFIG, "is it another database?"};
    static const struct sqlite_result unknown = {
        0, FAIL_INTERNAL, "a value that isn't known"};
    const char *file = sqlite3_db_filename(c, "main"); /* NULL when it was not opened */

    if ((code & 0xff) == SQLITE_CANTOPEN && error_is_for_operator(error)) {
        o = sqlite_result_of(SQLITE_PERM);
    }
    if (sqlite_is_full(c)) {
        o = sqlite_result_of(SQLITE_FULL);
    }
    if (code == SQLITE_ERROR && is_about_schema(sqlite3_errmsg(c))) {
        o = &foreign;
    }
    if (code == SQLITE_CONSTRAINT_TRIGGER || code == SQLITE_CONSTRAINT_NOTNULL) {
        o = &unknown;
    }
    return fail(
        cx, o->kind, "store: %s: %s%s%s: %s", file == NULL ? "its file" : file,
        sqlite3_errmsg(c), error == 0 ? "" : ", ",
        error == 0 ? "" : strerrordesc_np(error), o->mend);
}

/* What follows "sqlite:" is a file's name, not the rest of a URL. NULL: no flaw. */
static const char *sqlite_flaw(Str file)
{
    if (file.n == 0 || file.p[0] == ':') { /* SQLite's names for what is kept nowhere */
        return "sqlite: must be followed by a file, as sqlite:caldock.db";
    }
    if (str_starts(file, S("//")) && !str_starts(file, S("///"))) {
        return "sqlite:// would begin with a host, and a file has none: write "
               "sqlite:caldock.db, or sqlite:/var/lib/caldock/caldock.db for a path from "
               "the root";
    }
    if (str_contains(file, S("?"))) {
        return "a file takes no options: write sqlite:caldock.db without ? and what is "
               "behind it";
    }
    return NULL;
}

static Res sqlite_locate(struct cx *cx, Str url, Str folder, const char **ret)
{
    const char *flaw;

    url = str_sub(url, S("sqlite:").n, url.n);
    flaw = sqlite_flaw(url);
    if (flaw != NULL) {
        return fail(cx, FAIL_CONFIG, "%s", flaw);
    }
    if (url.p[0] != '/' && folder.n > 0) {
        url = str_cat(&cx->mem, str_cat(&cx->mem, folder, S("/")), url);
    }
    return str_z(cx, url, ret).code == FAIL_NONE
               ? OK
               : fail(cx, FAIL_CONFIG, "a file's name has no NUL");
}

static const char *sqlite_folder(struct cx *cx, const char *where)
{
    Str folder = str_from_z(where);

    while (folder.n > 0 && !str_ends(folder, S("/"))) {
        folder.n--;
    }
    return str_zdup(&cx->mem, folder.n == 0 ? S(".") : folder);
}

/* The file system that the file would be on may not be mounted yet. */
static Res sqlite_find_folder(struct cx *cx, const char *where)
{
    const char *path = sqlite_folder(cx, where);

    if (access(path, F_OK) != 0) {
        return fail(
            cx, error_is_for_operator(errno) ? FAIL_CONFIG : FAIL_UNAVAILABLE,
            "store: %s: its folder can't be reached: %s", where, strerrordesc_np(errno));
    }
    return OK;
}

/* Opening an empty file would make a database of it. */
static Res sqlite_find(struct cx *cx, const struct db_place *place)
{
    const char *where = place->where;
    struct stat st = {0};
    bool is_there = stat(where, &st) == 0;

    if (!is_there && errno != ENOENT) {
        return fail(
            cx, error_is_for_operator(errno) ? FAIL_CONFIG : FAIL_UNAVAILABLE,
            "store: %s: can't be reached: %s", where, strerrordesc_np(errno));
    }
    if (is_there && (st.st_size > 0 || !S_ISREG(st.st_mode))) {
        return OK;
    }
    TRY(sqlite_find_folder(cx, where));
    return fail(
        cx, FAIL_NOT_FOUND,
        "there is no store yet (%s); `caldock serve` or `caldock provider add` makes it",
        where);
}

/* A file that root makes is its folder's owner's, as a service has to open it that isn't
 * root; SQLite gives log and index to the owner of the file. Where that can't be, as on a
 * file system without owners, it stays root's. */
static void sqlite_give(int fd, const char *folder)
{
    struct stat st;
    bool is_given = geteuid() == 0 && stat(folder, &st) == 0 && st.st_uid != 0
                    && fchown(fd, st.st_uid, st.st_gid) == 0;

    (void)is_given;
}

/* A file that exists is not even opened: closing it would drop this process's locks. A
 * missing folder means that the store is away: a disk may yet be mounted. */
static Res sqlite_create(struct cx *cx, const struct db_place *place)
{
    const char *where = place->where;
    int fd = open(where, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        sqlite_give(fd, sqlite_folder(cx, where));
        (void)close(fd);
    } else if (errno != EEXIST) {
        return fail(
            cx, error_is_for_operator(errno) ? FAIL_CONFIG : FAIL_UNAVAILABLE,
            "store: %s: can't be made: %s: its folder must be there and writable", where,
            strerrordesc_np(errno));
    }
    return OK;
}

/* The name of a file that SQLite keeps beside it, into `ret` of PATH_MAX. */
static const char *sqlite_beside(const char *where, const char *suffix, char *ret)
{
    (void)snprintf(ret, PATH_MAX, "%s%s", where, suffix);
    return ret;
}

static Res sqlite_identify(
    struct cx *cx, const struct db_place *place, struct db_identity *ret)
{
    struct stat seen;
    struct stat log;
    char path[PATH_MAX];

    if (stat(place->where, &seen) != 0) {
        return fail(
            cx, FAIL_UNAVAILABLE, "store: %s: %s: is its disk there?", place->where,
            strerrordesc_np(errno));
    }
    bool has_log = stat(sqlite_beside(place->where, "-wal", path), &log) == 0;

    *ret = (struct db_identity){seen.st_dev, seen.st_ino, has_log ? log.st_ino : 0};
    return OK;
}

/* SQLite itself would find out at the next write, which may be long from now. */
static bool sqlite_is_writable(const struct db_place *place)
{
    return access(place->where, W_OK) == 0
           || (errno != EROFS && errno != EACCES && errno != EPERM);
}

static void sqlite_close(void *conn)
{
    (void)sqlite3_close(conn);
}

static void sqlite_done(sqlite3 **c)
{
    sqlite_close(*c);
}

static int sqlite_mode_read(void *is_wal, int n, char **values, char **names)
{
    (void)n;
    (void)names;
    *(bool *)is_wal = str_eq(str_from_z(values[0]), S("wal"));
    return 0;
}

/* SQLite itself doesn't wait in this one statement, where two processes meet that make a
 * new database. */
static Res sqlite_enter_wal(struct cx *cx, sqlite3 *c)
{
    int64_t end_ms = clock_mono_ms() + cx_left_ms(cx, LIMIT_STORE_WAIT_MS);
    bool is_wal = false;
    int got =
        sqlite3_exec(c, "pragma journal_mode = wal", sqlite_mode_read, &is_wal, NULL);

    while ((got & 0xff) == SQLITE_BUSY && clock_mono_ms() < end_ms) {
        (void)sqlite3_sleep(WAL_RETRY_MS);
        got =
            sqlite3_exec(c, "pragma journal_mode = wal", sqlite_mode_read, &is_wal, NULL);
    }
    if (got != SQLITE_OK) {
        return sqlite_fail(cx, c);
    }
    if (!is_wal) {
        return fail(
            cx, FAIL_CONFIG,
            "store: %s: must be on a local disk (no write-ahead log here)",
            sqlite3_db_filename(c, "main"));
    }
    return OK;
}

static void sqlite_set_wait(struct cx *cx, sqlite3 *c)
{
    (void)sqlite3_busy_timeout(c, (int)cx_left_ms(cx, LIMIT_STORE_WAIT_MS));
}

static Res sqlite_script(struct cx *cx, void *conn, const char *sql)
{
    return sqlite3_exec(conn, sql, NULL, NULL, NULL) == SQLITE_OK ? OK
                                                                  : sqlite_fail(cx, conn);
}

/*
 * Who only reads leaves no trace beside the file, and no lock that another would have to
 * wait for. SQLite makes the log and its index to read a file of this kind at all, so how
 * it is opened goes by what is there.
 */
enum reading {
    READING_SHARED, /* others have it open, and keep the index: as one of them */
    READING_ALONE,  /* a process that died left its log behind: with an index in memory */
    READING_SETTLED, /* all is in the file */
};

/* Asks for locks of others; takes none. */
static bool sqlite_is_open_elsewhere(const char *where)
{
    char path[PATH_MAX];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(sqlite_beside(where, "-shm", path), O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return errno != ENOENT;
    }
    bool is_locked = fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;

    (void)close(fd);
    return is_locked;
}

static enum reading sqlite_reading_of(const char *where)
{
    char path[PATH_MAX];
    struct stat log;

    if (sqlite_is_open_elsewhere(where)) {
        return READING_SHARED;
    }
    return stat(sqlite_beside(where, "-wal", path), &log) == 0 && log.st_size > 0
               ? READING_ALONE
               : READING_SETTLED;
}

/* The name of a file as a URI, so that it can carry what is asked of it. A name has no
 * `?` (sqlite_flaw). */
static Res sqlite_uri(struct cx *cx, const char *where, Str asked, const char **ret)
{
    struct buf b = {.mem = &cx->mem, .max = URI_BYTES};
    Str text;

    buf_add(&b, S("file:"));
    for (const char *p = where; *p != 0; p++) {
        buf_add(&b, *p == '%' ? S("%25") : *p == '#' ? S("%23") : (Str){p, 1});
    }
    buf_add(&b, asked);
    TRY(buf_done(cx, &b, &text));
    return str_z(cx, text, ret);
}

/* Of a connection that has no lock: whether another process has come meanwhile, so that
 * what it read may be of two moments. */
static bool sqlite_is_disturbed(sqlite3 *c)
{
    const char *file = sqlite3_db_filename(c, "main");

    return file != NULL && sqlite3_uri_boolean(file, QUIET, 0) != 0
           && sqlite_is_open_elsewhere(file);
}

static Res sqlite_open_to_read(struct cx *cx, const struct db_place *place, void **ret)
{
    static const struct {
        Str asked;
        const char *pragma;
    } ways[] = {
        [READING_SHARED] = {SI(""), ""},
        [READING_ALONE] =
            {SI("?vfs=unix-none&" QUIET "=1"),
             "pragma locking_mode = exclusive"}, /* the index in memory */
        [READING_SETTLED] = {SI("?immutable=1&" QUIET "=1"), ""},
    };

    CLEANUP(sqlite_done) sqlite3 *c = NULL;
    enum reading how = sqlite_reading_of(place->where);
    const char *uri;

    TRY(sqlite_uri(cx, place->where, ways[how].asked, &uri));
    int got = sqlite3_open_v2(
        uri, &c,
        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
            | SQLITE_OPEN_URI,
        NULL);

    must_be(c != NULL);
    if (got != SQLITE_OK) {
        return sqlite_fail(cx, c);
    }
    sqlite_set_wait(cx, c);
    (void)sqlite3_db_config(c, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    TRY(sqlite_script(cx, c, ways[how].pragma));
    TRY(sqlite_script(cx, c, "pragma trusted_schema = off; pragma temp_store = memory"));
    *ret = c;
    c = NULL;
    return OK;
}

static Res sqlite_open_to_write(struct cx *cx, const struct db_place *place, void **ret)
{
    const char *where = place->where;
    CLEANUP(sqlite_done) sqlite3 *c = NULL;
    int got = sqlite3_open_v2(
        where, &c, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        NULL);

    must_be(c != NULL);
    if (got != SQLITE_OK) {
        return sqlite_fail(cx, c);
    }
    if (sqlite3_db_readonly(c, "main") == 1) {
        return fail(
            cx, FAIL_CONFIG, "store: %s: read-only: %s", where,
            sqlite_result_of(SQLITE_READONLY)->mend);
    }
    sqlite_set_wait(cx, c);
    TRY(sqlite_enter_wal(cx, c));
    TRY(sqlite_script(
        cx, c,
        "pragma synchronous = full; pragma foreign_keys = on; pragma secure_delete = on;"
        "pragma trusted_schema = off; pragma temp_store = memory"));
    *ret = c;
    c = NULL;
    return OK;
}

static Res sqlite_open(struct cx *cx, const struct db_place *place, void **ret)
{
    return place->is_for_reading ? sqlite_open_to_read(cx, place, ret)
                                 : sqlite_open_to_write(cx, place, ret);
}

static Res sqlite_begin(struct cx *cx, void *conn, bool write)
{
    sqlite_set_wait(cx, conn);
    return sqlite_script(cx, conn, write ? "begin immediate" : "begin");
}

static Res sqlite_commit(struct cx *cx, void *conn)
{
    if (sqlite3_get_autocommit(conn) != 0) { /* a full disk ends it by itself */
        return fail(cx, FAIL_UNAVAILABLE, "store: the transaction was rolled back");
    }
    if (sqlite_is_disturbed(conn)) {
        return fail(cx, FAIL_UNAVAILABLE, "store: another process has begun to use it");
    }
    return sqlite_script(cx, conn, "commit");
}

static void sqlite_rollback(void *conn)
{
    if (sqlite3_get_autocommit(conn) == 0) {
        (void)sqlite3_exec(conn, "rollback", NULL, NULL, NULL);
    }
}

/* The file may have been put back or mended, so the next transaction opens it anew. */
static enum db_fate sqlite_fate(void *conn, Res failure)
{
    if (sqlite_is_disturbed(conn)) {
        return DB_LOST;
    }
    return failure.code == FAIL_UNAVAILABLE || failure.code == FAIL_CONFIG
                   || failure.code == FAIL_INTERNAL
               ? DB_BROKEN
               : DB_SOUND;
}

/* The log still has the pages as they were: it is copied back and cut to nothing. When a
 * reader needs it for longer, a later call does this. */
static void sqlite_scrub(void *conn)
{
    (void)sqlite3_busy_timeout(conn, SCRUB_WAIT_MS);
    (void)sqlite3_wal_checkpoint_v2(conn, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static Res sqlite_prepare(struct cx *cx, void *conn, const char *sql, void **ret)
{
    sqlite3_stmt *stmt;

    if (sqlite3_prepare_v3(conn, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL)
        != SQLITE_OK) {
        return sqlite_fail(cx, conn);
    }
    *ret = stmt;
    return OK;
}

static void sqlite_finish(void *stmt)
{
    (void)sqlite3_finalize(stmt);
}

static int sqlite_bind_one(sqlite3_stmt *stmt, int at, const struct db_value *v)
{
    const char *p = v->s.p == NULL ? "" : v->s.p; /* NULL would be null */

    if (v->is_null) {
        return sqlite3_bind_null(stmt, at);
    }
    switch (v->type) {
    case DB_INT:
        return sqlite3_bind_int64(stmt, at, v->i);
    case DB_TEXT:
        return sqlite3_bind_text64(stmt, at, p, v->s.n, SQLITE_TRANSIENT, SQLITE_UTF8);
    case DB_BLOB:
        return sqlite3_bind_blob64(stmt, at, p, v->s.n, SQLITE_TRANSIENT);
    }
    return SQLITE_MISUSE;
}

/* SQLite takes $1 for a name, and numbers names in the order of their appearance. */
static Res sqlite_bind(struct cx *cx, void *stmt, struct db_args args)
{
    int places = sqlite3_bind_parameter_count(stmt);

    for (int at = 1; at <= places; at++) {
        Str name = str_from_z(sqlite3_bind_parameter_name(stmt, at));
        int64_t number = 0;

        must_be(str_to_int(str_sub(name, 1, name.n), &number));
        must_be(number >= 1 && (size_t)number <= args.n);
        if (sqlite_bind_one(stmt, at, &args.at[number - 1]) != SQLITE_OK) {
            return sqlite_fail(cx, sqlite3_db_handle(stmt));
        }
    }
    return OK;
}

static Res sqlite_step(struct cx *cx, void *stmt, bool *ret)
{
    int got = sqlite3_step(stmt);

    if (got != SQLITE_ROW && got != SQLITE_DONE) {
        return sqlite_fail(cx, sqlite3_db_handle(stmt));
    }
    *ret = got == SQLITE_ROW;
    return OK;
}

static void sqlite_reset(void *stmt)
{
    (void)sqlite3_reset(stmt);
    (void)sqlite3_clear_bindings(stmt);
}

static int64_t sqlite_changed(void *stmt)
{
    return sqlite3_changes64(sqlite3_db_handle(stmt));
}

static bool sqlite_is_null(void *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL;
}

static int64_t sqlite_get_int(void *stmt, int column)
{
    return sqlite3_column_int64(stmt, column);
}

static Str sqlite_get_bytes(void *stmt, int column)
{
    const char *p = sqlite3_column_blob(stmt, column);

    return p == NULL ? S("") : (Str){p, (size_t)sqlite3_column_bytes(stmt, column)};
}

const struct db_driver db_sqlite = {
    .has_one_writer = true,
    .has_schema = "select count(*) from sqlite_schema"
                  " where name in ('schema_version', 'schema_steps')",
    .last_id = "select coalesce(max(seq), 0) from sqlite_sequence where name = $1",
    .set_last_id = "insert or replace into sqlite_sequence (rowid, name, seq)"
                   " values ((select rowid from sqlite_sequence where name = $1), $1, $2)"
                   " returning seq",
    .dialect = DIALECT_SQLITE,
    .locate = sqlite_locate,
    .find = sqlite_find,
    .identify = sqlite_identify,
    .is_writable = sqlite_is_writable,
    .create = sqlite_create,
    .open = sqlite_open,
    .close = sqlite_close,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .fate = sqlite_fate,
    .is_full = sqlite_is_full,
    .script = sqlite_script,
    .scrub = sqlite_scrub,
    .prepare = sqlite_prepare,
    .finish = sqlite_finish,
    .bind = sqlite_bind,
    .step = sqlite_step,
    .reset = sqlite_reset,
    .changed = sqlite_changed,
    .is_null = sqlite_is_null,
    .get_int = sqlite_get_int,
    .get_bytes = sqlite_get_bytes,
};
