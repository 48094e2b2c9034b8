/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "seal/keyedit.h"
#include "seal/keyring.h"

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static char folder[] = "/tmp/caldock-keyedit-XXXXXX";
static char path[sizeof(folder) + 5];
static char beside[sizeof(path) + 4];

static void write_file(Str text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    must_be(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && close(fd) == 0);
}

static Str read_file(void)
{
    char *text = NEW_N(&t_cx()->mem, char, 8192);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, 8192);

    must_be(n >= 0 && close(fd) == 0);
    return (Str){text, (size_t)n};
}

static struct keyring *ring(void)
{
    struct keyring *k = NULL;

    T_OK(keyring_open(t_cx(), path, &k));
    return k;
}

static int remove_files(void **state)
{
    (void)unlink(path);
    (void)unlink(beside);
    return t_end(state);
}

TEST(test_append_adds_a_key_and_keeps_every_line)
{
    static const Str before[] = {
        SI("# mine\nkey 00000001 " KEY "\n"),
        SI("# mine\nkey 00000001 " KEY), /* no end of line */
        SI("\n\t key 00000001  " KEY " \r\n# the end"),
    };

    for (size_t i = 0; i < COUNT(before); i++) {
        uint32_t id = 0;
        struct stat st;

        write_file(before[i]);
        T_OK(keyedit_append(t_cx(), path, &id));
        CLEANUP(keyring_close) struct keyring *k = ring();

        T_INT(keyring_count(k), 2);
        T_INT(keyring_sealing(k), 1); /* a new one is at first only read with */
        T_INT(keyring_id(k, 1), id);
        T_INT(keyring_created(k, 0).n, 0);
        T_INT(keyring_created(k, 1).n, 24);
        T_TRUE(str_starts(read_file(), before[i]));
        T_INT(stat(path, &st), 0);
        T_INT(st.st_mode & 07777, 0600);
        T_INT(stat(beside, &st), -1);
    }
}

TEST(test_append_stops_at_so_many_keys)
{
    uint32_t id = 77;

    write_file(S("key 00000001 " KEY "\n"));
    for (int i = 1; i < KEYRING_MOST; i++) {
        T_OK(keyedit_append(t_cx(), path, &id));
    }
    Str full = read_file();
    uint32_t last = id;

    T_FAIL(FAIL_CONFIG, keyedit_append(t_cx(), path, &id));
    T_INT(id, last);
    T_STR(read_file(), full);
}

TEST(test_append_follows_a_link)
{
    char name[sizeof(path) + 5];
    struct stat st;
    uint32_t id;

    (void)snprintf(name, sizeof(name), "%s.link", path);
    write_file(S("key 00000001 " KEY "\n"));
    must_be(symlink(path, name) == 0);
    T_OK(keyedit_append(t_cx(), name, &id));
    T_INT(lstat(name, &st), 0);
    must_be(unlink(name) == 0);
    T_TRUE(S_ISLNK(st.st_mode));
    CLEANUP(keyring_close) struct keyring *k = ring();

    T_INT(keyring_count(k), 2);
}

enum { PROCESSES = 4, KEYS = 5 };

static bool append_many(void)
{
    struct cx cx = {0};
    bool ok = true;
    uint32_t id;

    for (int n = 0; n < KEYS; n++) {
        ok = ok && keyedit_append(&cx, path, &id).code == FAIL_NONE;
    }
    return ok;
}

/* Several processes add at once, and each key is there in the end. */
TEST(test_append_loses_nobodys_key)
{
    pid_t children[PROCESSES];

    write_file(S("key 00000001 " KEY "\n"));
    for (size_t i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            _exit(append_many() ? 0 : 1);
        }
    }
    for (size_t i = 0; i < PROCESSES; i++) {
        int status = 1;

        T_INT(waitpid(children[i], &status, 0), children[i]);
        T_INT(status, 0);
    }
    CLEANUP(keyring_close) struct keyring *k = ring();

    T_INT(keyring_count(k), 1 + PROCESSES * KEYS);
}

/* As on a full disk. */
TEST(test_a_change_that_fails_leaves_the_file)
{
    Str before = S("key 00000001 " KEY "\nkey 00000002 " KEY "\n");
    struct rlimit limit;
    struct stat st;
    uint32_t id = 77;

    write_file(before);
    must_be(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    const struct rlimit small = {.rlim_cur = 10, .rlim_max = limit.rlim_max};

    must_be(setrlimit(RLIMIT_FSIZE, &small) == 0);
    Res appended = keyedit_append(t_cx(), path, &id);
    Res removed = keyedit_remove(t_cx(), path, 1);

    must_be(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    T_FAIL(FAIL_CONFIG, appended);
    T_FAIL(FAIL_CONFIG, removed);
    T_INT(id, 77);
    T_STR(read_file(), before);
    T_INT(stat(beside, &st), -1);
    must_be(close(open(beside, O_WRONLY | O_CREAT, 0644)) == 0); /* of one that died */
    T_OK(keyedit_append(t_cx(), path, &id));
    T_INT(stat(path, &st), 0);
    T_INT(st.st_mode & 07777, 0600);
}

/* Root changes the file of a service that reads it through its group. */
TEST(test_a_change_keeps_owner_group_and_mode)
{
    static const mode_t modes[] = {0600, 0400, 0640, 0440};
    gid_t group = geteuid() == 0 ? 65534 : getegid();
    struct stat st;
    uint32_t id;

    for (size_t i = 0; i < COUNT(modes); i++) {
        (void)unlink(path);
        write_file(S("key 00000001 " KEY "\n"));
        T_INT(chown(path, (uid_t)-1, group), 0);
        T_INT(chmod(path, modes[i]), 0);
        T_OK(keyedit_append(t_cx(), path, &id));
        T_INT(stat(path, &st), 0);
        T_INT(st.st_mode & 07777, modes[i]);
        T_INT(st.st_uid, geteuid());
        T_INT(st.st_gid, group);
    }
}

TEST(test_a_change_wants_a_file_that_opens)
{
    uint32_t id = 77;

    T_FAIL(FAIL_CONFIG, keyedit_append(t_cx(), path, &id));
    write_file(S("nonsense"));
    T_FAIL(FAIL_CONFIG, keyedit_append(t_cx(), path, &id));
    T_FAIL(FAIL_CONFIG, keyedit_remove(t_cx(), path, 1));
    T_STR(read_file(), S("nonsense"));
}

TEST(test_remove_takes_that_line_alone)
{
    static const struct {
        Str before;
        Str after;
    } rows[] = {
        {SI("# a\nkey 00000001 " KEY "\n# b\nkey 00000002 " KEY "\n"),
         SI("# a\n# b\nkey 00000002 " KEY "\n")},
        {SI("key 00000002 " KEY "\n \tkey\t00000001 " KEY
            " 2026-01-31T09:00:00.000Z\r\n"),
         SI("key 00000002 " KEY "\n")},
        {SI("# key 00000001 x\nkey 00000002 " KEY "\nkey 00000001 " KEY),
         SI("# key 00000001 x\nkey 00000002 " KEY "\n")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        write_file(rows[i].before);
        T_OK(keyedit_remove(t_cx(), path, 1));
        T_STR(read_file(), rows[i].after);
        T_FAIL(FAIL_NOT_FOUND, keyedit_remove(t_cx(), path, 1));
        T_FAIL(FAIL_CONFIG, keyedit_remove(t_cx(), path, 2)); /* the last one */
        T_STR(read_file(), rows[i].after);
    }
}

#define TK(name) cmocka_unit_test_teardown(name, remove_files)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TK(test_append_adds_a_key_and_keeps_every_line),
        TK(test_append_stops_at_so_many_keys),
        TK(test_append_follows_a_link),
        TK(test_append_loses_nobodys_key),
        TK(test_a_change_that_fails_leaves_the_file),
        TK(test_a_change_keeps_owner_group_and_mode),
        TK(test_a_change_wants_a_file_that_opens),
        TK(test_remove_takes_that_line_alone),
    };

    must_be(seal_start() && mkdtemp(folder) != NULL);
    must_be(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); /* a write past the limit just fails */
    (void)snprintf(path, sizeof(path), "%s/keys", folder);
    (void)snprintf(beside, sizeof(beside), "%s.new", path);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    (void)rmdir(folder);
    return failed;
}
