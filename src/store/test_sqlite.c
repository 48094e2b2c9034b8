/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sqlite.c - what only a store in a file has: its place, its rights, its disk.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/accounts.h"
#include "store/grants.h"
#include "store/providers.h"
#include "store/test_store.h"

static void write_file(const char *path, Str text)
{
    FILE *f = fopen(path, "wb");

    must_be(f != NULL && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
}

static bool file_contains(const char *suffix, Str part)
{
    static char bytes[4 * 1024 * 1024];
    char path[96];

    (void)snprintf(path, sizeof(path), "%s%s", t_path, suffix);
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        return false;
    }
    size_t n = fread(bytes, 1, sizeof(bytes), f);

    must_be(n < sizeof(bytes) && fclose(f) == 0);
    return str_contains((Str){bytes, n}, part);
}

static void test_open_reads_a_path_relative_to_its_folder(void **state)
{
    struct store_options options = {
        .url = S("sqlite:test.db"), .folder = str_from_z(t_folder), .pool = 1};
    CLEANUP(store_close) struct store *s = NULL;
    struct stat st;

    (void)state;
    T_OK(store_open(t_cx(), &options, &s));
    T_INT(stat(t_path, &st), -1); /* nothing is reached yet */
    T_OK(store_migrate(t_cx(), s));
    T_INT(stat(t_path, &st), 0);
}

static void test_check_wants_a_file_with_the_schema(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(1);

    (void)state;
    T_FAIL(FAIL_UNAVAILABLE, store_check(t_cx(), s)); /* not there */
    write_file(t_path, S(""));
    T_FAIL(FAIL_UNAVAILABLE, store_check(t_cx(), s)); /* there, and empty */
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_check(t_cx(), s));
}

static void test_migrate_makes_files_that_are_the_owners_alone(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    CLEANUP(store_close) struct store *s = t_store(1);
    Str value = S("x");
    mode_t before = umask(0);

    (void)state;
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    (void)umask(before);
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        char path[96];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s%s", t_path, suffixes[i]);
        T_INT(stat(path, &st), 0);
        T_INT(st.st_mode & 07777, 0600);
    }
}

static void test_migrate_refuses_what_is_no_database(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    static char text[4096];

    (void)state;
    memset(text, 'x', sizeof(text));
    write_file(t_path, (Str){text, sizeof(text)});
    T_FAIL(FAIL_CONFIG, store_migrate(t_cx(), s));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("[store] url")));
    T_FAIL(FAIL_CONFIG, store_check(t_cx(), s));
    T_TRUE(file_contains("", (Str){text, sizeof(text)})); /* as it was */
}

static void test_migrate_refuses_a_folder_and_waits_for_a_missing_one(void **state)
{
    static const struct {
        Str url;
        enum fail want;
    } rows[] = {
        {SI("sqlite:/nonexistent/x.db"), FAIL_UNAVAILABLE}, /* a disk to be mounted */
        {SI("sqlite:/tmp"),              FAIL_CONFIG     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct store_options options = {.url = rows[i].url, .pool = 1};
        CLEANUP(store_close) struct store *s = NULL;

        T_OK(store_open(t_cx(), &options, &s));
        T_FAIL(rows[i].want, store_migrate(t_cx(), s));
    }
}

/* As a user without rights (root has them all): what store_migrate says. */
static int migrate_as_nobody(void)
{
    pid_t child = fork();

    if (child == 0) {
        CLEANUP(store_close) struct store *s = t_store(1);

        must_be(geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0));
        Res r = store_migrate(t_cx(), s);

        store_close(&s);
        _exit((int)r.code);
    }
    int status;

    must_be(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_migrate_refuses_a_store_without_rights(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(1);

    (void)state;
    must_be(chmod(t_folder, 0755) == 0);
    if (geteuid() != 0) {
        must_be(chmod(t_folder, 0555) == 0);
    }
    T_INT(migrate_as_nobody(), FAIL_CONFIG); /* none can be made */
    must_be(chmod(t_folder, 0755) == 0);
    T_OK(store_migrate(t_cx(), s));
    store_close(&s);
    must_be(chmod(t_path, 0444) == 0);
    T_INT(migrate_as_nobody(), FAIL_CONFIG); /* read-only */
    must_be(chmod(t_path, 0000) == 0);
    T_INT(migrate_as_nobody(), FAIL_CONFIG);
    must_be(chmod(t_path, 0666) == 0 && chmod(t_folder, 0555) == 0);
    T_INT(migrate_as_nobody(), FAIL_CONFIG); /* no place for its log */
    must_be(chmod(t_folder, 0755) == 0);
}

static Res fill(struct cx *cx, struct db *db, void *arg)
{
    char *page = arena_alloc(&cx->mem, 4096);

    (void)arg;
    for (;;) { /* until the limit below says stop */
        TRY(db_exec(
            cx, db, "insert into t (b) values ($1)", DB_ARGS(db_blob((Str){page, 4096})),
            NULL));
    }
}

static Res work_on_although_full(struct cx *cx, struct db *db, void *arg)
{
    (void)fill(cx, db, arg).code;
    return OK;
}

static void test_transact_undoes_all_when_the_disk_is_full(void **state)
{
    CLEANUP(db_close) struct db *db = t_db();
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    (void)state;
    T_OK(db_script(
        t_cx(), db, "create table t (b blob) strict; pragma max_page_count = 100"));
    T_FAIL(FAIL_UNAVAILABLE, db_transact(t_cx(), db, true, fill, NULL));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("make room")));
    T_FAIL(FAIL_UNAVAILABLE, db_transact(t_cx(), db, true, work_on_although_full, NULL));
    T_OK(db_query(t_cx(), db, "select b from t", NULL, 0, &stmt));
    T_OK(db_step(t_cx(), stmt, &row));
    T_TRUE(!row);
}

/* Erasing. */

#define SECRET "the sealed bytes of a grant, long enough to be recognised anywhere"

static Res connect_account(struct cx *cx, struct db *db, void *id)
{
    struct account a = {
        .provider = 5,
        .mode = MODE_PROVIDER,
        .source = SOURCE_GOOGLE,
        .subject = S("s"),
        .status = ACCOUNT_CONNECTED};
    struct provider p = {.id = 5, .name = S("studio")};
    Res r = provider_add(cx, db, &p);

    must_be(r.code == FAIL_NONE || r.code == FAIL_CONFLICT);
    TRY(account_insert(cx, db, &a, id));
    return grant_put(
        cx, db, *(int64_t *)id, &(struct grant_record){.key_id = 1, .sealed = S(SECRET)});
}

static Res disconnect(struct cx *cx, struct db *db, void *id)
{
    return account_delete(cx, db, *(int64_t *)id);
}

static void test_delete_leaves_nothing_in_the_files(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    int64_t id;

    (void)state;
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, connect_account, &id));
    T_TRUE(file_contains("", S(SECRET)) || file_contains("-wal", S(SECRET)));
    T_OK(store_write(t_cx(), s, disconnect, &id));
    T_TRUE(!file_contains("", S(SECRET)));
    T_TRUE(!file_contains("-wal", S(SECRET)));
}

struct held_up {
    struct store *store;
    int64_t id;
};

static Res disconnect_while_reading(struct cx *cx, struct db *db, void *arg)
{
    struct held_up *h = arg;
    struct cx inner = {0};
    struct account a;

    TRY(account_get(cx, db, h->id, &a));
    T_INT(store_write(&inner, h->store, disconnect, &h->id).code, FAIL_NONE);
    cx_done(&inner);
    return account_get(cx, db, h->id, &a); /* still its own moment */
}

static void test_delete_is_finished_by_the_next_when_a_reader_is_in_the_way(void **state)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    struct held_up h = {.store = s};
    int64_t next;

    (void)state;
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, connect_account, &h.id));
    T_OK(store_read(t_cx(), s, disconnect_while_reading, &h));
    T_OK(store_write(t_cx(), s, connect_account, &next));
    T_OK(store_write(t_cx(), s, disconnect, &next));
    T_TRUE(!file_contains("", S(SECRET)));
    T_TRUE(!file_contains("-wal", S(SECRET)));
}

T_MAIN(
    TS(test_open_reads_a_path_relative_to_its_folder),
    TS(test_check_wants_a_file_with_the_schema),
    TS(test_migrate_makes_files_that_are_the_owners_alone),
    TS(test_migrate_refuses_what_is_no_database),
    TS(test_migrate_refuses_a_folder_and_waits_for_a_missing_one),
    TS(test_migrate_refuses_a_store_without_rights),
    TS(test_transact_undoes_all_when_the_disk_is_full),
    TS(test_delete_leaves_nothing_in_the_files),
    TS(test_delete_is_finished_by_the_next_when_a_reader_is_in_the_way))
