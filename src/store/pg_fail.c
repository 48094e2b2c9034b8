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
static const struct outcome {
    Str state;
    enum fail kind;
    enum db_fate fate;
    const char *mend;
} outcomes[] = {
    {SI("08"),    FAIL_UNAVAILABLE, DB_LOST,     "the connection is given up"                },
    {SI("0A000"), FAIL_UNAVAILABLE, DB_BROKEN,   "[store] url must name the primary"         },
    {SI("23"),    FAIL_CONFLICT,    DB_SOUND,    "refused"                                   },
    {SI("25006"), FAIL_UNAVAILABLE, DB_BROKEN,   "[store] url must name the primary"         },
    {SI("25P03"), FAIL_UNAVAILABLE, DB_LOST,     "the transaction was idle for too long"     },
    {SI("26000"), FAIL_CONFIG,      DB_BROKEN,   "behind a pooler: prepared_statements = off"},
    {SI("28"),    FAIL_CONFIG,      DB_BROKEN,   "look at user and password in [store] url"  },
    {SI("3D000"), FAIL_CONFIG,      DB_BROKEN,   "create the database, or name another"      },
    {SI("3F000"), FAIL_CONFIG,      DB_BROKEN,   "create the schema and let the user in"     },
    {SI("40001"), FAIL_UNAVAILABLE, DB_CONFLICT, "others are at the same"                    },
    {SI("40P01"), FAIL_UNAVAILABLE, DB_CONFLICT, "others are at the same"                    },
    {SI("40003"), FAIL_UNAVAILABLE, DB_BROKEN,   "nobody knows whether it was done"          },
    {SI("42501"), FAIL_CONFIG,      DB_BROKEN,   "grant it to the user in [store] url"       },
    {SI("42P05"), FAIL_CONFIG,      DB_BROKEN,   "behind a pooler: prepared_statements = off"},
    {SI("53100"), FAIL_UNAVAILABLE, DB_SOUND,    "make room on its disk"                     },
    {SI("53300"), FAIL_UNAVAILABLE, DB_BROKEN,
     "raise max_connections or lower [store] pool"                                           },
    {SI("53"),    FAIL_UNAVAILABLE, DB_SOUND,    "the server is short of something"          },
    {SI("55P03"), FAIL_UNAVAILABLE, DB_SOUND,    "another transaction holds it"              },
    {SI("57014"), FAIL_UNAVAILABLE, DB_SOUND,    "it took too long"                          },
    {SI("57P04"), FAIL_CONFIG,      DB_BROKEN,   "the database is dropped"                   },
    {SI("57P"),   FAIL_UNAVAILABLE, DB_LOST,     "the server stops or starts"                },
    {SI("58"),    FAIL_UNAVAILABLE, DB_BROKEN,   "the server's disk fails"                   },
    {SI("XX001"), FAIL_CONFIG,      DB_BROKEN,   "restore it from a backup"                  },
    {SI("XX002"), FAIL_CONFIG,      DB_BROKEN,   "restore it from a backup"                  },
};

static const struct outcome *outcome_of(Str state)
{
    static const struct outcome other = {SI(""), FAIL_INTERNAL, DB_SOUND, "a bug"};

    for (size_t i = 0; i < COUNT(outcomes); i++) {
        if (str_starts(state, outcomes[i].state)) {
            return &outcomes[i];
        }
    }
    return &other;
}

/* Once lost while it committed, it is not tried again: it may have been done. */
static enum db_fate fate_of(const struct pg *pg, enum db_fate fate)
{
    return pg->is_committing && fate == DB_LOST ? DB_BROKEN : fate;
}

static void note(struct pg *pg, enum db_fate fate)
{
    if (pg->fate == DB_SOUND || pg->fate == DB_CONFLICT) {
        pg->fate = fate_of(pg, fate);
    }
}

Res pg_fail(struct cx *cx, struct pg *pg, const PGresult *result)
{
    Str state = str_from_z(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    Str words = str_from_z(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
    const struct outcome *o = outcome_of(state);
    bool is_gone = PQstatus(pg->conn) != CONNECTION_OK && o->kind != FAIL_CONFIG;

    if (state.n == 0) {
        state = S("08006");
        words = is_gone ? S("the connection broke") : S("no answer in time");
    }
    if (is_gone || str_starts(state, S("08"))) {
        o = outcome_of(S("08"));
    }
    note(pg, o->fate);
    if (str_starts(state, S("22"))) {
        words = S("data that it doesn't take");
    }
    return fail(
        cx, o->kind, "store: PostgreSQL: %.*s (%.*s): %s", (int)words.n, words.p,
        (int)state.n, state.p, o->mend);
}

static bool char_is_state(unsigned char c)
{
    return char_is_digit(c) || (c >= 'A' && c <= 'Z');
}

/* The state in a message of the verbose kind, "FATAL:  28P01: …": before a server has let
 * us in, libpq has no other place for it. */
static Str state_in(Str line)
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

/* Of several hosts the last that has answered, or else the first. */
static Str choose_line(Str text)
{
    Str chosen = {NULL, 0};
    Str line;

    while (str_next_part(&text, '\n', &line)) {
        if (chosen.p == NULL || state_in(line).n > 0) {
            chosen = line;
        }
    }
    return chosen;
}

Res pg_fail_connect(struct cx *cx, const PGconn *conn)
{
    static const struct outcome away = {
        SI(""), FAIL_UNAVAILABLE, DB_SOUND, "is it running? can it be reached?"};
    Str line = choose_line(str_from_z(PQerrorMessage(conn)));
    const struct outcome *o = outcome_of(state_in(line));

    if (PQconnectionNeedsPassword(conn)) {
        o = outcome_of(S("28"));
    } else if (state_in(line).n == 0) {
        o = &away;
    }
    return fail(cx, o->kind, "store: PostgreSQL: %.*s: %s", (int)line.n, line.p, o->mend);
}
