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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "migrations_sqlite.h"
#include "store/driver.h"

enum {
    WAL_RETRY_MS = 5,
    SCRUB_WAIT_MS = 100, /* for readers of what is deleted */
};

/* What the operator reads. Without a row of its own a result is a bug of ours. */
static const struct outcome {
    int code;
    enum fail kind;
    const char *mend;
} outcomes[] = {
    {SQLITE_BUSY,       FAIL_UNAVAILABLE, "another process is using it"                 },
    {SQLITE_LOCKED,     FAIL_UNAVAILABLE, "another process is using it"                 },
    {SQLITE_PROTOCOL,   FAIL_UNAVAILABLE, "another process is using it"                 },
    {SQLITE_IOERR,      FAIL_UNAVAILABLE, "the disk fails"                              },
    {SQLITE_FULL,       FAIL_UNAVAILABLE, "make room on the disk"                       },
    {SQLITE_NOMEM,      FAIL_UNAVAILABLE, "memory is short"                             },
    {SQLITE_CANTOPEN,   FAIL_UNAVAILABLE, "is its disk there?"                          },
    {SQLITE_READONLY,   FAIL_CONFIG,      "file and folder must be writable for caldock"},
    {SQLITE_PERM,       FAIL_CONFIG,      "file and folder must be writable for caldock"},
    {SQLITE_NOTADB,     FAIL_CONFIG,      "name another file in [store] url"            },
    {SQLITE_CORRUPT,    FAIL_CONFIG,      "restore it from a backup"                    },
    {SQLITE_CONSTRAINT, FAIL_CONFLICT,    "refused"                                     },
};

static const struct outcome *outcome_of(int code)
{
    static const struct outcome other = {0, FAIL_INTERNAL, "a bug"};

    for (size_t i = 0; i < COUNT(outcomes); i++) {
        if (outcomes[i].code == (code & 0xff)) {
            return &outcomes[i];
        }
    }
    return &other;
}

static bool is_for_operator(int error)
{
    return error == EACCES || error == EPERM || error == EISDIR || error == ENOTDIR
           || error == EROFS || error == ELOOP || error == ENAMETOOLONG;
}

/* SQLite's words never hold a value that was bound. */
static Res fail_sqlite(struct cx *cx, sqlite3 *c)
{
    int code = sqlite3_errcode(c);
    int error = sqlite3_system_errno(c);
    const struct outcome *o = outcome_of(code);
    const char *file = sqlite3_db_filename(c, "main"); /* NULL when it was not opened */

    if ((code & 0xff) == SQLITE_CANTOPEN && is_for_operator(error)) {
        o = outcome_of(SQLITE_PERM);
    }
    return fail(
        cx, o->kind, "store: %s: %s%s%s: %s", file == NULL ? "its file" : file,
        sqlite3_errmsg(c), error == 0 ? "" : ", ",
        error == 0 ? "" : strerrordesc_np(error), o->mend);
}

static Res locate(struct cx *cx, Str url, Str folder, const char **ret)
{
    url = str_sub(url, S("sqlite:").n, url.n);
    if (url.n == 0 || url.p[0] == ':') { /* SQLite's names for what is kept nowhere */
        return fail(cx, FAIL_CONFIG, "[store] url: sqlite: must be followed by a file");
    }
    if (url.p[0] != '/' && folder.n > 0) {
        url = str_cat(&cx->mem, str_cat(&cx->mem, folder, S("/")), url);
    }
    return str_z(cx, url, ret).code == FAIL_NONE
               ? OK
               : fail(cx, FAIL_CONFIG, "[store] url: a file's name has no NUL");
}

/* A file that is there is not even opened: closing it would drop this process's locks.
 * Where its folder isn't there, the store is away: a disk may yet be mounted. */
static Res create(struct cx *cx, const struct db_place *place)
{
    const char *where = place->where;
    int fd = open(where, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        (void)close(fd);
    } else if (errno != EEXIST) {
        return fail(
            cx, is_for_operator(errno) ? FAIL_CONFIG : FAIL_UNAVAILABLE,
            "store: %s: can't be made: %s: its folder must be there and writable", where,
            strerrordesc_np(errno));
    }
    return OK;
}

static void close_conn(void *conn)
{
    (void)sqlite3_close(conn);
}

static void conn_done(sqlite3 **c)
{
    close_conn(*c);
}

static int note_mode(void *is_wal, int n, char **values, char **names)
{
    (void)n;
    (void)names;
    *(bool *)is_wal = str_eq(str_from_z(values[0]), S("wal"));
    return 0;
}

/* The one statement that SQLite itself doesn't wait with: two who make a new database
 * meet here. */
static Res enter_wal(struct cx *cx, sqlite3 *c)
{
    int64_t end_ms = clock_mono_ms() + cx_left_ms(cx, LIMIT_STORE_WAIT_MS);
    bool is_wal = false;
    int got = sqlite3_exec(c, "pragma journal_mode = wal", note_mode, &is_wal, NULL);

    while ((got & 0xff) == SQLITE_BUSY && clock_mono_ms() < end_ms) {
        (void)sqlite3_sleep(WAL_RETRY_MS);
        got = sqlite3_exec(c, "pragma journal_mode = wal", note_mode, &is_wal, NULL);
    }
    if (got != SQLITE_OK) {
        return fail_sqlite(cx, c);
    }
    if (!is_wal) {
        return fail(
            cx, FAIL_CONFIG,
            "store: %s: must be on a local disk (no write-ahead log here)",
            sqlite3_db_filename(c, "main"));
    }
    return OK;
}

static void set_wait(struct cx *cx, sqlite3 *c)
{
    (void)sqlite3_busy_timeout(c, (int)cx_left_ms(cx, LIMIT_STORE_WAIT_MS));
}

static Res script(struct cx *cx, void *conn, const char *sql)
{
    return sqlite3_exec(conn, sql, NULL, NULL, NULL) == SQLITE_OK ? OK
                                                                  : fail_sqlite(cx, conn);
}

static Res open_conn(struct cx *cx, const struct db_place *place, void **ret)
{
    const char *where = place->where;
    CLEANUP(conn_done) sqlite3 *c = NULL;
    int got = sqlite3_open_v2(
        where, &c, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
        NULL);

    must_be(c != NULL);
    if (got != SQLITE_OK) {
        return fail_sqlite(cx, c);
    }
    if (sqlite3_db_readonly(c, "main") == 1) {
        return fail(
            cx, FAIL_CONFIG, "store: %s: read-only: %s", where,
            outcome_of(SQLITE_READONLY)->mend);
    }
    set_wait(cx, c);
    TRY(enter_wal(cx, c));
    TRY(script(
        cx, c,
        "pragma synchronous = full; pragma foreign_keys = on; pragma secure_delete = on;"
        "pragma trusted_schema = off; pragma temp_store = memory"));
    *ret = c;
    c = NULL;
    return OK;
}

static Res begin(struct cx *cx, void *conn, bool write)
{
    set_wait(cx, conn);
    return script(cx, conn, write ? "begin immediate" : "begin");
}

static Res commit(struct cx *cx, void *conn)
{
    if (sqlite3_get_autocommit(conn) != 0) { /* a full disk ends it by itself */
        return fail(cx, FAIL_UNAVAILABLE, "store: the transaction was rolled back");
    }
    return script(cx, conn, "commit");
}

static void rollback(void *conn)
{
    if (sqlite3_get_autocommit(conn) == 0) {
        (void)sqlite3_exec(conn, "rollback", NULL, NULL, NULL);
    }
}

/* The file may have been put back or mended: who comes next opens it anew. */
static enum db_fate fate(void *conn, Res failure)
{
    (void)conn;
    return failure.code == FAIL_UNAVAILABLE || failure.code == FAIL_CONFIG
                   || failure.code == FAIL_INTERNAL
               ? DB_BROKEN
               : DB_SOUND;
}

/* The log still has the pages as they were: it is copied back and cut to nothing. Where a
 * reader needs it for longer the next one does it. */
static void scrub(void *conn)
{
    (void)sqlite3_busy_timeout(conn, SCRUB_WAIT_MS);
    (void)sqlite3_wal_checkpoint_v2(conn, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static Res prepare(struct cx *cx, void *conn, const char *sql, void **ret)
{
    sqlite3_stmt *stmt;

    if (sqlite3_prepare_v3(conn, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL)
        != SQLITE_OK) {
        return fail_sqlite(cx, conn);
    }
    *ret = stmt;
    return OK;
}

static void finish(void *stmt)
{
    (void)sqlite3_finalize(stmt);
}

static int bind_one(sqlite3_stmt *stmt, int at, const struct db_value *v)
{
    const char *p = v->s.p == NULL ? "" : v->s.p; /* NULL would be null */

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

/* To SQLite $1 is a name like any other, numbered by where it first stands. */
static Res bind(struct cx *cx, void *stmt, const struct db_value *args, size_t n)
{
    int places = sqlite3_bind_parameter_count(stmt);

    for (int at = 1; at <= places; at++) {
        Str name = str_from_z(sqlite3_bind_parameter_name(stmt, at));
        int64_t number = 0;

        must_be(str_to_int(str_sub(name, 1, name.n), &number));
        must_be(number >= 1 && (size_t)number <= n);
        if (bind_one(stmt, at, &args[number - 1]) != SQLITE_OK) {
            return fail_sqlite(cx, sqlite3_db_handle(stmt));
        }
    }
    return OK;
}

static Res step(struct cx *cx, void *stmt, bool *ret)
{
    int got = sqlite3_step(stmt);

    if (got != SQLITE_ROW && got != SQLITE_DONE) {
        return fail_sqlite(cx, sqlite3_db_handle(stmt));
    }
    *ret = got == SQLITE_ROW;
    return OK;
}

static void reset(void *stmt)
{
    (void)sqlite3_reset(stmt);
    (void)sqlite3_clear_bindings(stmt);
}

static int64_t changed(void *stmt)
{
    return sqlite3_changes64(sqlite3_db_handle(stmt));
}

static bool is_null(void *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL;
}

static int64_t get_int(void *stmt, int column)
{
    return sqlite3_column_int64(stmt, column);
}

static Str get_bytes(void *stmt, int column)
{
    const char *p = sqlite3_column_blob(stmt, column);

    return p == NULL ? S("") : (Str){p, (size_t)sqlite3_column_bytes(stmt, column)};
}

const struct db_driver db_sqlite = {
    .has_one_writer = true,
    .has_schema = "select count(*) from sqlite_schema where name = 'schema_version'",
    .last_id = "select coalesce(max(seq), 0) from sqlite_sequence where name = $1",
    .set_last_id = "insert or replace into sqlite_sequence (rowid, name, seq)"
                   " values ((select rowid from sqlite_sequence where name = $1), $1, $2)"
                   " returning seq",
    .migrations = migrations_sqlite,
    .n_migrations = COUNT(migrations_sqlite),
    .locate = locate,
    .create = create,
    .open = open_conn,
    .close = close_conn,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .fate = fate,
    .script = script,
    .scrub = scrub,
    .prepare = prepare,
    .finish = finish,
    .bind = bind,
    .step = step,
    .reset = reset,
    .changed = changed,
    .is_null = is_null,
    .get_int = get_int,
    .get_bytes = get_bytes,
};
