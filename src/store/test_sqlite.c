/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sqlite.c - what only a store in a file has: its place, its rights, its disk.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/testchild.h"
#include "store/accounts.h"
#include "store/grants.h"
#include "store/providers.h"
#include "store/revocations.h"
#include "store/test_store.h"

static void write_foreign_file(const char *path, Str text)
{
    FILE *f = fopen(path, "wb");

    must_be(f != NULL && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
}

/* Good until the next call. */
static Str file_read(const char *suffix)
{
    static char bytes[4 * 1024 * 1024];
    char path[96];

    (void)snprintf(path, sizeof(path), "%s%s", t_path, suffix);
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        return S("");
    }
    size_t n = fread(bytes, 1, sizeof(bytes), f);

    must_be(n < sizeof(bytes) && fclose(f) == 0);
    return (Str){bytes, n};
}

static bool file_contains(const char *suffix, Str part)
{
    return str_contains(file_read(suffix), part);
}

TEST(test_open_reads_a_path_relative_to_its_folder)
{
    struct store_options options = {
        .url = S("sqlite:test.db"), .folder = str_from_z(t_folder), .pool = 1};
    CLEANUP(store_close) struct store *s = NULL;
    struct stat st;

    T_OK(store_open(t_cx(), &options, &s));
    T_INT(stat(t_path, &st), -1); /* nothing is reached yet */
    T_OK(store_migrate(t_cx(), s));
    T_INT(stat(t_path, &st), 0);
}

TEST(test_check_wants_a_file_with_the_schema)
{
    CLEANUP(store_close) struct store *s = t_store(1);

    T_FAIL(FAIL_UNAVAILABLE, t_check(s)); /* not there */
    write_foreign_file(t_path, S(""));
    T_FAIL(FAIL_UNAVAILABLE, t_check(s)); /* there, and empty */
    T_OK(store_migrate(t_cx(), s));
    T_OK(t_check(s));
}

TEST(test_find_leaves_an_empty_file_empty)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    struct stat st;

    write_foreign_file(t_path, S(""));
    T_FAIL(FAIL_NOT_FOUND, store_find(t_cx(), s));
    T_INT(stat(t_path, &st), 0);
    T_INT(st.st_size, 0);
}

TEST(test_find_tells_a_missing_file_from_a_missing_folder)
{
    static const struct {
        Str url;
        enum fail want;
    } rows[] = {
        {SI("sqlite:/tmp/none-of-caldock.db"), FAIL_NOT_FOUND},
        {SI("sqlite:none-of-caldock.db"), FAIL_NOT_FOUND},
        {SI("sqlite:/nonexistent/x.db"), FAIL_UNAVAILABLE}, /* a disk to be mounted */
        {SI("sqlite:/dev/null/x.db"), FAIL_CONFIG},
        {SI("sqlite:/tmp"), FAIL_CONFIG},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct store_options options = {.url = rows[i].url, .pool = 1};
        CLEANUP(store_close) struct store *s = NULL;

        T_OK(store_open(t_cx(), &options, &s));
        T_FAIL(rows[i].want, store_find(t_cx(), s));
    }
}

TEST(test_migrate_makes_files_that_are_the_owners_alone)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    CLEANUP(store_close) struct store *s = t_store(1);
    Str value = S("x");
    mode_t before = umask(0);

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

TEST(test_migrate_refuses_what_is_no_database)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    static char text[4096];

    memset(text, 'x', sizeof(text));
    write_foreign_file(t_path, (Str){text, sizeof(text)});
    T_FAIL(FAIL_CONFIG, store_migrate(t_cx(), s));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("[store] url")));
    T_FAIL(FAIL_CONFIG, t_check(s));
    T_TRUE(file_contains("", (Str){text, sizeof(text)})); /* as it was */
}

TEST(test_migrate_refuses_a_folder_and_waits_for_a_missing_one)
{
    static const struct {
        Str url;
        enum fail want;
    } rows[] = {
        {SI("sqlite:/nonexistent/x.db"), FAIL_UNAVAILABLE}, /* a disk to be mounted */
        {SI("sqlite:/tmp"), FAIL_CONFIG},
    };

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

TEST(test_migrate_as_root_makes_files_of_the_folders_owner)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    CLEANUP(store_close) struct store *s = t_store(1);
    Str value = S("x");

    if (geteuid() != 0) {
        skip(); /* only root gives files away */
    }
    T_INT(chown(t_folder, 65534, 65533), 0);
    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        char path[96];
        struct stat st;

        (void)snprintf(path, sizeof(path), "%s%s", t_path, suffixes[i]);
        T_INT(stat(path, &st), 0);
        T_INT(st.st_uid, 65534);
        T_INT(st.st_gid, 65533);
        T_INT(st.st_mode & 07777, 0600);
    }
    T_INT(migrate_as_nobody(), FAIL_NONE);
}

TEST(test_migrate_refuses_a_store_without_rights)
{
    CLEANUP(store_close) struct store *s = t_store(1);

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

/* Root may write whatever the mode says. */
static void become_somebody(void)
{
    must_be(
        geteuid() != 0
        || (chown(t_folder, 65534, 65534) == 0 && setgid(65534) == 0
            && setuid(65534) == 0));
}

TEST(test_check_finds_a_file_that_can_only_be_read)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        become_somebody();
        CLEANUP(store_close) struct store *s = t_store(1);

        must_be(store_migrate(t_cx(), s).code == FAIL_NONE);
        must_be(t_store_state(s) == STORE_OK && chmod(t_path, 0400) == 0);
        _exit((int)t_store_state(s));
    }
    must_be(waitpid(child, &status, 0) == child);
    T_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, STORE_READ_ONLY);
}

static Res fill_disk(struct cx *cx, struct db *db, void *arg)
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
    (void)fill_disk(cx, db, arg).code;
    return OK;
}

TEST(test_transact_undoes_all_when_the_disk_is_full)
{
    CLEANUP(db_close) struct db *db = t_db();
    CLEANUP(db_done) struct db_stmt *stmt = NULL;
    bool row;

    T_OK(db_script(
        t_cx(), db, "create table t (b blob) strict; pragma max_page_count = 100"));
    T_FAIL(FAIL_UNAVAILABLE, db_transact(t_cx(), db, true, fill_disk, NULL));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("make room")));
    T_FAIL(FAIL_UNAVAILABLE, db_transact(t_cx(), db, true, work_on_although_full, NULL));
    T_OK(db_query(t_cx(), db, "select b from t", DB_NONE, &stmt));
    T_OK(db_step(t_cx(), stmt, &row));
    T_TRUE(!row);
}

/* Erasing. */

#define SECRET "the sealed bytes of a grant, long enough to be recognised anywhere"

static Res insert_old_account(struct cx *cx, struct db *db, void *id)
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

static Res disconnect_account(struct cx *cx, struct db *db, void *id)
{
    return account_delete(cx, db, *(int64_t *)id);
}

TEST(test_delete_leaves_nothing_in_the_files)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    int64_t id;

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, insert_old_account, &id));
    T_TRUE(file_contains("", S(SECRET)) || file_contains("-wal", S(SECRET)));
    T_OK(store_write(t_cx(), s, disconnect_account, &id));
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
    T_INT(store_write(&inner, h->store, disconnect_account, &h->id).code, FAIL_NONE);
    cx_done(&inner);
    return account_get(cx, db, h->id, &a); /* still its own moment */
}

TEST(test_delete_is_finished_by_the_next_when_a_reader_is_in_the_way)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    struct held_up h = {.store = s};
    int64_t next;

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, insert_old_account, &h.id));
    T_OK(store_read(t_cx(), s, disconnect_while_reading, &h));
    T_OK(store_write(t_cx(), s, insert_old_account, &next));
    T_OK(store_write(t_cx(), s, disconnect_account, &next));
    T_TRUE(!file_contains("", S(SECRET)));
    T_TRUE(!file_contains("-wal", S(SECRET)));
}

/* The limit is the connection's own: who comes next has another one. */
static Res fill_limited(struct cx *cx, struct db *db, void *arg)
{
    TRY(db_script(cx, db, "create table t (b blob) strict; pragma max_page_count = 100"));
    return fill_disk(cx, db, arg);
}

static void fill_again(struct store *s, int times)
{
    for (int i = 0; i < times; i++) {
        T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, fill_limited, NULL));
    }
}

TEST(test_a_service_says_once_that_the_disk_is_full)
{
    CLEANUP(store_close) struct store *s = t_store(1);

    T_OK(store_migrate(t_cx(), s));
    struct t_ear ear = t_hear();

    fill_again(s, 1); /* a command says by itself why it failed */
    T_INT(t_heard(ear).n, 0);
    store_note_started(s);
    ear = t_hear();
    fill_again(s, 3);
    Str text = t_heard(ear);

    T_INT(
        t_lines_with(text, S("level=\"error\" event=\"store.full\" reason=\"store: ")),
        1);
    T_INT(t_lines_with(text, S("make room on the disk")), 1);
}

static Res write_much(struct cx *cx, struct db *db, void *arg)
{
    char *page = arena_alloc(&cx->mem, 1024 * 1024);

    (void)arg;
    TRY(db_script(cx, db, "create table t (b blob) strict"));
    return db_exec(
        cx, db, "insert into t (b) values ($1)",
        DB_ARGS(db_blob((Str){page, 1024 * 1024})), NULL);
}

TEST(test_a_connection_that_failed_is_not_used_again)
{
    CLEANUP(store_close) struct store *s = t_store(1);

    T_OK(store_migrate(t_cx(), s));
    T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, fill_limited, NULL));
    T_OK(store_write(t_cx(), s, write_much, NULL));
}

/* What a transaction leaves behind in its connection. */
static Res fail_read_only(struct cx *cx, struct db *db, void *how)
{
    TRY(db_script(cx, db, "pragma query_only = on"));
    return *(enum fail *)how == FAIL_CONFIG ? write_much(cx, db, NULL)
                                            : fail(cx, *(enum fail *)how, "as if");
}

/* A file that was mended or put back, and a bug of ours, are left behind with the
 * connection; what the caller asked for costs none. */
TEST(test_a_connection_is_given_up_by_the_kind_of_its_failure)
{
    static const struct {
        enum fail how;
        enum fail next; /* it can't write any more; a new one can */
    } rows[] = {
        {FAIL_NOT_FOUND, FAIL_CONFIG}, {FAIL_CONFLICT, FAIL_CONFIG},
        {FAIL_UNAVAILABLE, FAIL_NONE}, {FAIL_CONFIG, FAIL_NONE},
        {FAIL_INTERNAL, FAIL_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP(store_close) struct store *s = t_store(1);
        enum fail how = rows[i].how;
        Str value = S("x");

        T_OK(store_migrate(t_cx(), s));
        T_FAIL(how, store_write(t_cx(), s, fail_read_only, &how));
        T_FAIL(rows[i].next, store_write(t_cx(), s, t_setting_put, &value));
    }
}

static Res insert_revocation(struct cx *cx, struct db *db, void *id)
{
    const struct revocation r = {
        .source = SOURCE_GOOGLE, .subject = S("s"), .sealed = S(SECRET)};

    return revocation_insert(cx, db, &r, id);
}

static Res cancel_revocation(struct cx *cx, struct db *db, void *id)
{
    (void)id;
    return revocation_cancel(cx, db, SOURCE_GOOGLE, S("s"));
}

static Res end_revocation(struct cx *cx, struct db *db, void *id)
{
    return revocation_done(cx, db, *(int64_t *)id, S(""));
}

TEST(test_a_revocation_that_is_over_leaves_nothing_in_the_files)
{
    static store_work *const ends[] = {cancel_revocation, end_revocation};
    CLEANUP(store_close) struct store *s = t_store(1);
    int64_t id;

    T_OK(store_migrate(t_cx(), s));
    for (size_t i = 0; i < COUNT(ends); i++) {
        T_OK(store_write(t_cx(), s, insert_revocation, &id));
        T_TRUE(file_contains("", S(SECRET)) || file_contains("-wal", S(SECRET)));
        T_OK(store_write(t_cx(), s, ends[i], &id));
        T_TRUE(!file_contains("", S(SECRET)));
        T_TRUE(!file_contains("-wal", S(SECRET)));
    }
}

/* The file's place. */

static void move_files(const char *from, const char *to)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};

    for (size_t i = 0; i < COUNT(suffixes); i++) {
        char old[112];
        char new[112];

        (void)snprintf(old, sizeof(old), "%s%s%s", t_path, from, suffixes[i]);
        (void)snprintf(new, sizeof(new), "%s%s%s", t_path, to, suffixes[i]);
        (void)rename(old, new);
    }
}

TEST(test_a_file_that_was_moved_away_is_not_written_into)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    Str before = S("before");
    Str lost = S("lost");

    T_OK(store_migrate(t_cx(), s));
    store_note_started(s);
    T_OK(store_write(t_cx(), s, t_setting_put, &before));
    move_files("", ".away");
    T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, t_setting_put, &lost));
    T_INT(t_store_state(s), STORE_FILE_GONE);
    T_FAIL(FAIL_UNAVAILABLE, store_migrate(t_cx(), s));
    T_TRUE(access(t_path, F_OK) != 0); /* no empty one is made in its place */
    move_files(".away", "");
    T_OK(t_check(s));
    T_STR(t_setting(s), S("before"));
}

TEST(test_a_file_that_was_replaced_is_not_used)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    CLEANUP(store_close) struct store *restored = NULL;
    Str value = S("first");

    T_OK(store_migrate(t_cx(), s));
    store_note_started(s);
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    move_files("", ".away");
    restored = t_store(1);
    value = S("second");
    T_OK(store_migrate(t_cx(), restored));
    T_OK(store_write(t_cx(), restored, t_setting_put, &value));
    T_FAIL(FAIL_UNAVAILABLE, store_read(t_cx(), s, t_setting_get, &value));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("restart caldock")));
    T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, t_setting_put, &value));
    T_INT(t_store_state(s), STORE_FILE_REPLACED);
    store_close(&s);
    s = t_store(1); /* as after a restart */
    T_STR(t_setting(s), S("second"));
    t_remove(".away");
    t_remove(".away-wal");
    t_remove(".away-shm");
}

static Res do_nothing(struct cx *cx, struct db *db, void *arg)
{
    (void)cx;
    (void)db;
    (void)arg;
    return OK;
}

/* A backup is put over a file that is open. What the log of the one before holds alone
 * must not come into it at the next start. */
TEST(test_a_file_that_was_replaced_gets_nothing_of_the_one_before)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    Str value = S("backup");
    char backup[96];
    char before[96];

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    store_close(&s); /* empties the log into the file */
    (void)snprintf(backup, sizeof(backup), "%s.backup", t_path);
    write_foreign_file(backup, file_read(""));
    s = t_store(2);
    value = S("since");
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    (void)snprintf(before, sizeof(before), "%s.before", t_path);
    T_INT(link(t_path, before), 0);
    T_INT(rename(backup, t_path), 0);
    T_INT(t_store_state(s), STORE_FILE_REPLACED);
    T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, t_setting_put, &value));
    store_close(&s);
    s = t_store(1); /* as after a restart */
    T_STR(t_setting(s), S("backup"));
    store_close(&s);
    move_files(".before", ""); /* the one before has all that it was told */
    s = t_store(1);
    T_STR(t_setting(s), S("since"));
}

/* Somebody tidies up. */
TEST(test_a_log_that_was_deleted_loses_nothing)
{
    CLEANUP(store_close) struct store *s = t_store(2);
    Str value = S("in the log");
    Str lost = S("lost");

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    t_remove("-wal");
    T_INT(t_store_state(s), STORE_FILE_REPLACED);
    T_FAIL(FAIL_UNAVAILABLE, store_write(t_cx(), s, t_setting_put, &lost));
    T_OK(store_read(t_cx(), s, do_nothing, NULL)); /* on a new log */
    T_STR(t_setting(s), S("in the log"));
    value = S("later");
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    store_close(&s);
    s = t_store(1);
    T_STR(t_setting(s), S("later"));
}

/* All that is in the folder but the index, which others write when they please: names,
 * owners, bytes. */
static Str folder_look(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct buf b = {.mem = &t_cx()->mem, .max = 8 * 1024 * 1024};
    int n = 0;

    for (size_t i = 0; i < COUNT(suffixes); i++) {
        struct stat st;
        char path[96];

        (void)snprintf(path, sizeof(path), "%s%s", t_path, suffixes[i]);
        if (stat(path, &st) != 0) {
            continue;
        }
        n++;
        buf_add(&b, str_from_z(suffixes[i]));
        buf_add_int(&b, (int64_t)st.st_ino);
        buf_add_char(&b, ' ');
        if (i < 2) {
            buf_add(&b, file_read(suffixes[i]));
        }
    }
    buf_add_int(&b, n);
    must_be(!b.full);
    return buf_text(&b);
}

static struct store *store_for_reading(void)
{
    const struct store_options options = {
        .url = str_from_z(t_url), .pool = 4, .is_for_reading = true};
    struct store *s = NULL;

    T_OK(store_open(t_cx(), &options, &s));
    return s;
}

static void expect_reading(const char *want)
{
    CLEANUP(store_close) struct store *s = store_for_reading();
    Str before = folder_look();

    T_OK(store_find(t_cx(), s));
    T_STR(t_setting(s), str_from_z(want));
    T_OK(t_check(s));
    store_close(&s);
    T_TRUE(str_eq(folder_look(), before));
}

/* Another process that writes, and then ends as if killed when `until` is closed at its
 * other end. */
static pid_t writer_start(const char *value, int until)
{
    int done[2];
    char byte;

    must_be(pipe(done) == 0);
    pid_t child = fork();

    if (child == 0) {
        struct store *s = t_store(1);
        Str text = str_from_z(value);

        must_be(store_write(t_cx(), s, t_setting_put, &text).code == FAIL_NONE);
        must_be(close(done[1]) == 0);
        must_be(read(until, &byte, 1) == 0);
        _exit(0);
    }
    must_be(close(done[1]) == 0 && read(done[0], &byte, 1) == 0 && close(done[0]) == 0);
    return child;
}

TEST(test_reading_leaves_no_trace)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    Str value = S("settled");
    int until[2];
    int status;

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    store_close(&s);
    expect_reading("settled");
    must_be(pipe2(until, O_CLOEXEC) == 0);
    pid_t child = writer_start("while it serves", until[0]);

    (void)child;
    expect_reading("while it serves");
    T_TRUE(access(t_path, F_OK) == 0);
    must_be(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    expect_reading("while it serves"); /* which stands in the log that was left behind */
    must_be(close(until[0]) == 0 && close(until[1]) == 0);
    s = t_store(1);
    T_STR(t_setting(s), S("while it serves"));
}

/* A reader without locks begins again when somebody comes. */
struct visit {
    int until;
    pid_t child;
    int reads;
};

static Res read_when_another_comes(struct cx *cx, struct db *db, void *arg)
{
    struct visit *v = arg;
    Str value;

    TRY(setting_get(cx, db, S("name"), &value));
    if (v->reads++ == 0) {
        v->child = writer_start("new", v->until);
    }
    return OK;
}

TEST(test_reading_begins_again_when_another_process_comes)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    CLEANUP(store_close) struct store *reader = store_for_reading();
    struct visit v = {.reads = 0};
    Str value = S("old");
    int until[2];
    int status;

    T_OK(store_migrate(t_cx(), s));
    T_OK(store_write(t_cx(), s, t_setting_put, &value));
    store_close(&s);
    must_be(pipe2(until, O_CLOEXEC) == 0);
    v.until = until[0];
    T_OK(store_read(t_cx(), reader, read_when_another_comes, &v));
    T_INT(v.reads, 2);
    T_STR(t_setting(reader), S("new"));
    must_be(kill(v.child, SIGKILL) == 0 && waitpid(v.child, &status, 0) == v.child);
    must_be(close(until[0]) == 0 && close(until[1]) == 0);
}

/* Such names mean something in a URI. */
TEST(test_reading_takes_any_name)
{
    struct store_options options = {
        .url = S("sqlite:a%20b#c d.db"), .folder = str_from_z(t_folder), .pool = 1};
    CLEANUP(store_close) struct store *s = NULL;
    CLEANUP(store_close) struct store *reader = NULL;
    char path[96];

    T_OK(store_open(t_cx(), &options, &s));
    T_OK(store_migrate(t_cx(), s));
    store_close(&s);
    options.is_for_reading = true;
    T_OK(store_open(t_cx(), &options, &reader));
    T_OK(store_find(t_cx(), reader));
    (void)snprintf(path, sizeof(path), "%s/a%%20b#c d.db", t_folder);
    T_INT(unlink(path), 0);
}

/* Somebody puts another program's database there, or drops what is in it. */
TEST(test_a_store_that_can_not_be_used_is_away_once_it_has_been)
{
    CLEANUP(store_close) struct store *s = t_store(1);
    CLEANUP(store_close) struct store *other = t_store(1);
    Str value;

    T_OK(store_migrate(t_cx(), s));
    store_close(&s); /* empties the log into the file */
    write_foreign_file(t_path, S("this is no database, and was none before that either"));
    T_FAIL(FAIL_CONFIG, store_read(t_cx(), other, t_setting_get, &value));
    store_note_started(other);
    T_FAIL(FAIL_UNAVAILABLE, store_read(t_cx(), other, t_setting_get, &value));
}

T_MAIN(
    TS(test_a_connection_that_failed_is_not_used_again),
    TS(test_a_connection_is_given_up_by_the_kind_of_its_failure),
    TS(test_a_revocation_that_is_over_leaves_nothing_in_the_files),
    TS(test_a_service_says_once_that_the_disk_is_full), TS(test_reading_leaves_no_trace),
    TS(test_reading_begins_again_when_another_process_comes),
    TS(test_reading_takes_any_name), TS(test_check_finds_a_file_that_can_only_be_read),
    TS(test_a_file_that_was_moved_away_is_not_written_into),
    TS(test_a_file_that_was_replaced_is_not_used),
    TS(test_a_file_that_was_replaced_gets_nothing_of_the_one_before),
    TS(test_a_log_that_was_deleted_loses_nothing),
    TS(test_a_store_that_can_not_be_used_is_away_once_it_has_been),
    TS(test_open_reads_a_path_relative_to_its_folder),
    TS(test_check_wants_a_file_with_the_schema), TS(test_find_leaves_an_empty_file_empty),
    TS(test_find_tells_a_missing_file_from_a_missing_folder),
    TS(test_migrate_makes_files_that_are_the_owners_alone),
    TS(test_migrate_as_root_makes_files_of_the_folders_owner),
    TS(test_migrate_refuses_what_is_no_database),
    TS(test_migrate_refuses_a_folder_and_waits_for_a_missing_one),
    TS(test_migrate_refuses_a_store_without_rights),
    TS(test_transact_undoes_all_when_the_disk_is_full),
    TS(test_delete_leaves_nothing_in_the_files),
    TS(test_delete_is_finished_by_the_next_when_a_reader_is_in_the_way))
