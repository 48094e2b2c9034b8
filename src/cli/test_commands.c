/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/testing.h"
#include "cli/args.h"
#include "config/values.h"
#include "seal/keyring.h"
#include "store/accounts.h"
#include "store/calendar_reads.h"
#include "store/calendar_settings.h"
#include "store/db.h"
#include "store/migration.h"
#include "store/pushed_copies.h"
#include "store/store.h"

enum { WORDS_MOST = 32, OUTPUT_MOST = 64 * 1024 };

/* A folder with a configuration, keys and a store, as `caldock init` leaves it. */
static char folder[] = "/tmp/caldock-commands-XXXXXX";
static char config[sizeof(folder) + 16];
static char output[sizeof(folder) + 16];
static char listen_at[sizeof(folder) + 16];
static char why[512]; /* of the last command */

/* Runs a command as main does, with the configuration at `path`. */
static enum fail command_try_at(const char *const *words, const char *path)
{
    const char *argv[WORDS_MOST] = {"caldock"};
    struct cli *cli = heap_alloc(sizeof(*cli));
    size_t n = 1;

    for (; words[n - 1] != NULL; n++) {
        argv[n] = words[n - 1];
    }
    argv[n++] = "--config";
    argv[n] = path;
    cli->cx = &cli->app.cx;
    Res res = args_parse(cli, argv);

    if (res.code == FAIL_NONE) {
        res = app_start(cli->cx);
    }
    if (res.code == FAIL_NONE && cli->command->parts != PARTS_NONE) {
        res = app_open(&cli->app, path, cli->command->parts);
    }
    if (res.code == FAIL_NONE) {
        res = cli->command->run(cli);
    }
    (void)snprintf(why, sizeof(why), "%s", cli->cx->why.text);
    app_close(&cli->app);
    heap_free(cli);
    return res.code;
}

static enum fail command_try(const char *const *words)
{
    return command_try_at(words, config);
}

/* `printed` is then its output. */
static enum fail run(const char *const *words)
{
    T_INT(ftruncate(STDOUT_FILENO, 0), 0);
    rewind(stdout);
    return command_try(words);
}

/* Prints to what can't take it. */
static enum fail run_in_vain(const char *const *words, int out)
{
    int before = dup(STDOUT_FILENO);

    T_TRUE(out >= 0 && fflush(stdout) == 0 && dup2(out, STDOUT_FILENO) >= 0);
    enum fail code = command_try(words);

    __fpurge(stdout);
    clearerr(stdout);
    T_TRUE(dup2(before, STDOUT_FILENO) >= 0);
    (void)close(before);
    (void)close(out);
    return code;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static bool said(const char *text)
{
    return str_contains(str_from_z(why), str_from_z(text));
}

static Str printed(void)
{
    Str text = S("");

    T_INT(fflush(stdout), 0);
    T_OK(config_file_read(t_cx(), output, OUTPUT_MOST, &text));
    return text;
}

static int open_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(config, sizeof(config), "%s/c.conf", folder);
    (void)snprintf(output, sizeof(output), "%s/output", folder);
    (void)snprintf(listen_at, sizeof(listen_at), "unix:%s/s.sock", folder);
    (void)setenv("CALDOCK_SERVER_LISTEN", listen_at, 1); /* a port may be taken */
    if (freopen(output, "w", stdout) == NULL) {
        return -1;
    }
    return RUN("init") == FAIL_NONE ? 0 : -1;
}

static int close_folder(void **state)
{
    static const char *const names[] = {"c.conf",         "caldock.keys",   "caldock.db",
                                        "caldock.db-wal", "caldock.db-shm", "output"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[sizeof(folder) + 32];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    return rmdir(folder);
}

TEST(test_init_run_never_overwrites)
{
    T_INT(RUN("init"), FAIL_CONFIG);
    T_TRUE(said("c.conf exists"));
    T_INT(unlink(config), 0);
    T_INT(RUN("init"), FAIL_CONFIG);
    T_TRUE(said("caldock.keys exists"));
    T_INT(access(config, F_OK), -1); /* nothing was written */
    int fd = open(config, O_WRONLY | O_CREAT, 0600);

    T_TRUE(fd >= 0 && close(fd) == 0);
}

TEST(test_init_run_leaves_nothing_where_it_fails)
{
    static const char *const init[] = {"init", NULL};
    char empty[sizeof(folder) + 8];
    char path[sizeof(empty) + 400];

    (void)snprintf(empty, sizeof(empty), "%s/empty", folder);
    (void)snprintf(path, sizeof(path), "%s/c.conf", empty);
    T_TRUE(command_try_at(init, path) != FAIL_NONE);
    T_TRUE(said("/empty/caldock.keys"));
    T_INT(mkdir(empty, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/%0300d", empty, 0);
    T_INT(command_try_at(init, path), FAIL_CONFIG);
    T_TRUE(said("cannot be written: File name too long"));
    T_INT(rmdir(empty), 0);
}

/* As `caldock serve` does at its start. */
static void make_store(void)
{
    struct app *app = heap_alloc(sizeof(*app));

    T_OK(app_start(&app->cx));
    T_OK(app_open(app, config, APP_KEYS));
    T_OK(store_open(&app->cx, &app->config->store, &app->store));
    T_OK(app_prepare_store(&app->cx, app->store, app->keyring));
    app_close(app);
    heap_free(app);
}

/* Works on the store as a service does, whatever its schema. */
static void change_store(store_work *work, void *arg)
{
    struct app *app = heap_alloc(sizeof(*app));

    T_OK(app_start(&app->cx));
    T_OK(app_open(app, config, APP_CONFIG));
    T_OK(app_open_store(app));
    T_OK(store_write(&app->cx, app->store, work, arg));
    app_close(app);
    heap_free(app);
}

/* Runs before all tests that need a store. */
TEST(test_commands_that_read_make_no_store)
{
    static const char *const needing[][WORDS_MOST] = {
        {"provider", "list"},
        {"provider", "show", "1"},
        {"provider", "set", "1", "--name", "A"},
        {"provider", "remove", "1"},
        {"token", "list"},
        {"token", "revoke", "1"},
        {"account", "list"},
        {"account", "show", "1"},
        {"account", "remove", "1"},
        {"webhook", "add", "--provider", "1", "--url", "https://93.184.215.14/h"},
        {"webhook", "list"},
        {"webhook", "show", "1"},
        {"webhook", "remove", "1"},
        {"webhook", "deliveries", "1"},
        {"webhook", "replay", "1", "--since", "1h"},
        {"sync", "list"},
        {"sync", "show", "1"},
        {"sync", "now", "1"},
        {"push", "list"},
        {"push", "retry", "1"},
        {"keys", "list"},
        {"keys", "rotate"},
        {"status"},
    };
    char store[sizeof(folder) + 16];

    (void)snprintf(store, sizeof(store), "%s/caldock.db", folder);
    T_INT(RUN("check"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("note\tstore\tthere is no store yet (")));
    T_TRUE(str_contains(
        printed(),
        S("/caldock.db); `caldock serve` or `caldock provider add` makes it\tstart ")));
    for (size_t i = 0; i < COUNT(needing); i++) {
        T_INT(run(needing[i]), FAIL_NOT_FOUND);
        T_TRUE(said("there is no store yet ("));
    }
    T_INT(RUN("store", "migrate", "--dry-run"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\n12\tpushes\tstops writers\t12\n")));
    T_TRUE(str_contains(printed(), S("\n13\toldest\tonline\t12\n")));
    T_INT(access(store, F_OK), -1);
    make_store();
    T_INT(RUN("provider", "list"), FAIL_NONE);
}

static Res schema_forget_last(struct cx *cx, struct db *db, void *version)
{
    return db_exec(
        cx, db, "update schema_steps set version = -version where version = $1",
        DB_ARGS(db_int(*(int64_t *)version)), NULL);
}

TEST(test_store_backup_run_makes_one_file)
{
    char file[sizeof(folder) + 16];
    char part[sizeof(folder) + 56];
    struct stat st;

    (void)snprintf(file, sizeof(file), "%s/b.db", folder);
    (void)snprintf(part, sizeof(part), "%s.part-%032d", file, 7);
    int fd = open(part, O_WRONLY | O_CREAT, 0644); /* as a cut leaves it */

    T_TRUE(fd >= 0 && write(fd, "half", 4) == 4 && close(fd) == 0);
    T_INT(RUN("store", "backup", file), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\tproviders\t")));
    T_TRUE(stat(file, &st) == 0 && (st.st_mode & 0777) == 0600 && st.st_size > 0);
    T_INT(access(part, F_OK), -1);
    T_INT(RUN("store", "backup", file), FAIL_CONFLICT);
    T_TRUE(said("b.db is there already"));
    T_INT(unlink(file), 0);
    T_INT(RUN("store", "backup", "/nowhere/b.db"), FAIL_CONFIG);
    T_TRUE(said("its folder must be there"));
    (void)setenv("CALDOCK_STORE_URL", "postgresql://u:hushhush@127.0.0.1:1/d", 1);
    T_INT(RUN("store", "backup", file), FAIL_CONFIG);
    (void)unsetenv("CALDOCK_STORE_URL");
    T_TRUE(said("pg_dump --format=custom") && !said("hushhush"));
}

/* As behind the start of an older caldock. */
TEST(test_commands_on_an_older_schema)
{
    int64_t newest = migration_newest();
    int64_t forgotten = -newest;
    char wanted[80];

    (void)snprintf(
        wanted, sizeof(wanted), "store: schema %d, this caldock knows %d: caldock store ",
        (int)newest - 1, (int)newest);
    T_INT(RUN("store", "migrate"), FAIL_NONE);
    T_STR(printed(), S("")); /* it is done already */
    change_store(schema_forget_last, &newest);
    T_INT(RUN("provider", "list"), FAIL_NONE);
    T_INT(RUN("keys", "list"), FAIL_NONE);
    T_INT(RUN("check"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("`caldock store migrate` brings it there")));
    T_INT(RUN("provider", "add", "77", "--name", "A"), FAIL_CONFIG);
    T_TRUE(said(wanted));
    T_INT(RUN("token", "create", "--provider", "77"), FAIL_CONFIG);
    T_TRUE(said(wanted));
    T_INT(RUN("store", "migrate", "--dry-run", "--json"), FAIL_NONE);
    T_TRUE(str_contains(
        printed(), migration_get(newest)->is_online ? S("\"how\": \"online\"")
                                                    : S("\"how\": \"stops writers\"")));
    change_store(schema_forget_last, &forgotten);
    T_INT(RUN("provider", "show", "77"), FAIL_NOT_FOUND);
}

TEST(test_provider_commands_change_one_provider)
{
    T_INT(
        RUN("provider", "add", "7", "--name", "A", "--redirect", "https://a.example/*"),
        FAIL_NONE);
    T_INT(RUN("provider", "add", "7", "--name", "A"), FAIL_CONFLICT);
    T_TRUE(said("`caldock provider set` changes it"));
    T_INT(RUN("provider", "show", "7"), FAIL_NONE);
    T_INT(RUN("provider", "list", "--json"), FAIL_NONE);
    T_INT(
        RUN("provider", "set", "7", "--name", "B", "--add-redirect",
            "https://b.example/cb", "--remove-redirect", "https://a.example/*",
            "--feature", "external_calendars=off"),
        FAIL_NONE);
    T_INT(
        RUN("provider", "set", "7", "--remove-redirect", "https://a.example/*"),
        FAIL_NOT_FOUND);
    T_INT(RUN("provider", "show", "8"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no provider 8"));
    T_INT(RUN("provider", "set", "8", "--name", "C"), FAIL_NOT_FOUND);
    T_INT(RUN("provider", "remove", "7"), FAIL_NONE);
    T_INT(RUN("provider", "remove", "7"), FAIL_NOT_FOUND);
}

TEST(test_status_run_prints_one_screen)
{
    CLEANUP(j_done) json_t *json = NULL;

    T_INT(RUN("status"), FAIL_NONE);
    T_TRUE(str_starts(printed(), S("version ")));
    T_TRUE(str_contains(printed(), S("   store sqlite   schema ")));
    T_TRUE(str_contains(printed(), S("\n\nnodes\n  none\n")));
    T_TRUE(str_contains(
        printed(), S("\naccounts\n"
                     "  source     status           accounts  came_in_24h\n"
                     "  google     connected        0         0\n"
                     "  google     needs_reconnect  0         0\n")));
    T_TRUE(str_contains(
        printed(), S("\n  work         waiting  more  oldest\n"
                     "  revocations  0        no    0s\n")));
    T_INT(RUN("status", "--json"), FAIL_NONE);
    T_OK(j_parse_kindly(t_cx(), printed(), 8, &json));
    T_INT(json_array_size(j_get(json, "nodes")), 0);
    T_INT(json_array_size(j_get(json, "accounts")), 4);
    T_INT(json_array_size(j_get(json, "waiting")), 5);
}

static Res sql_work(struct cx *cx, struct db *db, void *arg)
{
    const char **sql = arg;

    return db_exec(cx, db, *sql, DB_NONE, NULL);
}

static void change_store_by(const char *sql)
{
    change_store(sql_work, &sql);
}

#define SQL_NOW "unixepoch() * 1000"

/* Nodes as they report, one of them since before it can say how it does. */
TEST(test_status_run_says_what_nodes_report)
{
    static const char *const seeds[] = {
        "insert into nodes (id, host, keys, sealing, seen_at) values"
        " ('a', 'h', '', 0, " SQL_NOW ")",
        "insert into nodes (id, host, keys, sealing, seen_at, version, began_at, ready,"
        " requests, p99_us, sources) values"
        " ('b', 'h', '00000001', 1, " SQL_NOW ", '1', 1, 1, 2500, -5000000,"
        " 'google=accepted'),"
        " ('c', 'h', '00000001', 1, " SQL_NOW ", '1', 1, 2, 0, 1000,"
        " 'google=refused microsoft=accepted')",
        "insert into flows (id, owner, claimed_until, made_at, outcome) values"
        " (x'01', 'b', 0, " SQL_NOW ", null), (x'02', 'b', 0, " SQL_NOW ", 'success')",
    };
    CLEANUP(j_done) json_t *json = NULL;

    for (size_t i = 0; i < COUNT(seeds); i++) {
        change_store_by(seeds[i]);
    }
    T_INT(RUN("status"), FAIL_NONE);
    T_INT(RUN("status", "--json"), FAIL_NONE);
    change_store_by("delete from nodes");
    change_store_by("delete from flows");
    T_OK(j_parse_kindly(t_cx(), printed(), 8, &json));
    const json_t *nodes = j_get(json, "nodes");
    const json_t *a = json_array_get(nodes, 0);
    const json_t *b = json_array_get(nodes, 1);
    const json_t *c = json_array_get(nodes, 2);

    T_INT(json_array_size(nodes), 3);
    T_TRUE(j_get(a, "ready") == NULL && j_get(a, "since") == NULL);
    T_TRUE(j_get(a, "requests_per_second") == NULL && j_get(a, "p99") == NULL);
    T_TRUE(json_is_true(j_get(b, "ready")) && json_is_false(j_get(c, "ready")));
    T_TRUE(json_number_value(j_get(b, "requests_per_second")) == 2.5);
    T_STR(str_from_z(json_string_value(j_get(b, "p99"))), S("> 5000 ms"));
    T_STR(str_from_z(json_string_value(j_get(c, "p99"))), S("<= 1 ms"));
    T_TRUE(str_contains(printed(), S("\"outcome\": \"under_way\"")));
    T_TRUE(str_contains(printed(), S("\"client\": \"refused\"")));
    T_TRUE(str_contains(printed(), S("\"client\": \"accepted\"")));
}

TEST(test_print_writes_json_and_lines)
{
    T_INT(RUN("provider", "list"), FAIL_NONE);
    T_STR(printed(), S(""));
    T_INT(RUN("provider", "list", "--json"), FAIL_NONE);
    T_STR(printed(), S("[]\n"));
    T_INT(
        RUN("provider", "add", "6", "--name", "A\tB", "--redirect", "https://a.example/*",
            "--redirect", "https://b.example/x"),
        FAIL_NONE);
    T_TRUE(str_starts(printed(), S("id: 6\nname: A?B\ncreated_at: 20")));
    T_TRUE(str_ends(
        printed(), S("Z\nredirects: https://a.example/* https://b.example/x\n"
                     "features: external_calendars=on\nremoved_at: -\n")));
    T_INT(RUN("provider", "show", "6", "--json"), FAIL_NONE);
    T_TRUE(str_starts(
        printed(), S("{\n  \"id\": 6,\n  \"name\": \"A\\tB\",\n  \"created_at\": \"20")));
    T_TRUE(str_ends(
        printed(), S("\",\n  \"redirects\": [\n    \"https://a.example/*\",\n    "
                     "\"https://b.example/x\"\n  ],\n  \"features\": {\n    "
                     "\"external_calendars\": true\n  },\n  \"removed_at\": null\n}\n")));
    T_INT(RUN("provider", "list"), FAIL_NONE);
    T_TRUE(str_starts(
        printed(),
        S("id\tname\tcreated_at\tredirects\tfeatures\tremoved_at\n6\tA?B\t20")));
    T_INT(RUN("provider", "remove", "6"), FAIL_NONE);
}

/* More than a page: one list all the same, as jansson writes it. */
TEST(test_print_pages_writes_one_list)
{
    CLEANUP(j_done) json_t *list = NULL;
    char id[16];
    size_t lines = 0;

    for (int i = 1; i <= LIMIT_STEP_ROWS + 1; i++) {
        (void)snprintf(id, sizeof(id), "%d", i);
        T_INT(
            RUN("provider", "add", id, "--name", "A", "--redirect", "https://a.example/"),
            FAIL_NONE);
    }
    T_INT(RUN("provider", "list", "--json"), FAIL_NONE);
    Str text = printed();

    T_OK(j_parse_kindly(t_cx(), text, 8, &list));
    T_INT(json_array_size(list), LIMIT_STEP_ROWS + 1);
    size_t n = json_dumpb(list, NULL, 0, JSON_INDENT(2));
    char *want = NEW_N(&t_cx()->mem, char, n);

    T_INT(json_dumpb(list, want, n, JSON_INDENT(2)), n);
    const Str wanted = {want, n};

    T_STR(str_sub(text, 0, text.n - 1), wanted);
    T_INT(text.p[text.n - 1], '\n');
    T_INT(RUN("provider", "list"), FAIL_NONE);
    text = printed();
    for (size_t i = 0; i < text.n; i++) {
        lines += text.p[i] == '\n';
    }
    T_INT(lines, 1 + LIMIT_STEP_ROWS + 1); /* the names of the columns come once */
    for (int i = 1; i <= LIMIT_STEP_ROWS + 1; i++) {
        (void)snprintf(id, sizeof(id), "%d", i);
        T_INT(RUN("provider", "remove", id), FAIL_NONE);
    }
}

TEST(test_provider_add_run_refuses_what_is_wrong)
{
    static const struct {
        const char *option, *value, *says;
    } rows[] = {
        {"--redirect", "http://a.example/cb", "http://a.example/cb"},
        {"--redirect", "https://a.example/?q=1", "redirect pattern"},
        {"--feature", "external_calendars=yes", "NAME=on or NAME=off"},
        {"--feature", "calendars", "external_calendars"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            RUN("provider", "add", "9", "--name", "A", rows[i].option, rows[i].value),
            FAIL_PARSE_ERROR);
        T_TRUE(said(rows[i].says));
    }
    T_INT(RUN("provider", "add", "x", "--name", "A"), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "add", "9"), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "show", "9"), FAIL_NOT_FOUND); /* nothing was added */
}

TEST(test_names_are_taken_up_to_their_limit)
{
    char name[LIMIT_NAME_BYTES + 2];

    (void)snprintf(name, sizeof(name), "%0*d", LIMIT_NAME_BYTES + 1, 7);
    T_INT(RUN("provider", "add", "5", "--name", name), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "add", "5", "--name", name + 1), FAIL_NONE);
    T_INT(RUN("provider", "set", "5", "--name", name), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "5", "--name", name), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "5", "--name", name + 1), FAIL_NONE);
    T_INT(RUN("provider", "set", "5", "--name", " "), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "set", "5", "--name", "\xFF"), FAIL_PARSE_ERROR);
    T_INT(RUN("provider", "remove", "5"), FAIL_NONE);
}

TEST(test_token_commands_make_and_end_tokens)
{
    T_INT(RUN("provider", "add", "3", "--name", "A"), FAIL_NONE);
    T_INT(
        RUN("token", "create", "--provider", "3", "--provider", "3", "--mode", "customer",
            "--mode", "provider", "--user", "ann", "--expires", "90d"),
        FAIL_NONE);
    T_INT(RUN("token", "list"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\tactive\t3\t")));
    T_INT(RUN("token", "revoke", "1"), FAIL_NONE);
    T_INT(RUN("token", "list"), FAIL_NONE);
    T_TRUE(!str_contains(printed(), S("\trevoked\t")));
    T_INT(RUN("token", "list", "--all"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\trevoked\t")));
    T_INT(RUN("token", "revoke", "99"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no token 99"));
    T_INT(RUN("token", "create", "--provider", "4"), FAIL_NOT_FOUND);
    T_TRUE(said("4"));
    T_INT(RUN("token", "create"), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "3", "--mode", "admin"), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "3", "--user", "a b"), FAIL_PARSE_ERROR);
    T_INT(RUN("token", "create", "--provider", "3", "--expires", "0d"), FAIL_PARSE_ERROR);
    T_INT(
        RUN("token", "create", "--provider", "3", "--expires", "soon"), FAIL_PARSE_ERROR);
}

TEST(test_token_create_run_leaves_no_token_that_nobody_knows)
{
    static const char *const words[][7] = {
        {"token", "create", "--provider", "2", NULL},
        {"token", "create", "--provider", "2", "--json", NULL},
    };

    static const struct {
        const char *path;
        int flags;
        const char *says;
    } rows[] = {
        {"/dev/full", O_WRONLY, "standard output: No space left on device: so token "},
        {"/dev/null", O_RDONLY, "standard output: Bad file descriptor: so token "},
    };

    Str all;

    T_INT(RUN("provider", "add", "2", "--name", "A"), FAIL_NONE);
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t j = 0; j < COUNT(words); j++) {
            T_INT(
                run_in_vain(words[j], open(rows[i].path, rows[i].flags)),
                FAIL_UNAVAILABLE);
            T_TRUE(said(rows[i].says) && said(" is revoked again"));
        }
    }
    T_INT(RUN("token", "list", "--all"), FAIL_NONE);
    all = printed();
    T_TRUE(str_contains(all, S("\trevoked\t2\t")));
    T_TRUE(!str_contains(all, S("\tactive\t2\t")));
    T_INT(RUN("provider", "remove", "2"), FAIL_NONE);
}

TEST(test_commands_refuse_what_is_no_id)
{
    static const char *const wrong[][WORDS_MOST] = {
        {"provider", "show", "x"},
        {"provider", "set", "0", "--name", "A"},
        {"provider", "remove", "-1"},
        {"token", "create", "--provider", "7x"},
        {"account", "list", "--provider", ""},
        {"token", "revoke", "x"},
        {"account", "list", "--provider", "x"},
        {"account", "show", "x"},
        {"account", "remove", "9223372036854775808"},
        {"webhook", "add", "--provider", "x", "--url", "https://a.example/h"},
        {"webhook", "list", "--provider", "x"},
        {"webhook", "show", "x"},
        {"webhook", "deliveries", "x"},
        {"webhook", "replay", "x", "--since", "1h"},
        {"sync", "list", "--provider", "x"},
        {"sync", "show", "x"},
        {"push", "list", "--provider", "x"},
        {"push", "retry", "--failed", "--provider", "x"},
        {"push", "retry", "x"},
    };

    for (size_t i = 0; i < COUNT(wrong); i++) {
        T_INT(run(wrong[i]), FAIL_PARSE_ERROR);
        T_TRUE(said("an ID is a positive number, not"));
    }
    T_INT(RUN("webhook", "replay", "1", "--since", "0s"), FAIL_PARSE_ERROR);
    T_TRUE(said("--since wants a duration"));
}

TEST(test_account_commands_say_what_is_not_there)
{
    T_INT(RUN("account", "list"), FAIL_NONE);
    T_INT(RUN("account", "show", "1"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no account 1"));
    T_INT(RUN("account", "remove", "1"), FAIL_NOT_FOUND);
}

/* An account of provider 4 with two calendars, one of which blocks. */
struct two_calendars {
    int64_t account, blocks, receives;
};

static Res two_calendars_work(struct cx *cx, struct db *db, void *arg)
{
    struct two_calendars *t = arg;

    TRY(account_insert(
        cx, db,
        &(struct account){
            .provider = 4,
            .mode = MODE_CUSTOMER,
            .user = S("ann"),
            .source = SOURCE_GOOGLE,
            .subject = S("s1"),
            .username = S("ana@example.com"),
            .status = ACCOUNT_CONNECTED},
        &t->account));
    TRY(calendar_settings_insert(
        cx, db,
        &(struct calendar_setting){
            .account = t->account, .calendar_id = S("c1"), .switches = SWITCH_SOURCE},
        &t->blocks));
    return calendar_settings_insert(
        cx, db,
        &(struct calendar_setting){
            .account = t->account,
            .calendar_id = S("c2"),
            .switches = SWITCH_DESTINATION},
        &t->receives);
}

static Res pause_work(struct cx *cx, struct db *db, void *arg)
{
    const struct two_calendars *t = arg;
    struct lease lease = {.owner = S("x"), .length_ms = LIMIT_READ_LEASE_MS};
    struct account_work work;
    struct sync_job job;

    TRY(calendar_sync_want(cx, db, t->blocks, INT64_MAX));
    TRY(calendar_reads_take(cx, db, SOURCE_GOOGLE, 0, &lease, &work));
    TRY(calendar_reads_begin(cx, db, t->account, S("x"), LIMIT_READ_LEASE_MS, &job));
    job.sync.state = SYNC_PAUSED;
    job.sync.due_ms = SYNC_NEVER;
    TRY(calendar_reads_write(cx, db, S("x"), &job, 0, false));
    return calendar_reads_drop(cx, db, t->account, S("x"));
}

static Res hold_work(struct cx *cx, struct db *db, void *arg)
{
    const struct two_calendars *t = arg;
    int64_t now_ms;

    TRY(calendar_sync_now(cx, db, &now_ms));
    return calendar_reads_hold(cx, db, t->account, now_ms + 3600000, 1);
}

static Res end_hold_work(struct cx *cx, struct db *db, void *arg)
{
    const struct two_calendars *t = arg;

    TRY(db_exec(cx, db, "update account_work set hold_until = 2", DB_NONE, NULL));
    return db_exec(
        cx, db, "update calendar_sync set due_at = 2 where settings = $1",
        DB_ARGS(db_int(t->blocks)), NULL);
}

TEST(test_sync_commands_say_what_is_not_there)
{
    T_INT(RUN("sync", "list"), FAIL_NONE);
    T_STR(printed(), S(""));
    T_INT(RUN("sync", "list", "--json", "--stale"), FAIL_NONE);
    T_STR(printed(), S("[]\n"));
    T_INT(RUN("sync", "list", "--provider", "99"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no provider 99"));
    T_INT(RUN("sync", "list", "--account", "99"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no account 99"));
    T_INT(RUN("sync", "list", "--account", "x"), FAIL_PARSE_ERROR);
    T_INT(RUN("sync", "show", "99"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no calendar setting 99; `caldock sync list` shows them"));
    T_INT(RUN("sync", "now", "99"), FAIL_NOT_FOUND);
    T_INT(RUN("sync", "reset", "99"), FAIL_NOT_FOUND);
    T_INT(RUN("sync", "reset"), FAIL_PARSE_ERROR);
    T_INT(RUN("sync"), FAIL_PARSE_ERROR);
    T_TRUE(said("sync list, sync show, sync now, sync reset"));
}

/* The member of the object that the last command printed. */
static json_t *printed_member(json_t **object, const char *name)
{
    json_decref(*object);
    *object = NULL;
    T_OK(j_parse_kindly(t_cx(), printed(), 8, object));
    return json_object_get(*object, name);
}

#define MEMBER_IS(name, text)                                                            \
    T_STR(str_from_z(json_string_value(printed_member(&object, name))), S(text))

TEST(test_sync_commands_show_and_change_one_calendar)
{
    CLEANUP(j_done) json_t *object = NULL;
    struct two_calendars t;

    T_INT(RUN("provider", "add", "4", "--name", "A"), FAIL_NONE);
    change_store(two_calendars_work, &t);
    T_INT(t.blocks, 1); /* the commands below say so */
    T_INT(RUN("sync", "list"), FAIL_NONE);
    T_TRUE(str_starts(
        printed(),
        S("id\tname\taccount\tprovider\tcalendar_source\tstatus\treason\tstate\t"
          "synced_at\tage_s\tdue_at\tevents\tfailures\tfailed_at\tfailure\t"
          "notifications\tchannel_until\n1\tc1\t1\t4\tGOOG\tunknown\tnot_read_yet\tnew\t-\t-\t")));
    T_TRUE(str_contains(printed(), S("\n2\tc2\t1\t4\tGOOG\toff\t-\tnew\t-\t-\t")));
    T_INT(RUN("sync", "list", "--stale", "--provider", "4"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\n1\tc1\t")));
    T_TRUE(!str_contains(printed(), S("\n2\tc2\t")));
    T_INT(RUN("sync", "list", "--account", "1", "--provider", "3"), FAIL_NONE);
    T_STR(printed(), S(""));
    T_INT(RUN("sync", "show", "1", "--json"), FAIL_NONE);
    MEMBER_IS("mode", "customer");
    MEMBER_IS("user", "ann");
    MEMBER_IS("username", "ana@example.com");
    change_store(pause_work, &t);
    T_INT(RUN("sync", "show", "1", "--json"), FAIL_NONE);
    MEMBER_IS("state", "paused");
    T_TRUE(json_is_null(printed_member(&object, "due_at")));
    T_INT(RUN("sync", "now", "1", "--json"), FAIL_NONE);
    T_TRUE(json_is_string(printed_member(&object, "due_at")));
    change_store(hold_work, &t);
    T_INT(RUN("sync", "reset", "1", "--json"), FAIL_NONE);
    MEMBER_IS("reason", "held");
    T_TRUE(json_is_string(printed_member(&object, "held_until")));
}

/* Copies in the calendar that receives: one that is due, two that have failed, one of
 * them of an event that is gone. */
static Res copies_work(struct cx *cx, struct db *db, void *arg)
{
    const struct two_calendars *t = arg;
    struct pushed_event e = {
        .owner = {.provider = 4, .mode = MODE_CUSTOMER, .user = S("ann")},
        .event_id = S("booking-1"),
        .rev = 1,
        .version = PUSHED_NO_VERSION,
        .ends_s = 1};
    struct pushed_copy c = {
        .settings = t->receives,
        .account = t->account,
        .source = SOURCE_GOOGLE,
        .want = COPY_WANT_WRITTEN,
        .status = COPY_PENDING,
        .due_ms = 2};

    TRY(pushed_event_insert(cx, db, &e, &c.event));
    for (int i = 0; i < 3; i++) {
        c.key = str_int(&cx->mem, i);
        c.event += i;
        TRY(pushed_copy_insert(cx, db, &c));
        c.want = i == 0 ? COPY_WANT_WRITTEN : COPY_WANT_SKIPPED;
        c.status = COPY_FAILED;
        c.reason = COPY_GAVE_UP;
        c.attempts = 100;
        c.due_ms = SYNC_NEVER;
    }
    return OK;
}

/* It was sealed with no key, and check would miss that one. */
static Res forget_event_work(struct cx *cx, struct db *db, void *arg)
{
    (void)arg;
    return pushed_event_delete(cx, db, 1);
}

TEST(test_push_commands_say_what_is_not_there)
{
    T_INT(RUN("push", "list"), FAIL_NONE);
    T_STR(printed(), S(""));
    T_INT(RUN("push", "list", "--json", "--status", "failed"), FAIL_NONE);
    T_STR(printed(), S("[]\n"));
    T_INT(RUN("push", "list", "--status", "lost"), FAIL_PARSE_ERROR);
    T_TRUE(said("--status wants one of pending, written, skipped, failed, "
                "deleted_by_person, removing, not"));
    T_INT(RUN("push", "list", "--provider", "99"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no provider 99"));
    T_INT(RUN("push", "retry", "99"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no copy 99; `caldock push list` shows them"));
    T_INT(RUN("push", "retry", "--failed"), FAIL_NONE);
    T_INT(RUN("push", "retry", "--failed", "--provider", "99"), FAIL_NOT_FOUND);
    T_INT(RUN("push", "retry"), FAIL_PARSE_ERROR);
    T_INT(RUN("push", "retry", "1", "--failed"), FAIL_PARSE_ERROR);
    T_INT(RUN("push", "retry", "1", "--provider", "4"), FAIL_PARSE_ERROR);
    T_TRUE(said("give either COPY… or --failed [--provider ID]"));
    T_INT(RUN("check"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\nok\tpush\tno copy of an event is due\t-\n")));
}

/* The columns up to the one of the source's id. */
#define COPY_PLACE "\t4\tcustomer\tann\t1\t2\tGOOG\t-\t"

TEST(test_push_commands_show_copies_and_try_again)
{
    struct two_calendars t = {1, 1, 2};

    change_store(copies_work, &t);
    T_INT(RUN("push", "list"), FAIL_NONE);
    T_TRUE(str_starts(
        printed(), S("id\tname\tevent_id\tstatus\treason\tprovider\tmode\tuser\taccount\t"
                     "staff_calendar_settings\tcalendar_source\t"
                     "calendar_source_event_id\tdue_at\tsince\tattempts\twritten_at\t"
                     "is_changed\n1\tbooking-1\tbooking-1\tpending\t-" COPY_PLACE)));
    T_TRUE(str_contains(
        printed(), S("\n2\t-\t-\tfailed\tgave_up" COPY_PLACE "-\t-\t100\t-\tno\n")));
    T_INT(RUN("provider", "add", "8", "--name", "B"), FAIL_NONE);
    T_INT(RUN("push", "list", "--status", "pending"), FAIL_NONE);
    T_TRUE(!str_contains(printed(), S("failed")));
    T_INT(RUN("push", "list", "--provider", "8"), FAIL_NONE);
    T_STR(printed(), S(""));
    change_store(forget_event_work, NULL);
    T_INT(RUN("check"), FAIL_NONE);
    T_TRUE(str_contains(
        printed(), S("\nnote\tpush\tthe copy of an event that is due the longest has "
                     "waited for ")));
    T_TRUE(str_contains(
        printed(),
        S(" seconds (copy 1); no node serves, so nothing is written\tstart ")));

    T_INT(RUN("push", "retry", "1"), FAIL_CONFLICT);
    T_TRUE(said("copy 1 has not failed, so nothing is tried again"));
    T_INT(RUN("push", "retry", "2", "1"), FAIL_CONFLICT); /* all of them, or none */
    T_INT(RUN("push", "retry", "2"), FAIL_NONE);
    T_INT(RUN("push", "retry", "--failed", "--provider", "8"), FAIL_NONE);
    T_INT(RUN("push", "list"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\n2\t-\t-\tpending\t-" COPY_PLACE "20")));
    T_TRUE(str_contains(printed(), S("\n3\t-\t-\tfailed\tgave_up" COPY_PLACE)));
    T_INT(RUN("push", "retry", "--failed"), FAIL_NONE);
    T_INT(RUN("push", "list"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\n3\t-\t-\tremoving\t-" COPY_PLACE "20")));
    T_TRUE(str_contains(printed(), S("\t0\t-\tno\n")));
    T_INT(RUN("provider", "remove", "8"), FAIL_NONE);
}

static Res lacking_zone_work(struct cx *cx, struct db *db, void *arg)
{
    const struct two_calendars *t = arg;

    return calendar_settings_update(
        cx, db,
        &(struct calendar_setting){
            .id = t->blocks,
            .switches = SWITCH_SOURCE,
            .time_zone = S("Atlantis/Center")});
}

TEST(test_check_run_counts_calendars)
{
    struct two_calendars t = {1, 1, 2};

    change_store(lacking_zone_work, &t);
    T_INT(RUN("check"), FAIL_NONE);
    T_TRUE(str_contains(
        printed(), S("\nok\tsync\t0 of 1 calendars that block are fresh; the others: 1 "
                     "held\t`caldock sync list --stale` lists them\n")));
    T_TRUE(str_contains(
        printed(), S("\nwarn\ttime_zones\tthis machine's tzdata lacks the time zone of 1 "
                     "settings, such as Atlantis/Center of setting 1: ")));
    T_TRUE(str_contains(printed(), S("\ttime_zones\ttzdata is 20")));
    T_TRUE(str_contains(printed(), S("\nnote\tnotifications\tno source can reach ")));
    change_store(end_hold_work, &t);
    T_INT(RUN("check"), FAIL_NONE);
    T_TRUE(str_contains(
        printed(), S("\nwarn\tsync\t0 of 1 calendars that block are fresh; the others: 1 "
                     "not_read_yet\t")));
    T_TRUE(str_contains(
        printed(), S("\nnote\tsync\tthe read that is due the longest has waited for ")));
    T_TRUE(str_contains(
        printed(),
        S(" seconds (setting 1); no node serves, so nothing is read\tstart ")));
}

/* Calendars rest while the feature is off, and are due when it is on again. */
TEST(test_provider_set_wakes_calendars)
{
    CLEANUP(j_done) json_t *object = NULL;
    struct two_calendars t = {1, 1, 2};

    for (int i = 0; i < 2; i++) {
        if (i == 0) {
            T_INT(
                RUN("provider", "set", "4", "--feature", "external_calendars=off"),
                FAIL_NONE);
        }
        change_store(pause_work, &t);
        T_INT(RUN("provider", "set", "4", "--name", "B"), FAIL_NONE);
        T_INT(RUN("sync", "show", "1", "--json"), FAIL_NONE);
        T_TRUE(json_is_null(printed_member(&object, "due_at")));
        T_INT(RUN("provider", "set", "4", "--feature", "external_calendars"), FAIL_NONE);
        T_INT(RUN("sync", "show", "1", "--json"), FAIL_NONE);
        T_TRUE(json_is_string(printed_member(&object, "due_at")));
    }
    T_INT(RUN("provider", "remove", "4", "--yes"), FAIL_NONE);
}

/* Addresses that no test may reach. */
TEST(test_webhook_commands_change_one_endpoint)
{
    T_INT(RUN("provider", "add", "4", "--name", "A"), FAIL_NONE);
    T_INT(
        RUN("webhook", "add", "--provider", "4", "--url", "https://192.0.2.1/"),
        FAIL_ADDRESS_REFUSED);
    T_TRUE(said("private_networks"));
    T_INT(
        RUN("webhook", "add", "--provider", "4", "--url", "https://192.0.2.1/", "--name",
            "main", "--event", "busy.changed", "--force", "--json"),
        FAIL_NONE);
    T_TRUE(str_starts(printed(), S("{\n  \"id\": 1,\n  \"secret\": \"whsec_")));
    T_INT(RUN("webhook", "show", "1"), FAIL_NONE);
    T_TRUE(str_starts(
        printed(), S("id: 1\nprovider: 4\nname: main\nurl: https://192.0.2.1/\n"
                     "events: busy.changed\nstate: enabled\ndisabled_reason: -\n")));
    T_TRUE(!str_contains(printed(), S("whsec_")));
    T_INT(RUN("webhook", "set", "1", "--event", "account.connected"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("events: account.connected\n")));
    T_INT(RUN("webhook", "rotate", "1"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("secret: whsec_")));
    T_INT(RUN("webhook", "test", "1"), FAIL_UNAVAILABLE);
    T_TRUE(str_contains(printed(), S("failure: address_refused\n")));
    T_INT(RUN("webhook", "deliveries", "1", "--json"), FAIL_NONE);
    T_STR(printed(), S("[]\n"));
    T_INT(RUN("webhook", "replay", "1", "--since", "1h"), FAIL_NONE);
    T_INT(RUN("webhook", "disable", "1"), FAIL_NONE);
    T_INT(RUN("webhook", "replay", "1", "--since", "1h"), FAIL_CONFLICT);
    T_INT(RUN("webhook", "list", "--provider", "4"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\tdisabled\toperator\t")));
    T_INT(RUN("check"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\t1 endpoints are disabled")));
    T_INT(RUN("webhook", "enable", "1"), FAIL_NONE);
    T_INT(RUN("webhook", "remove", "1"), FAIL_NONE);
    T_INT(RUN("webhook", "show", "1"), FAIL_NOT_FOUND);
    T_TRUE(said("there is no endpoint 1"));
    T_INT(RUN("provider", "remove", "4"), FAIL_NONE);
}

/* What differs before and after a rotation: when the secret before ends, and how much is
 * sealed. */
static Res secrets_work(struct cx *cx, struct db *db, void *arg)
{
    return db_query_int(
        cx, db,
        "select coalesce(sum(previous_until + length(sealed)), 0) from webhook_endpoints",
        DB_NONE, arg);
}

TEST(test_webhook_commands_leave_no_secret_that_nobody_knows)
{
    static const char *const add[] = {"webhook", "add",   "--provider",
                                      "5",       "--url", "https://192.0.2.1/",
                                      "--force", NULL};
    char id[8] = "";
    const char *const rotate[] = {"webhook", "rotate", id, NULL};
    int64_t before = 0;
    int64_t after = 0;

    T_INT(RUN("provider", "add", "5", "--name", "A"), FAIL_NONE);
    T_INT(run_in_vain(add, open("/dev/full", O_WRONLY)), FAIL_UNAVAILABLE);
    T_TRUE(said("No space left on device: so endpoint ") && said(" is removed again"));
    T_INT(RUN("webhook", "list"), FAIL_NONE);
    T_TRUE(!str_contains(printed(), S("192.0.2.1")));
    T_INT(run(add), FAIL_NONE);
    T_INT(sscanf(str_zdup(&t_cx()->mem, printed()), "id: %7[0-9]", id), 1);
    change_store(secrets_work, &before);
    T_INT(run_in_vain(rotate, open("/dev/full", O_WRONLY)), FAIL_UNAVAILABLE);
    T_TRUE(said(" has the secret again that it had"));
    change_store(secrets_work, &after);
    T_TRUE(before > 0);
    T_INT(before, after);
    T_INT(run(rotate), FAIL_NONE);
    change_store(secrets_work, &after);
    T_TRUE(before != after);
    T_INT(RUN("webhook", "remove", id), FAIL_NONE);
    T_INT(RUN("provider", "remove", "5"), FAIL_NONE);
}

TEST(test_webhook_commands_refuse_what_is_wrong)
{
    static const struct {
        const char *option, *value, *says;
    } rows[] = {
        {"--url", "nowhere", "an https URL"},
        {"--url", "ftp://192.0.2.1/", "an https URL"},
        {"--url", "https://192.0.2.1/ x", "an https URL"},
        {"--event", "webhook.ping", "no such event"},
        {"--name", "\xFF", "UTF-8"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            RUN("webhook", "set", "1", rows[i].option, rows[i].value), FAIL_PARSE_ERROR);
        T_TRUE(said(rows[i].says));
    }
    T_INT(RUN("webhook", "set", "1"), FAIL_PARSE_ERROR);
    T_INT(RUN("webhook", "add", "--provider", "1"), FAIL_PARSE_ERROR);
    T_INT(RUN("webhook", "add", "--url", "https://192.0.2.1/"), FAIL_PARSE_ERROR);
    T_INT(
        RUN("webhook", "add", "--provider", "1", "--provider", "2", "--url",
            "https://192.0.2.1/"),
        FAIL_PARSE_ERROR);
    T_INT(
        RUN("webhook", "add", "--provider", "99", "--url", "https://192.0.2.1/",
            "--force"),
        FAIL_NOT_FOUND);
    T_INT(RUN("webhook", "deliveries", "1", "--since", "x"), FAIL_PARSE_ERROR);
    T_INT(RUN("webhook", "replay", "1"), FAIL_PARSE_ERROR);
    T_INT(RUN("webhook", "replay", "1", "--message", "m", "--failed"), FAIL_PARSE_ERROR);
}

TEST(test_check_run_says_how_many_files_are_short)
{
    T_INT(RUN("check"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\tlimits.files\t")));
    pid_t child = fork();

    if (child == 0) {
        (void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){1500, 1500});
        bool ok = RUN("check") == FAIL_NONE
                  && str_contains(
                      printed(), S("and there may be 1500, so that [server] "
                                   "max_connections is cut to "));

        _exit(ok ? 0 : 1);
    }
    int status;

    T_TRUE(waitpid(child, &status, 0) == child && status == 0);
}

TEST(test_sources_uris_run_lists_both)
{
    T_INT(RUN("sources", "uris"), FAIL_NONE);
    T_STR(
        printed(), S("source\tredirect_uri\n"
                     "google\thttp://127.0.0.1:8080/oauth2/callback/google\n"
                     "microsoft\thttp://127.0.0.1:8080/oauth2/callback/microsoft\n"));
    T_INT(RUN("sources"), FAIL_PARSE_ERROR);
    T_TRUE(said("use one of: sources uris"));
}

TEST(test_check_run_finds_what_only_says)
{
    T_INT(RUN("check", "--offline", "--only", "store"), FAIL_NONE);
    T_TRUE(str_contains(printed(), S("\nok\tstore\tanswers\t-\n")));
    T_TRUE(!str_contains(printed(), S("config")));
    T_INT(RUN("check", "--only", "source.google", "--only", "push"), FAIL_NONE);
    T_STR(
        printed(),
        S("level\tcode\ttext\tmend\n"
          "note\tsource.google\toff\tgive client_id and client_secret to switch it "
          "on\n"
          "ok\tpush\tno copy of an event is due\t-\n"));
    T_INT(RUN("check", "--only", "jwt.any.keys"), FAIL_NONE);
    T_STR(printed(), S(""));
}

TEST(test_check_run_refuses_unknown_codes)
{
    static const char *const unknown[] = {"stor", "store.", "source.yahoo", "NAME", ""};

    for (size_t i = 0; i < COUNT(unknown); i++) {
        T_INT(RUN("check", "--only", unknown[i]), FAIL_PARSE_ERROR);
        T_TRUE(said(": none of config config.listen config.public_url config.unused "));
        T_TRUE(said(" source.NAME.keys "));
        T_TRUE(said(" webhooks")); /* the last one */
    }
}

TEST(test_check_and_help_run)
{
    T_INT(RUN("check"), FAIL_NONE);
    T_INT(RUN("help"), FAIL_NONE);
    T_TRUE(str_contains(
        printed(), S("\n  webhook deliveries  list what"))); /* the longest */
    T_INT(RUN("help", "provider"), FAIL_NONE);
    T_INT(RUN("help", "provider", "add"), FAIL_NONE);
    T_INT(RUN("help", "config"), FAIL_NONE);
    T_INT(RUN("help", "prov"), FAIL_PARSE_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_init_run_never_overwrites),
        T(test_init_run_leaves_nothing_where_it_fails),
        T(test_commands_that_read_make_no_store),
        T(test_commands_on_an_older_schema),
        T(test_store_backup_run_makes_one_file),
        T(test_status_run_prints_one_screen),
        T(test_status_run_says_what_nodes_report),
        T(test_print_writes_json_and_lines),
        T(test_provider_commands_change_one_provider),
        T(test_print_pages_writes_one_list),
        T(test_provider_add_run_refuses_what_is_wrong),
        T(test_names_are_taken_up_to_their_limit),
        T(test_token_commands_make_and_end_tokens),
        T(test_token_create_run_leaves_no_token_that_nobody_knows),
        T(test_commands_refuse_what_is_no_id),
        T(test_account_commands_say_what_is_not_there),
        T(test_sync_commands_say_what_is_not_there),
        T(test_sync_commands_show_and_change_one_calendar),
        T(test_push_commands_say_what_is_not_there),
        T(test_check_run_counts_calendars),
        T(test_push_commands_show_copies_and_try_again),
        T(test_provider_set_wakes_calendars),
        T(test_webhook_commands_change_one_endpoint),
        T(test_webhook_commands_leave_no_secret_that_nobody_knows),
        T(test_webhook_commands_refuse_what_is_wrong),
        T(test_check_run_says_how_many_files_are_short),
        T(test_sources_uris_run_lists_both),
        T(test_check_run_finds_what_only_says),
        T(test_check_run_refuses_unknown_codes),
        T(test_check_and_help_run),
    };

    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
