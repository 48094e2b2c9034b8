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
#include "migrations_postgres.h"
#include "store/pg.h"

enum {
    TYPE_BYTEA = 17, /* pg_type.dat: the same numbers in every server */
    TYPE_INT8 = 20,
    TYPE_TEXT = 25,
    PARAMS_MOST = 16,
    IN_BINARY = 1,
    BEGIN_BYTES = 256,
    ROLLBACK_WAIT_MS = 1000,
};

#define HAS_SCHEMA "select count(to_regclass('schema_version'))"

struct pg_stmt {
    struct pg *pg;
    const char *sql;
    int n_params;
    char name[16]; /* of the prepared statement; empty: none yet */
    PGresult *result;
    int row;
};

static Res locate(struct cx *cx, Str url, Str folder, const char **ret)
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
        "[store] url: libpq doesn't read it; it takes "
        "postgresql://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE, with %%XX for what "
        "is special in one of these");
}

static Res open_conn(struct cx *cx, const struct db_place *place, void **ret)
{
    struct pg *pg;

    TRY(pg_open(cx, place, &pg));
    *ret = pg;
    return OK;
}

static void close_conn(void *conn)
{
    struct pg *pg = conn;

    pg_close(&pg);
}

static Res has_schema(struct cx *cx, struct pg *pg, bool *ret)
{
    CLEANUP(pg_result_done) PGresult *result = NULL;

    if (PQsendQuery(pg->conn, HAS_SCHEMA) == 0) {
        return pg_fail(cx, pg, NULL);
    }
    TRY(pg_result(cx, pg, pg_end_ms(cx), &result));
    *ret = str_eq(str_from_z(PQgetvalue(result, 0, 0)), S("1"));
    return OK;
}

/* The row that migrations lock. Of several who make it at once all but one are refused,
 * and find it there. */
static Res create(struct cx *cx, const struct db_place *place)
{
    CLEANUP(pg_close) struct pg *pg = NULL;
    bool is_there = false;

    TRY(pg_open(cx, place, &pg));
    TRY(has_schema(cx, pg, &is_there));
    if (is_there) {
        return OK;
    }
    Res r = pg_run(
        cx, pg, pg_end_ms(cx),
        "create table schema_version"
        " (version bigint primary key, applied_at bigint not null);"
        "insert into schema_version (version, applied_at) values (0, 0)");

    if (r.code != FAIL_NONE) {
        TRY(has_schema(cx, pg, &is_there));
    }
    return is_there ? OK : r;
}

/* Without a deadline statements may take their time; locks are still not waited for
 * without end. */
static Res begin(struct cx *cx, void *conn, bool write)
{
    struct pg *pg = conn;
    bool is_timed = cx->deadline_ms != 0;
    long long left_ms = (long long)cx_left_ms(cx, LIMIT_STORE_WAIT_MS);
    char sql[BEGIN_BYTES];

    left_ms = left_ms > 0 ? left_ms : 1; /* 0 would be no limit */
    (void)snprintf(
        sql, sizeof(sql),
        "begin isolation level %s; set local statement_timeout = %lld;"
        "set local lock_timeout = %lld;"
        "set local idle_in_transaction_session_timeout = %d",
        write ? "serializable" : "repeatable read read only", is_timed ? left_ms : 0,
        left_ms, is_timed ? LIMIT_STORE_IDLE_MS : 0);
    pg->fate = DB_SOUND;
    pg->is_committing = false;
    Res r = pg_run(cx, pg, pg_end_ms(cx), sql);

    if (r.code != FAIL_NONE && pg->fate == DB_SOUND) {
        pg->fate = DB_BROKEN;
    }
    return r;
}

static Res commit(struct cx *cx, void *conn)
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

/* What is broken is closed, which ends its transaction too. */
static void rollback(void *conn)
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

static enum db_fate fate(void *conn, Res failure)
{
    const struct pg *pg = conn;

    (void)failure;
    return pg->fate;
}

static Res script(struct cx *cx, void *conn, const char *sql)
{
    return pg_run(cx, conn, pg_end_ms(cx), sql);
}

/* What is deleted is the server's to overwrite. */
static void scrub(void *conn)
{
    (void)conn;
}

/* The highest n of $n. */
static int count_params(const char *sql)
{
    int most = 0;

    while ((sql = strchr(sql, '$')) != NULL) {
        int n = 0;

        for (sql++; char_is_digit((unsigned char)*sql); sql++) {
            n = n * 10 + (*sql - '0');
        }
        most = n > most ? n : most;
    }
    must_be(most <= PARAMS_MOST);
    return most;
}

/* The server hears of it with its first arguments, whose types it needs. */
static Res prepare(struct cx *cx, void *conn, const char *sql, void **ret)
{
    struct pg_stmt *s = heap_alloc(sizeof(*s));

    (void)cx;
    *s = (struct pg_stmt){.pg = conn, .sql = sql, .n_params = count_params(sql)};
    *ret = s;
    return OK;
}

static void finish(void *stmt)
{
    heap_free(stmt); /* at the server it ends with the connection */
}

struct params {
    Oid types[PARAMS_MOST];
    int64_t ints[PARAMS_MOST];
    const char *values[PARAMS_MOST];
    int lengths[PARAMS_MOST];
    int formats[PARAMS_MOST];
};

static void put_param(struct params *p, int at, const struct db_value *v)
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
}

static Res prepare_now(struct cx *cx, struct pg_stmt *s, const struct params *p)
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

static int send_stmt(const struct pg_stmt *s, const struct params *p)
{
    return s->pg->is_unprepared ? PQsendQueryParams(
               s->pg->conn, s->sql, s->n_params, p->types, p->values, p->lengths,
               p->formats, IN_BINARY)
                                : PQsendQueryPrepared(
                                    s->pg->conn, s->name, s->n_params, p->values,
                                    p->lengths, p->formats, IN_BINARY);
}

/* Runs it, too: all of its rows are here when this returns. */
static Res bind(struct cx *cx, void *stmt, const struct db_value *args, size_t n)
{
    struct pg_stmt *s = stmt;
    struct params p;

    must_be((size_t)s->n_params <= n);
    for (int at = 0; at < s->n_params; at++) {
        put_param(&p, at, &args[at]);
    }
    if (!s->pg->is_unprepared && s->name[0] == 0) {
        TRY(prepare_now(cx, s, &p));
    }
    if (send_stmt(s, &p) == 0) {
        return pg_fail(cx, s->pg, NULL);
    }
    s->row = -1;
    return pg_result(cx, s->pg, pg_end_ms(cx), &s->result);
}

static Res step(struct cx *cx, void *stmt, bool *ret)
{
    struct pg_stmt *s = stmt;

    (void)cx;
    *ret = ++s->row < PQntuples(s->result);
    return OK;
}

static void reset(void *stmt)
{
    struct pg_stmt *s = stmt;

    pg_result_done(&s->result);
}

static int64_t changed(void *stmt)
{
    const struct pg_stmt *s = stmt;
    int64_t n = 0;

    (void)str_to_int(str_from_z(PQcmdTuples(s->result)), &n);
    return n;
}

static bool is_null(void *stmt, int column)
{
    const struct pg_stmt *s = stmt;

    return PQgetisnull(s->result, s->row, column) == 1;
}

static Str get_bytes(void *stmt, int column)
{
    const struct pg_stmt *s = stmt;

    return (Str){
        PQgetvalue(s->result, s->row, column),
        (size_t)PQgetlength(s->result, s->row, column)};
}

/* Big endian, of whatever size the type has. */
static int64_t get_int(void *stmt, int column)
{
    Str bytes = get_bytes(stmt, column);
    uint64_t v = bytes.n > 0 && (bytes.p[0] & 0x80) != 0 ? UINT64_MAX : 0;

    for (size_t i = 0; i < bytes.n; i++) {
        v = v << 8 | (unsigned char)bytes.p[i];
    }
    return (int64_t)v;
}

const struct db_driver db_postgres = {
    .has_schema = HAS_SCHEMA,
    .lock_schema = "update schema_version set applied_at = applied_at where version = 0",
    .last_id = "select coalesce(pg_sequence_last_value("
               "cast(pg_get_serial_sequence($1, 'id') as regclass)), 0)",
    .set_last_id = "select setval(pg_get_serial_sequence($1, 'id'), $2)",
    .migrations = migrations_postgres,
    .n_migrations = COUNT(migrations_postgres),
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
