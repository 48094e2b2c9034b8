/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db_postgres.c - the driver for PostgreSQL, and for what speaks its protocol.
 *
 * Writers are SERIALIZABLE, so that work written for one writer at a time means the same
 * here (docs/adr/0013). Values go both ways in binary. Uses no extension, trigger,
 * advisory lock or state of a session but its prepared statements (docs/postgresql.md).
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "store/pg.h"

enum {
    TYPE_BYTEA = 17, /* pg_type.dat: the same numbers in every server */
    TYPE_INT8 = 20,
    TYPE_TEXT = 25,
    PARAMS_MOST = 300,
    IN_BINARY = 1,
    BEGIN_BYTES = 256,
    ROLLBACK_WAIT_MS = 1000,
};

#define HAS_SCHEMA                                                                       \
    "select count(to_regclass('schema_version')) + count(to_regclass('schema_steps'))"

struct pg_stmt {
    struct pg *pg;
    const char *sql;
    int n_params;
    char name[16]; /* of the prepared statement; empty: none yet */
    PGresult *result;
    int row;
};

static Res postgres_locate(struct cx *cx, Str url, Str folder, const char **ret)
{
    const char *text;

    (void)folder;
    if (str_z(cx, url, &text).code == FAIL_NONE) {
        PQconninfoOption *options = PQconninfoParse(text, NULL);

        PQconninfoFree(options); /* accepts NULL */
        if (options != NULL) {
            *ret = text;
            return OK;
        }
    }
    return fail(
        cx, FAIL_CONFIG,
        "libpq doesn't read the URL; it takes "
        "postgresql://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE, with %%XX for what "
        "is special in one of these");
}

static Res postgres_open(struct cx *cx, const struct db_place *place, void **ret)
{
    struct pg *pg;

    TRY(pg_open(cx, place, &pg));
    *ret = pg;
    return OK;
}

static void postgres_close(void *conn)
{
    struct pg *pg = conn;

    pg_close(&pg);
}

static Res postgres_has_schema(struct cx *cx, struct pg *pg, bool *ret)
{
    CLEANUP(pg_result_done) PGresult *result = NULL;

    if (PQsendQuery(pg->conn, HAS_SCHEMA) == 0) {
        return pg_fail(cx, pg, NULL);
    }
    TRY(pg_result(cx, pg, pg_end_ms(cx), &result));
    *ret = !str_eq(str_from_z(PQgetvalue(result, 0, 0)), S("0"));
    return OK;
}

/* Makes the row that migrations lock. Of several processes that make it at once all but
 * one are refused, and then find it there. */
static Res postgres_create(struct cx *cx, const struct db_place *place)
{
    CLEANUP(pg_close) struct pg *pg = NULL;
    bool is_there = false;

    TRY(pg_open(cx, place, &pg));
    TRY(postgres_has_schema(cx, pg, &is_there));
    if (is_there) {
        return OK;
    }
    Res r = pg_run(
        cx, pg, pg_end_ms(cx),
        "create table schema_version"
        " (version bigint primary key, applied_at bigint not null);"
        "insert into schema_version (version, applied_at) values (0, 0)");

    if (r.code != FAIL_NONE) {
        TRY(postgres_has_schema(cx, pg, &is_there));
    }
    return is_there ? OK : r;
}

/* Without a deadline statements may take their time; locks are still not waited for
 * without end. A deadline that is over already says nothing about the server, and costs
 * no connection. */
static Res postgres_begin(struct cx *cx, void *conn, bool write)
{
    struct pg *pg = conn;
    bool is_timed = cx->deadline_ms != 0;
    long long left_ms = (long long)cx_left_ms(cx, LIMIT_STORE_WAIT_MS);
    char sql[BEGIN_BYTES];

    pg->fate = DB_SOUND;
    pg->is_full = false;
    pg->is_committing = false;
    if (left_ms == 0) {
        return fail(cx, FAIL_UNAVAILABLE, "store: no time is left to ask it");
    }
    (void)snprintf(
        sql, sizeof(sql),
        "begin isolation level %s; set local statement_timeout = %lld;"
        "set local lock_timeout = %lld;"
        "set local idle_in_transaction_session_timeout = %d",
        write ? "serializable" : "repeatable read read only", is_timed ? left_ms : 0,
        left_ms, is_timed ? LIMIT_STORE_IDLE_MS : 0);
    Res r = pg_run(cx, pg, pg_end_ms(cx), sql);

    if (r.code != FAIL_NONE && pg->fate == DB_SOUND) {
        pg->fate = DB_BROKEN;
    }
    return r;
}

static Res postgres_commit(struct cx *cx, void *conn)
{
    CLEANUP(pg_result_done) PGresult *result = NULL;
    struct pg *pg = conn;

    pg->is_committing = true;
    if (PQsendQuery(pg->conn, "commit") == 0) {
        return pg_fail(cx, pg, NULL);
    }
    TRY(pg_result(cx, pg, pg_end_ms(cx), &result));
    if (!str_eq(str_from_z(PQcmdStatus(result)), S("COMMIT"))) {
        return fail(cx, FAIL_UNAVAILABLE, "store: the transaction was rolled back");
    }
    return OK;
}

/* A broken connection is closed instead, which ends its transaction too. */
static void postgres_rollback(void *conn)
{
    struct pg *pg = conn;
    struct cx own = {0};
    enum db_fate before = pg->fate;

    if (before == DB_BROKEN || before == DB_LOST
        || PQtransactionStatus(pg->conn) == PQTRANS_IDLE) {
        return;
    }
    if (pg_run(&own, pg, clock_mono_ms() + ROLLBACK_WAIT_MS, "rollback").code
        != FAIL_NONE) {
        pg->fate = before == DB_CONFLICT ? DB_LOST : DB_BROKEN;
    }
    cx_done(&own);
}

static bool postgres_is_full(void *conn)
{
    const struct pg *pg = conn;

    return pg->is_full;
}

static enum db_fate postgres_fate(void *conn, Res failure)
{
    const struct pg *pg = conn;

    (void)failure;
    return pg->fate;
}

static Res postgres_script(struct cx *cx, void *conn, const char *sql)
{
    return pg_run(cx, conn, pg_end_ms(cx), sql);
}

/* Overwriting what was deleted is the server's business. */
static void postgres_scrub(void *conn)
{
    (void)conn;
}

/* The highest n of $n. */
static int sql_count_params(const char *sql)
{
    int most = 0;

    while ((sql = strchr(sql, '$')) != NULL) {
        int n = 0;

        for (sql++; char_is_digit((unsigned char)*sql); sql++) {
            n = n * 10 + (*sql - '0');
        }
        most = n > most ? n : most;
    }
    return most;
}

/* The statement reaches the server with its first arguments, whose types it needs. */
static Res postgres_prepare(struct cx *cx, void *conn, const char *sql, void **ret)
{
    int n = sql_count_params(sql);

    if (n > PARAMS_MOST) {
        return fail(
            cx, FAIL_LIMIT, "store: a statement of %d parameters, %d at most", n,
            PARAMS_MOST);
    }
    struct pg_stmt *s = heap_alloc(sizeof(*s));

    *s = (struct pg_stmt){.pg = conn, .sql = sql, .n_params = n};
    *ret = s;
    return OK;
}

static void postgres_finish(void *stmt)
{
    heap_free(stmt); /* at the server it ends with the connection */
}

struct pg_params {
    Oid types[PARAMS_MOST];
    int64_t ints[PARAMS_MOST];
    const char *values[PARAMS_MOST];
    int lengths[PARAMS_MOST];
    int formats[PARAMS_MOST];
};

static void param_put(struct pg_params *p, int at, const struct db_value *v)
{
    p->formats[at] = IN_BINARY;
    p->values[at] = v->s.p == NULL ? "" : v->s.p; /* NULL would be null */
    p->lengths[at] = (int)v->s.n;
    switch (v->type) {
    case DB_INT:
        p->types[at] = TYPE_INT8;
        p->ints[at] = (int64_t)htobe64((uint64_t)v->i);
        p->values[at] = (const char *)&p->ints[at];
        p->lengths[at] = sizeof(p->ints[at]);
        break;
    case DB_TEXT:
        p->types[at] = TYPE_TEXT;
        break;
    case DB_BLOB:
        p->types[at] = TYPE_BYTEA;
        break;
    }
    if (v->is_null) {
        p->values[at] = NULL;
    }
}

static Res stmt_prepare_now(struct cx *cx, struct pg_stmt *s, const struct pg_params *p)
{
    CLEANUP(pg_result_done) PGresult *result = NULL;
    struct pg *pg = s->pg;
    char name[sizeof(s->name)];

    (void)snprintf(name, sizeof(name), "c%u", ++pg->n_prepared);
    if (PQsendPrepare(pg->conn, name, s->sql, s->n_params, p->types) == 0) {
        return pg_fail(cx, pg, NULL);
    }
    TRY(pg_result(cx, pg, pg_end_ms(cx), &result));
    memcpy(s->name, name, sizeof(name));
    return OK;
}

static int stmt_send(const struct pg_stmt *s, const struct pg_params *p)
{
    return s->pg->is_unprepared ? PQsendQueryParams(
               s->pg->conn, s->sql, s->n_params, p->types, p->values, p->lengths,
               p->formats, IN_BINARY)
                                : PQsendQueryPrepared(
                                    s->pg->conn, s->name, s->n_params, p->values,
                                    p->lengths, p->formats, IN_BINARY);
}

/* Runs the statement, too: all of its rows are here when this returns. */
static Res postgres_bind(struct cx *cx, void *stmt, struct db_args args)
{
    struct pg_stmt *s = stmt;
    struct pg_params p;

    must_be((size_t)s->n_params <= args.n);
    for (int at = 0; at < s->n_params; at++) {
        param_put(&p, at, &args.at[at]);
    }
    if (!s->pg->is_unprepared && s->name[0] == 0) {
        TRY(stmt_prepare_now(cx, s, &p));
    }
    if (stmt_send(s, &p) == 0) {
        return pg_fail(cx, s->pg, NULL);
    }
    s->row = -1;
    return pg_result(cx, s->pg, pg_end_ms(cx), &s->result);
}

static Res postgres_step(struct cx *cx, void *stmt, bool *ret)
{
    struct pg_stmt *s = stmt;

    (void)cx;
    *ret = ++s->row < PQntuples(s->result);
    return OK;
}

static void postgres_reset(void *stmt)
{
    struct pg_stmt *s = stmt;

    pg_result_done(&s->result);
}

static int64_t postgres_changed(void *stmt)
{
    const struct pg_stmt *s = stmt;
    int64_t n = 0;

    (void)str_to_int(str_from_z(PQcmdTuples(s->result)), &n);
    return n;
}

static bool postgres_is_null(void *stmt, int column)
{
    const struct pg_stmt *s = stmt;

    return PQgetisnull(s->result, s->row, column) == 1;
}

static Str postgres_get_bytes(void *stmt, int column)
{
    const struct pg_stmt *s = stmt;

    return (Str){
        PQgetvalue(s->result, s->row, column),
        (size_t)PQgetlength(s->result, s->row, column)};
}

/* Integers come big endian, in the size of their type. */
static int64_t postgres_get_int(void *stmt, int column)
{
    Str bytes = postgres_get_bytes(stmt, column);
    uint64_t v = bytes.n > 0 && (bytes.p[0] & 0x80) != 0 ? UINT64_MAX : 0;

    for (size_t i = 0; i < bytes.n; i++) {
        v = v << 8 | (unsigned char)bytes.p[i];
    }
    return (int64_t)v;
}

const struct db_driver db_postgres = {
    .has_schema = HAS_SCHEMA,
    .lock_schema = "update schema_version set applied_at = applied_at where version = 0",
    .now_ms =
        "select cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)",
    .is_read_only = "select cast(pg_is_in_recovery() or "
                    "current_setting('default_transaction_read_only') = 'on' as int)",
    .most_connections =
        "select cast(current_setting('max_connections') as bigint)"
        " - cast(current_setting('superuser_reserved_connections') as bigint)",
    .last_id = "select coalesce(pg_sequence_last_value("
               "cast(pg_get_serial_sequence($1, 'id') as regclass)), 0)",
    .set_last_id = "select setval(pg_get_serial_sequence($1, 'id'), $2)",
    .dialect = DIALECT_POSTGRES,
    .locate = postgres_locate,
    .create = postgres_create,
    .open = postgres_open,
    .close = postgres_close,
    .begin = postgres_begin,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .fate = postgres_fate,
    .is_full = postgres_is_full,
    .script = postgres_script,
    .scrub = postgres_scrub,
    .prepare = postgres_prepare,
    .finish = postgres_finish,
    .bind = postgres_bind,
    .step = postgres_step,
    .reset = postgres_reset,
    .changed = postgres_changed,
    .is_null = postgres_is_null,
    .get_int = postgres_get_int,
    .get_bytes = postgres_get_bytes,
};
