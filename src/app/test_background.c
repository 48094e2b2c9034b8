/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "app/background.h"
#include "base/limits.h"
#include "grants/testbed.h"
#include "net/testserver.h"
#include "oauth/jwks_clock.h"
#include "oauth/testjwt.h"
#include "store/driver.h"

/* Without its row, the grants of a source would die of disuse, and nobody would be told.
 */
TEST(test_background_refreshes_the_grants_of_each_source)
{
    struct chores all = {0};
    int found[SOURCE_COUNT + 1] = {0};

    background_open(&all);
    for (size_t i = 0; i < all.n; i++) {
        if (str_starts(all.at[i].row->name, S("refresh_"))) {
            found[all.at[i].row->source]++;
        }
    }
    T_INT(found[0], 0);
    for (int id = 1; id <= SOURCE_COUNT; id++) {
        T_INT(found[id], LIMIT_REFRESH_AT_ONCE);
    }
}

/* A row's name is in the log. */
TEST(test_background_names_each_row_once)
{
    struct chores all = {0};

    background_open(&all);
    for (size_t i = 0; i < all.n; i++) {
        for (size_t k = 0; k < i; k++) {
            T_TRUE(
                all.at[i].row == all.at[k].row
                || !str_eq(all.at[i].row->name, all.at[k].row->name));
        }
    }
    T_TRUE(all.at[0].row == background_keeper());
}

/* One run of the chore of that name, as a worker does it. */
static Res chore_run_once(Str name)
{
    struct chores all = {0};
    const struct chore *found = NULL;

    background_open(&all);
    for (size_t i = 0; i < all.n; i++) {
        if (str_eq(all.at[i].row->name, name)) {
            found = &all.at[i];
        }
    }
    T_TRUE(found != NULL);
    return found->row->run(t_cx(), &bed.work, found);
}

/* The sweep. */

static Res script_work(struct cx *cx, struct db *db, void *sql)
{
    return db_script(cx, db, sql);
}

struct question {
    const char *sql;
    int64_t n;
};

static Res question_work(struct cx *cx, struct db *db, void *arg)
{
    struct question *q = arg;

    return db_query_int(cx, db, q->sql, DB_NONE, &q->n);
}

static int64_t answer_to(const char *sql)
{
    struct question q = {.sql = sql, .n = -1};

    T_OK(store_read(t_cx(), bed.store, question_work, &q));
    return q.n;
}

/* A row more than one step takes, of all that grows; and of each one that stays. */
static char sweep_sql[] =
    "create temp table series (i integer) strict;"
    "with recursive s (i) as (select 1 union all select i + 1 from s where i < 501)"
    " insert into series select i from s;"
    "insert into flows (id, owner, claimed_until, outcome, made_at)"
    " select cast(printf('%08x', i) as blob), '', 1, 'success', 1 from series;"
    "insert into flows (id, owner, claimed_until, outcome, made_at)"
    " values (x'00', '', 1, 'success', 253402300799999);"
    "insert into leases (name, owner, leased_until) select 'l' || i, 'x', 1 from series;"
    "insert into leases (name, owner, leased_until) values ('kept', 'x', 4102444800000);"
    "insert into nodes (id, host, keys, sealing, seen_at) values ('dead', 'h', '', 1, 1);"
    "insert into tokens (hash, name, user_id, modes, created_at, expires_at)"
    " select cast('t' || i as blob), 't', '', 1, 1, 1 from series;"
    "insert into accounts (id, provider, mode, user_id, source, subject, username, status,"
    " status_reason, status_since, connected_at)"
    " values (1, 7, 1, '', 2, 's', 'x', 1, '', 1, 1);"
    "insert into grants (account, version, key_id, sealed, due_at, source)"
    " values (1, 1, 1, x'00', 1, 0);";

_Static_assert(LIMIT_SWEEP_ROWS == 500, "as the script's rows");

TEST(test_background_sweeps_what_is_over)
{
    T_OK(BED_WRITE(script_work, sweep_sql));
    T_OK(chore_run_once(S("sweep")));
    T_INT(answer_to("select count(*) from flows where made_at = 1"), 0);
    T_INT(answer_to("select count(*) from flows"), 1);
    T_INT(answer_to("select count(*) from leases where leased_until = 1"), 0);
    T_INT(answer_to("select count(*) from leases"), 1);
    T_INT(answer_to("select count(*) from nodes"), 0);
    T_INT(answer_to("select count(*) from tokens"), 1); /* the test bed's own */
    T_INT(answer_to("select source from grants"), 2);   /* as an older release left it */
}

static Res live_work(struct cx *cx, struct db *db, void *arg)
{
    int64_t now_ms;

    (void)arg;
    TRY(db_now_ms(cx, db, &now_ms));
    return db_exec(
        cx, db,
        "insert into nodes (id, host, keys, sealing, seen_at)"
        " values ('live', 'h', '', 1, $1)",
        DB_ARGS(db_int(now_ms + LIMIT_NODE_LIVE_MS / 2)), NULL);
}

TEST(test_background_sweeps_no_node_that_lives)
{
    T_OK(BED_WRITE(live_work, NULL));
    T_OK(chore_run_once(S("sweep")));
    T_INT(answer_to("select count(*) from nodes"), 1);
}

/* Keys that get old. */

static int64_t key_now_s;

static int64_t key_clock_s(void)
{
    return key_now_s;
}

static struct step keys_answer(Str keys)
{
    return (struct step){
        str_cat(
            &t_cx()->mem,
            S("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
              "Connection: close\r\n\r\n"),
            keys),
        THEN_CLOSE};
}

static struct jwks *keys_fetched(struct server *s, const char *path)
{
    struct jwks *j = jwks_open(testserver_url(&t_cx()->mem, s, path), &bed.settings.net);

    jwks_set_clock(j, key_clock_s);
    T_OK(jwks_fetch(t_cx(), j, bed.worker.net));
    return j;
}

/* Else the callback or the JWT that comes next has to fetch them, and ends with whoever
 * has them being away. One that is away keeps nobody from the others. */
TEST(test_background_renews_the_keys_of_sources_and_issuers)
{
    static const char *const paths[] = {"/google", "/microsoft", "/one", "/two"};
    static struct server s;
    EVP_PKEY *key = test_rsa(2048);
    struct arena *mem = &t_cx()->mem;
    struct step good =
        keys_answer(test_jwks(mem, test_jwk(mem, key, S(",\"kid\":\"1\""))));
    struct step steps[2 * COUNT(paths)];
    struct jwks *keys[COUNT(paths)];

    for (size_t i = 0; i < COUNT(steps); i++) {
        steps[i] = good;
    }
    steps[COUNT(paths)] =
        (struct step){S("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), THEN_CLOSE};
    testserver_start(&s, steps, COUNT(steps));
    key_now_s = 1000000;
    for (size_t i = 0; i < COUNT(paths); i++) {
        keys[i] = keys_fetched(&s, paths[i]);
    }
    const struct jwt_issuer issuers[] = {
        {.jwks = keys[2]}, {.jwks = NULL}, {.jwks = keys[3]}};

    bed.settings.sources[0].jwks = keys[0];
    bed.settings.sources[1].jwks = keys[1];
    bed.settings.auth.issuers = (struct jwt_issuers){issuers, COUNT(issuers)};
    T_OK(chore_run_once(S("renew_keys"))); /* they are fresh */
    T_INT(s.served, COUNT(paths));
    key_now_s += LIMIT_JWKS_FRESH_MAX_S;
    T_FAIL(FAIL_SOURCE_UNAVAILABLE, chore_run_once(S("renew_keys")));
    testserver_stop(&s);
    T_INT(s.served, COUNT(steps));
    for (size_t i = 0; i < COUNT(paths); i++) {
        Str request = testserver_request(&s, COUNT(paths) + i);

        T_TRUE(str_contains(request, str_from_z(paths[i])));
        jwks_unref(&keys[i]);
    }
    test_key_done(&key);
}

T_MAIN(
    T(test_background_refreshes_the_grants_of_each_source),
    T(test_background_names_each_row_once), T_BED(test_background_sweeps_what_is_over),
    T_BED(test_background_sweeps_no_node_that_lives),
    T_BED(test_background_renews_the_keys_of_sources_and_issuers))
