/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_fail.c - what a failure of PostgreSQL is to us, by its SQLSTATE (its manual,
 * appendix A).
 *
 * The server's words go into the reason only where they hold no value: its detail and its
 * complaints about data do.
 */
#include <string.h>

#include "base/arena.h"
#include "base/cx.h"
#include "store/pg.h"

enum { STATE_CHARS = 5 };

/* The first row whose state begins so. Without one it is a bug of ours. */
static const struct state_row {
    Str state;
    enum fail kind;
    enum db_fate fate;
    const char *mend;
    bool is_full;
} state_rows[] = {
    {SI("08"), FAIL_UNAVAILABLE, DB_LOST, "the connection is given up"},
    {SI("0A000"), FAIL_UNAVAILABLE, DB_BROKEN, "[store] url must name the primary"},
    {SI("23502"), FAIL_INTERNAL, DB_SOUND, "a value that isn't known"},
    {SI("23514"), FAIL_INTERNAL, DB_SOUND, "a value that isn't known"},
    {SI("23"), FAIL_CONFLICT, DB_SOUND, "refused"},
    {SI("25006"), FAIL_UNAVAILABLE, DB_BROKEN, "[store] url must name the primary"},
    {SI("25P03"), FAIL_UNAVAILABLE, DB_LOST, "the transaction was idle for too long"},
    {SI("26000"), FAIL_CONFIG, DB_BROKEN, "behind a pooler: prepared_statements = off"},
    {SI("28"), FAIL_CONFIG, DB_BROKEN, "look at user and password in [store] url"},
    {SI("3D000"), FAIL_CONFIG, DB_BROKEN, "create the database, or name another"},
    {SI("3F000"), FAIL_CONFIG, DB_BROKEN, "create the schema and let the user in"},
    {SI("40001"), FAIL_UNAVAILABLE, DB_CONFLICT, "others are at the same"},
    {SI("40P01"), FAIL_UNAVAILABLE, DB_CONFLICT, "others are at the same"},
    {SI("40003"), FAIL_UNAVAILABLE, DB_BROKEN, "nobody knows whether it was done"},
    {SI("42P01"), FAIL_CONFIG, DB_BROKEN, "is it another database or schema?"},
    {SI("42703"), FAIL_CONFIG, DB_BROKEN, "is it another database or schema?"},
    {SI("42501"), FAIL_CONFIG, DB_BROKEN, "grant it to the user in [store] url"},
    {SI("42P05"), FAIL_CONFIG, DB_BROKEN, "behind a pooler: prepared_statements = off"},
    {SI("53100"), FAIL_UNAVAILABLE, DB_SOUND, "make room on its disk", .is_full = true},
    {SI("53300"), FAIL_UNAVAILABLE, DB_BROKEN,
     "raise max_connections or lower [store] pool"},
    {SI("53"), FAIL_UNAVAILABLE, DB_SOUND, "the server is short of something"},
    {SI("55P03"), FAIL_UNAVAILABLE, DB_SOUND, "another transaction holds it"},
    {SI("57014"), FAIL_UNAVAILABLE, DB_SOUND, "it took too long"},
    {SI("57P04"), FAIL_CONFIG, DB_BROKEN, "the database is dropped"},
    {SI("57P"), FAIL_UNAVAILABLE, DB_LOST, "the server stops or starts"},
    {SI("58"), FAIL_UNAVAILABLE, DB_BROKEN, "the server's disk fails"},
    {SI("XX001"), FAIL_CONFIG, DB_BROKEN, "restore it from a backup"},
    {SI("XX002"), FAIL_CONFIG, DB_BROKEN, "restore it from a backup"},
};

static const struct state_row *state_row_of(Str state)
{
    static const struct state_row other = {SI(""), FAIL_INTERNAL, DB_SOUND, "a bug"};

    for (size_t i = 0; i < COUNT(state_rows); i++) {
        if (str_starts(state, state_rows[i].state)) {
            return &state_rows[i];
        }
    }
    return &other;
}

/* Work whose commit was under way is not tried again: it may have been done. */
static enum db_fate pg_fate_of(const struct pg *pg, enum db_fate fate)
{
    return pg->is_committing && fate == DB_LOST ? DB_BROKEN : fate;
}

static void pg_fate_note(struct pg *pg, enum db_fate fate)
{
    if (pg->fate == DB_SOUND || pg->fate == DB_CONFLICT) {
        pg->fate = pg_fate_of(pg, fate);
    }
}

Res pg_fail(struct cx *cx, struct pg *pg, const PGresult *result)
{
    Str state = str_from_z(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    Str words = str_from_z(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    const struct state_row *o = state_row_of(state);

    pg->is_full = o->is_full; /* also where it ends the connection */
    bool is_gone = PQstatus(pg->conn) != CONNECTION_OK && o->kind != FAIL_CONFIG;

    if (state.n == 0) {
        state = S("08006");
        words = is_gone ? S("the connection broke") : S("no answer in time");
    }
    if (is_gone || str_starts(state, S("08"))) {
        o = state_row_of(S("08"));
    }
    pg_fate_note(pg, o->fate);
    if (str_starts(state, S("22"))) {
        words = S("data that it doesn't take");
    }
    return fail(
        cx, o->kind, "store: PostgreSQL: %.*s (%.*s): %s", STR_ARG(words), STR_ARG(state),
        o->mend);
}

static bool char_is_state(unsigned char c)
{
    return char_is_digit(c) || (c >= 'A' && c <= 'Z');
}

/* The state in a message of the verbose kind, "FATAL:  28P01: …": before a server has let
 * us in, libpq has no other place for it. */
static Str message_state(Str line)
{
    for (size_t i = 0; i + STATE_CHARS + 4 <= line.n; i++) {
        Str state = str_sub(line, i + 3, i + 3 + STATE_CHARS);

        if (str_eq(str_sub(line, i, i + 3), S(":  ")) && str_is_only(state, char_is_state)
            && line.p[i + 3 + STATE_CHARS] == ':') {
            return state;
        }
    }
    return S("");
}

/* The line of the last host that has answered, or else of the first host. */
static Str message_choose_line(Str text)
{
    Str chosen = {NULL, 0};
    Str line;

    while (str_next_part(&text, '\n', &line)) {
        if (chosen.p == NULL || message_state(line).n > 0) {
            chosen = line;
        }
    }
    return chosen;
}

Res pg_fail_connect(struct cx *cx, const PGconn *conn)
{
    static const struct state_row away = {
        SI(""), FAIL_UNAVAILABLE, DB_SOUND, "is it running? can it be reached?"};
    Str line = message_choose_line(str_from_z(PQerrorMessage(conn)));
    const struct state_row *o = state_row_of(message_state(line));

    if (PQconnectionNeedsPassword(conn)) {
        o = state_row_of(S("28"));
    } else if (message_state(line).n == 0) {
        o = &away;
    }
    return fail(cx, o->kind, "store: PostgreSQL: %.*s: %s", STR_ARG(line), o->mend);
}
