/* SPDX-License-Identifier: Apache-2.0 */
/* Each check runs in a child of its own, because a sandbox can't be left. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "app/confine.h"
#include "base/testchild.h"

enum { PATH_BYTES = 128 };

static char folder[] = "/tmp/caldock-confine-XXXXXX";

static const char *const folders[] = {"conf",    "db",  "keys", "real",
                                      "secrets", "run", "ca",   "other"};
static const char *const files[] = {
    "conf/caldock.conf", "real/keys", "secrets/google", "ca/ca.pem", "other/file"};

static const char *below(const char *name)
{
    static char paths[4][PATH_BYTES];
    static size_t last;
    char *path = paths[last++ % COUNT(paths)];

    must_be(snprintf(path, PATH_BYTES, "%s/%s", folder, name) < PATH_BYTES);
    return path;
}

static void put_file(const char *path, Str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    must_be(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && close(fd) == 0);
}

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    return fd >= 0 && close(fd) == 0;
}

static bool is_denied(const char *path, int flags)
{
    return !opens(path, flags) && errno == EACCES;
}

static const Str common =
    SI("[keys]\nfile = ../keys/caldock.keys\n"
       "[google]\nclient_id = a\nclient_secret_file = ../secrets/google\n");

static void read_config(struct app *app, Str settings)
{
    put_file(below("conf/caldock.conf"), str_cat(&t_cx()->mem, common, settings));
    must_be(
        config_read(&app->cx, below("conf/caldock.conf"), &app->config).code
        == FAIL_NONE);
}

static void enter(const struct app *app)
{
    struct confined state = confine_process(app);

    if (state.files != NULL || state.calls != NULL) {
        (void)fprintf(
            stderr, "files: %s, calls: %s\n", state.files == NULL ? "on" : state.files,
            state.calls == NULL ? "on" : state.calls);
        _exit(T_SKIPPED);
    }
}

static bool socket_binds(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    must_be(fd >= 0 && strlen(path) < sizeof(a.sun_path));
    memcpy(a.sun_path, path, strlen(path));
    bool is_bound = bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0;

    return close(fd) == 0 && is_bound;
}

/* What a service does while it runs: reload, a changed key file, the store, a socket. */
static void run_on_sqlite(void)
{
    struct app app = {.store_is_there = true};
    struct config *again;

    read_config(
        &app, S("[store]\nurl = sqlite:../db/caldock.db\n"
                "[server]\nlisten = unix:../run/sock\n"));
    enter(&app);
    must_be(config_read(&app.cx, app.config->path, &again).code == FAIL_NONE);
    must_be(opens(again->key_file, O_RDONLY));
    must_be(opens(below("db/caldock.db-wal"), O_RDWR | O_CREAT));
    must_be(unlink(below("db/caldock.db-wal")) == 0);
    must_be(socket_binds(below("run/sock")) && unlink(below("run/sock")) == 0);
    must_be(opens("/etc/hosts", O_RDONLY) || errno == ENOENT);
    must_be(opens("/dev/null", O_WRONLY));
    must_be(is_denied(below("other/file"), O_RDONLY));
    must_be(is_denied(below("ca/ca.pem"), O_RDONLY));
    must_be(is_denied(below("secrets/google"), O_WRONLY));
    must_be(is_denied(below("conf/caldock.conf"), O_WRONLY));
    must_be(is_denied(below("other/new"), O_WRONLY | O_CREAT));
    must_be(is_denied("/tmp", O_RDONLY));
    must_be(!socket_binds(below("other/sock")));
}

TEST(test_confine_leaves_a_service_what_it_needs)
{
    T_IN_CHILD(run_on_sqlite);
}

static void run_on_postgresql(void)
{
    struct app app = {.store_is_there = false};
    Str url = S("[store]\nurl = postgresql://h/d?connect_timeout=3&sslrootcert=");
    char path[PATH_BYTES * 3];
    size_t n = 0;

    for (const char *p = below("ca/ca.pem"); *p != 0; p++, n++) {
        path[n] = *p;
        if (*p == '/') {
            memcpy(path + n, "%2F", 3);
            n += 2;
        }
    }
    read_config(&app, str_cat(&t_cx()->mem, url, (Str){path, n}));
    enter(&app);
    must_be(opens(below("ca/ca.pem"), O_RDONLY));
    must_be(is_denied(below("db/new"), O_WRONLY | O_CREAT));
    must_be(is_denied(below("other/file"), O_RDONLY));
}

TEST(test_confine_opens_the_certificates_of_a_store_url)
{
    T_IN_CHILD(run_on_postgresql);
}

TEST(test_confine_waits_for_a_disk_to_be_mounted)
{
    struct app app = {.store_is_there = false};

    read_config(&app, S("[store]\nurl = sqlite:../away/caldock.db\n"));
    if (fork() == 0) {
        struct confined state = confine_process(&app);

        _exit(strcmp(state.files, "the store's disk may yet be mounted"));
    }
    int status = 1;

    T_TRUE(wait(&status) > 0 && status == 0);
    config_unref(&app.config);
    cx_done(&app.cx);
}

TEST(test_confine_can_be_switched_off)
{
    struct app app = {.store_is_there = true};

    read_config(&app, S("[server]\nsandbox = off\n"));
    struct confined state = confine_process(&app);

    assert_string_equal(state.files, "off");
    assert_string_equal(state.calls, "off");
    T_TRUE(opens(below("other/file"), O_RDONLY));
    config_unref(&app.config);
    cx_done(&app.cx);
}

static int folders_make(void **state)
{
    (void)state;
    must_be(mkdtemp(folder) != NULL);
    for (size_t i = 0; i < COUNT(folders); i++) {
        must_be(mkdir(below(folders[i]), 0700) == 0);
    }
    for (size_t i = 0; i < COUNT(files); i++) {
        put_file(below(files[i]), S("text"));
    }
    must_be(symlink(below("real/keys"), below("keys/caldock.keys")) == 0);
    return 0;
}

static int folders_remove(void **state)
{
    (void)state;
    (void)unlink(below("keys/caldock.keys"));
    for (size_t i = 0; i < COUNT(files); i++) {
        (void)unlink(below(files[i]));
    }
    for (size_t i = 0; i < COUNT(folders); i++) {
        (void)rmdir(below(folders[i]));
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_confine_leaves_a_service_what_it_needs),
        T(test_confine_opens_the_certificates_of_a_store_url),
        T(test_confine_waits_for_a_disk_to_be_mounted),
        T(test_confine_can_be_switched_off),
    };

    return cmocka_run_group_tests(tests, folders_make, folders_remove);
}
