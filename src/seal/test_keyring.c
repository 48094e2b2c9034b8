/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/testing.h"
#include "seal/keyedit.h"
#include "seal/keyring.h"

#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY_B "__79_Pv6-fj39vX08_Lx8O_u7ezr6uno5-bl5OPi4eA"

static char folder[] = "/tmp/caldock-keyring-XXXXXX";
static char path[sizeof(folder) + 32];

static void write_file(Str text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    must_be(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
    must_be(fchmod(fd, mode) == 0 && close(fd) == 0);
}

static struct keyring *ring_of(Str text)
{
    struct keyring *k = NULL;

    write_file(text, 0600);
    T_OK(keyring_open(t_cx(), path, &k));
    return k;
}

static int remove_file(void **state)
{
    (void)unlink(path);
    return t_end(state);
}

TEST(test_open_reads_keys_in_their_order)
{
    CLEANUP(keyring_close)
    struct keyring *k = ring_of(S("# two keys\n\nkey 00000001 " KEY_A "\r\n"
                                  "\tkey fedcba98  " KEY_B " 2026-01-31T09:00:00.000Z"));

    T_INT(keyring_count(k), 2);
    T_INT(keyring_id(k, 0), 1);
    T_INT(keyring_id(k, 1), 0xfedcba98);
    T_STR(keyring_created(k, 0), S(""));
    T_STR(keyring_created(k, 1), S("2026-01-31T09:00:00.000Z"));
    T_INT(keyring_sealing(k), 1);
    T_TRUE(keyring_has(k, 0xfedcba98));
    T_TRUE(!keyring_has(k, 2));
    T_TRUE(keyring_key(k, 2, KEY_STATE) == NULL);
    T_TRUE(!keyring_set_sealing(k, 2));
    T_INT(keyring_sealing(k), 1);
    T_TRUE(keyring_set_sealing(k, 0xfedcba98));
    T_INT(keyring_sealing(k), 0xfedcba98);
}

/* By a BLAKE2b other than libsodium's: what is sealed today must open for ever. */
TEST(test_key_is_derived_as_ever)
{
    static const unsigned char want_first[8] = {0x68, 0xc6, 0x63, 0x94,
                                                0xc4, 0x0c, 0x2f, 0xbe};
    static const unsigned char want_last[8] = {0x93, 0x2c, 0x07, 0x78,
                                               0x26, 0x91, 0x6c, 0x86};
    CLEANUP(keyring_close) struct keyring *k = ring_of(S("key 00000001 " KEY_A "\n"));

    assert_memory_equal(keyring_key(k, 1, KEY_STATE), want_first, 8);
    assert_memory_equal(keyring_key(k, 1, KEY_TASK), want_last, 8);
}

TEST(test_key_differs_for_every_purpose_and_key)
{
    CLEANUP(keyring_close)
    struct keyring *k = ring_of(S("key 00000001 " KEY_A "\nkey 00000002 " KEY_B));
    const unsigned char *keys[2 * KEY_LAST];
    size_t n = 0;

    for (uint32_t id = 1; id <= 2; id++) {
        for (int purpose = KEY_STATE; purpose <= KEY_LAST; purpose++) {
            keys[n++] = keyring_key(k, id, (enum key_purpose)purpose);
        }
    }
    for (size_t a = 0; a < n; a++) {
        for (size_t b = a + 1; b < n; b++) {
            assert_memory_not_equal(keys[a], keys[b], SEAL_KEY_BYTES);
        }
    }
}

TEST(test_open_says_what_is_wrong_and_where)
{
    static const struct {
        Str text;
        Str want;
    } rows[] = {
        {SI(""), SI(": holds no key")},
        {SI("# nothing\n"), SI(": holds no key")},
        {SI("\n\nkeys 00000001 " KEY_A), SI(":3: not a key")},
        {SI("key 00000001"), SI(":1: not a key")},
        {SI("key 00000001 " KEY_A " now more"), SI(":1: not a key")},
        {SI("key 00000001 " KEY_A " 01234567890123456789012345678901"),
         SI(":1: not a key")},
        {SI("key 0000001 " KEY_A), SI(":1: the key's id")},
        {SI("key 000000001 " KEY_A), SI(":1: the key's id")},
        {SI("key 0000000A " KEY_A), SI(":1: the key's id")},
        {SI("key 0000000g " KEY_A), SI(":1: the key's id")},
        {SI("key 00000001 " KEY_A "\nkey 00000001 " KEY_B), SI(":2: the id 00000001")},
        {SI("key 00000001 AAECAwQ"), SI(":1: the key 00000001")},
        {SI("key 00000001 " KEY_A "="), SI(":1: the key 00000001")},
        {SI("key 00000001 " KEY_A "A"), SI(":1: the key 00000001")},
        {SI("key 00000001 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9"),
         SI(":1: the key 00000001")},
        {SI("key 00000001 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+"),
         SI(":1: the key 00000001")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct keyring *k = NULL;

        write_file(rows[i].text, 0600);
        T_FAIL(FAIL_CONFIG, keyring_open(t_cx(), path, &k));
        T_TRUE(k == NULL);
        Str why = str_from_z(t_cx()->why.text);

        T_TRUE(str_starts(why, str_from_z(path)));
        T_TRUE(str_contains(why, rows[i].want));
        T_TRUE(!str_contains(why, S("AAECAwQ"))); /* never a part of a key */
    }
}

TEST(test_open_takes_so_many_keys_and_no_more)
{
    char text[(KEYRING_MOST + 1) * 64];
    size_t n = 0;

    for (int i = 0; i <= KEYRING_MOST; i++) {
        struct keyring *k = NULL;

        n += (size_t)snprintf(
            text + n, sizeof(text) - n, "key %08x " KEY_A "\n", (unsigned)i);
        write_file((Str){text, n}, 0600);
        if (i < KEYRING_MOST) {
            T_OK(keyring_open(t_cx(), path, &k));
            T_INT(keyring_count(k), i + 1);
            keyring_close(&k);
        } else {
            T_FAIL(FAIL_CONFIG, keyring_open(t_cx(), path, &k));
        }
    }
}

TEST(test_open_refuses_a_file_that_is_too_large)
{
    enum { MOST = 64 * 1024 };

    Str key = S("key 00000001 " KEY_A "\n#");
    char *text = NEW_N(&t_cx()->mem, char, MOST + 1);
    struct keyring *k = NULL;

    memset(text, '.', MOST + 1);
    memcpy(text, key.p, key.n);
    write_file((Str){text, MOST}, 0600);
    T_OK(keyring_open(t_cx(), path, &k));
    keyring_close(&k);
    write_file((Str){text, MOST + 1}, 0600);
    T_FAIL(FAIL_CONFIG, keyring_open(t_cx(), path, &k));
    T_TRUE(k == NULL);
}

struct mode_row {
    mode_t mode;
    bool ok;
};

static void check_modes(const struct mode_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct keyring *k = NULL;

        print_message("%04o\n", rows[i].mode);
        (void)unlink(path);
        write_file(S("key 00000001 " KEY_A), rows[i].mode);
        Res got = keyring_open(t_cx(), path, &k);

        T_INT(got.code, rows[i].ok ? FAIL_NONE : FAIL_CONFIG);
        T_INT(k != NULL, rows[i].ok);
        if (!rows[i].ok) {
            T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("chmod 600")));
        }
        keyring_close(&k);
    }
}

static bool is_in_memory(const char *where)
{
    struct statfs fs;

    return statfs(where, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

TEST(test_open_takes_what_a_group_may_read_and_nobody_write)
{
    static const struct mode_row rows[] = {
        {0600, true},  {0400, true},  {0440, true},  {0640, true},  {0660, false},
        {0620, false}, {0420, false}, {0602, false}, {0642, false}, {0666, false},
    };

    check_modes(rows, COUNT(rows));
}

TEST(test_open_refuses_what_all_users_may_read_on_a_disk)
{
    static const struct mode_row rows[] = {
        {0604, false}, {0644, false}, {0444, false}, {0601, false}, {0641, false},
    };

    if (is_in_memory(folder) && geteuid() == 0) {
        skip();
    }
    check_modes(rows, COUNT(rows));
}

/* Root's file on a file system in memory, in the place of a container's secret. */
TEST(test_open_takes_a_container_secret)
{
    static const struct mode_row rows[] = {{0444, true}, {0644, true}, {0446, false}};
    char disk[sizeof(path)];

    if (geteuid() != 0 || !is_in_memory("/dev/shm")) {
        skip();
    }
    memcpy(disk, path, sizeof(path));
    (void)snprintf(path, sizeof(path), "/dev/shm/caldock-%d", (int)getpid());
    check_modes(rows, COUNT(rows));
    (void)unlink(path);
    memcpy(path, disk, sizeof(path));
}

/* A key file's owner, and whether a service that is no root takes it. */
static const struct owner_row {
    const char *name;
    uid_t owner;
    gid_t group;
    mode_t mode;
    bool ok;
    Str says;
} owner_rows[] = {
    {"its own", 65534, 65534, 0600, true, SI("")},
    {"root's, for its group", 0, 65534, 0440, true, SI("")},
    {"root's, for its group, writable by root", 0, 65534, 0640, true, SI("")},
    {"root's, which its group may write", 0, 65534, 0460, false, SI("may write")},
    {"root's, for all", 0, 0, 0444, false, SI("all users")},
    {"root's alone", 0, 0, 0600, false, SI("it belongs to user root (0), mode 0600")},
    {"somebody else's, for its group", 1234, 65534, 0640, false,
     SI("belongs to user 1234, who may change it")},
};

static void open_as_nobody(const struct owner_row *row)
{
    struct cx cx = {0};
    struct keyring *k = NULL;

    must_be(setresgid(65534, 65534, 65534) == 0 && setgroups(0, NULL) == 0);
    must_be(setresuid(65534, 65534, 65534) == 0);
    must_be((keyring_open(&cx, path, &k).code == FAIL_NONE) == row->ok);
    must_be(str_contains(str_from_z(cx.why.text), row->says));
    must_be(
        row->ok || str_contains(str_from_z(cx.why.text), S("chmod"))
        || str_contains(str_from_z(cx.why.text), S("(65534)")));
    keyring_close(&k);
    cx_done(&cx);
}

TEST(test_open_asks_whose_file_it_is)
{
    if (geteuid() != 0 || is_in_memory(folder)) {
        skip();
    }
    T_INT(chmod(folder, 0755), 0);
    for (size_t i = 0; i < COUNT(owner_rows); i++) {
        const struct owner_row *row = &owner_rows[i];
        int status = 0;

        print_message("%s\n", row->name);
        write_file(S("key 00000001 " KEY_A), 0600);
        T_INT(chown(path, row->owner, row->group), 0);
        T_INT(chmod(path, row->mode), 0);
        pid_t child = fork();

        if (child == 0) {
            open_as_nobody(row);
            _exit(EXIT_SUCCESS);
        }
        T_TRUE(waitpid(child, &status, 0) == child && status == 0);
    }
    struct keyring *k = NULL;

    T_OK(keyring_open(t_cx(), path, &k)); /* root opens anybody's */
    keyring_close(&k);
    T_INT(chmod(folder, 0700), 0);
}

/* As Kubernetes mounts a secret: the name leads to a link that leads to a folder of that
 * version. */
TEST(test_open_follows_the_links_of_orchestrators)
{
    struct keyring *k = NULL;
    char version[sizeof(folder) + 32], data[sizeof(folder) + 32],
        file[sizeof(folder) + 64];

    (void)snprintf(version, sizeof(version), "%s/..2026_11_29", folder);
    (void)snprintf(data, sizeof(data), "%s/..data", folder);
    T_INT(mkdir(version, 0700), 0);
    T_INT(symlink("..2026_11_29", data), 0);
    write_file(S("key 00000001 " KEY_A), 0440);
    (void)snprintf(file, sizeof(file), "%s/keys", version);
    T_INT(rename(path, file), 0);
    T_INT(symlink("..data/keys", path), 0);
    T_OK(keyring_open(t_cx(), path, &k));
    keyring_close(&k);
    T_INT(unlink(file), 0);
    T_INT(rmdir(version), 0);
    T_INT(unlink(data), 0);
}

TEST(test_open_refuses_what_is_no_file)
{
    struct keyring *k = NULL;

    T_FAIL(FAIL_CONFIG, keyring_open(t_cx(), path, &k));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("caldock init")));
    T_FAIL(FAIL_CONFIG, keyring_open(t_cx(), folder, &k));
    must_be(mkfifo(path, 0600) == 0);
    T_FAIL(FAIL_CONFIG, keyring_open(t_cx(), path, &k)); /* and never hangs */
    T_TRUE(k == NULL);
}

TEST(test_create_makes_a_private_file_that_opens)
{
    struct keyring *k = NULL;
    struct stat st;

    mode_t before = umask(0);

    T_OK(keyedit_create(t_cx(), path));
    (void)umask(before);
    T_INT(stat(path, &st), 0);
    T_INT(st.st_mode & 07777, 0600);
    T_OK(keyring_open(t_cx(), path, &k));
    T_INT(keyring_count(k), 1);
    keyring_close(&k);
}

TEST(test_create_makes_another_key_each_time)
{
    CLEANUP(keyring_close) struct keyring *a = NULL;
    CLEANUP(keyring_close) struct keyring *b = NULL;

    T_OK(keyedit_create(t_cx(), path));
    T_OK(keyring_open(t_cx(), path, &a));
    must_be(unlink(path) == 0);
    T_OK(keyedit_create(t_cx(), path));
    T_OK(keyring_open(t_cx(), path, &b));
    T_TRUE(keyring_id(a, 0) != keyring_id(b, 0));
    assert_memory_not_equal(
        keyring_key(a, keyring_id(a, 0), KEY_GRANT),
        keyring_key(b, keyring_id(b, 0), KEY_GRANT), SEAL_KEY_BYTES);
}

TEST(test_create_never_overwrites)
{
    struct keyring *k = NULL;

    write_file(S("key 0000002a " KEY_A), 0600);
    T_FAIL(FAIL_CONFIG, keyedit_create(t_cx(), path));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("exists")));
    T_OK(keyring_open(t_cx(), path, &k));
    T_INT(keyring_id(k, 0), 0x2a);
    keyring_close(&k);
    T_FAIL(FAIL_CONFIG, keyedit_create(t_cx(), "/nonexistent/folder/keys"));
}

/* As on a full disk: nothing half-written stays in the way of the next attempt. */
TEST(test_create_leaves_nothing_when_it_cannot_write)
{
    struct rlimit before;
    struct stat st;

    must_be(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const struct rlimit small = {.rlim_cur = 10, .rlim_max = before.rlim_max};

    must_be(setrlimit(RLIMIT_FSIZE, &small) == 0);
    Res got = keyedit_create(t_cx(), path);

    must_be(setrlimit(RLIMIT_FSIZE, &before) == 0);
    T_FAIL(FAIL_CONFIG, got);
    T_INT(stat(path, &st), -1);
    T_OK(keyedit_create(t_cx(), path));
}

TEST(test_key_id_is_eight_digits_in_both_directions)
{
    static const struct {
        Str text;
        bool ok;
        uint32_t id;
    } rows[] = {
        {SI("00000000"), true, 0},
        {SI("0000002a"), true, 42},
        {SI("ffffffff"), true, UINT32_MAX},
        {SI("FFFFFFFF"), false, 0},
        {SI("fffffff"), false, 0},
        {SI("0ffffffff"), false, 0},
        {SI("0x00002a"), false, 0},
        {SI("       1"), false, 0},
        {SI(""), false, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint32_t id = 77;

        T_INT(key_id_parse(rows[i].text, &id), rows[i].ok);
        T_INT(id, rows[i].ok ? rows[i].id : 77);
        if (rows[i].ok) {
            T_STR(key_id_text(&t_cx()->mem, id), rows[i].text);
        }
    }
}

TEST(test_unseal_opens_what_was_sealed)
{
    CLEANUP(keyring_close)
    struct keyring *k = ring_of(S("key 00000001 " KEY_A "\nkey 00000002 " KEY_B));
    Str record = keyring_seal(&t_cx()->mem, k, KEY_GRANT, S("secret"), S("account 7"));
    Str again = keyring_seal(&t_cx()->mem, k, KEY_GRANT, S("secret"), S("account 7"));
    uint32_t id = 0;
    Str text;

    T_TRUE(!str_eq(record, again)); /* a nonce of its own each time */
    T_TRUE(!str_contains(record, S("secret")));
    T_INT(record.n, 1 + KEY_ID_BYTES + SEAL_NONCE_BYTES + 6 + SEAL_TAG_BYTES);
    T_TRUE(keyring_record_key(record, &id));
    T_INT(id, 1);
    T_OK(keyring_unseal(t_cx(), k, KEY_GRANT, record, S("account 7"), &text));
    T_STR(text, S("secret"));

    T_TRUE(keyring_set_sealing(k, 2));
    again = keyring_seal(&t_cx()->mem, k, KEY_GRANT, S(""), S(""));
    T_TRUE(keyring_record_key(again, &id));
    T_INT(id, 2);
    T_OK(keyring_unseal(t_cx(), k, KEY_GRANT, again, S(""), &text));
    T_STR(text, S(""));
    T_OK(keyring_unseal(t_cx(), k, KEY_GRANT, record, S("account 7"), &text));
    T_STR(text, S("secret")); /* the older one still opens */
}

TEST(test_unseal_refuses_what_is_altered_or_moved)
{
    CLEANUP(keyring_close)
    struct keyring *k = ring_of(S("key 00000001 " KEY_A "\nkey 00000002 " KEY_B));
    Str record = keyring_seal(&t_cx()->mem, k, KEY_GRANT, S("secret"), S("account 7"));
    char *p = NEW_N(&t_cx()->mem, char, record.n);
    Str copy = {p, record.n};
    Str text = S("untouched");

    memcpy(p, record.p, record.n);
    T_FAIL(
        FAIL_UNREADABLE,
        keyring_unseal(t_cx(), k, KEY_GRANT, copy, S("account 8"), &text));
    T_FAIL(
        FAIL_UNREADABLE,
        keyring_unseal(t_cx(), k, KEY_TASK, copy, S("account 7"), &text));
    for (size_t bit = 0; bit < record.n * 8; bit++) {
        bool is_id = bit >= 8 && bit < 8 * (1 + KEY_ID_BYTES); /* of a key not here */

        p[bit / 8] = (char)(p[bit / 8] ^ (1 << bit % 8));
        T_FAIL(
            is_id ? FAIL_UNAVAILABLE : FAIL_UNREADABLE,
            keyring_unseal(t_cx(), k, KEY_GRANT, copy, S("account 7"), &text));
        p[bit / 8] = (char)(p[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t n = 0; n < record.n; n++) {
        T_FAIL(
            FAIL_UNREADABLE,
            keyring_unseal(
                t_cx(), k, KEY_GRANT, str_sub(record, 0, n), S("account 7"), &text));
    }
    T_STR(text, S("untouched"));
    T_OK(keyring_unseal(t_cx(), k, KEY_GRANT, copy, S("account 7"), &text));
}

TEST(test_unseal_names_the_key_that_is_gone)
{
    CLEANUP(keyring_close) struct keyring *k = ring_of(S("key 0000002a " KEY_A));
    CLEANUP(keyring_close) struct keyring *other = ring_of(S("key 00000001 " KEY_A));
    Str record = keyring_seal(&t_cx()->mem, k, KEY_GRANT, S("secret"), S(""));
    Str text = S("untouched");

    T_FAIL(
        FAIL_UNAVAILABLE, keyring_unseal(t_cx(), other, KEY_GRANT, record, S(""), &text));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("0000002a")));
    T_STR(text, S("untouched"));
}

/* A request that began before sees a ring that came later. */
TEST(test_follow_seals_with_the_newest_and_opens_with_all)
{
    CLEANUP(keyring_close) struct keyring *newest = ring_of(S("key 00000002 " KEY_B));
    CLEANUP(keyring_close)
    struct keyring *middle = ring_of(S("key 00000001 " KEY_A "\nkey 00000002 " KEY_B));
    CLEANUP(keyring_close) struct keyring *k = ring_of(S("key 00000001 " KEY_A));
    Str record;
    Str text;
    uint32_t id;

    record = keyring_seal(&t_cx()->mem, middle, KEY_GRANT, S("secret"), S(""));
    T_TRUE(keyring_set_sealing(middle, 2));
    keyring_follow(k, middle);
    T_INT(keyring_sealing(k), 2);
    T_TRUE(!keyring_has(k, 2)); /* of the file, it has what it had */
    T_TRUE(keyring_key(k, 2, KEY_STATE) == keyring_key(middle, 2, KEY_STATE));
    keyring_follow(middle, newest);
    T_OK(keyring_unseal(t_cx(), k, KEY_GRANT, record, S(""), &text));
    record = keyring_seal(&t_cx()->mem, k, KEY_GRANT, S("secret"), S(""));
    T_TRUE(keyring_record_key(record, &id));
    T_INT(id, 2);
    T_OK(keyring_unseal(t_cx(), newest, KEY_GRANT, record, S(""), &text));
    T_OK(keyring_unseal(t_cx(), k, KEY_GRANT, record, S(""), &text));
    T_TRUE(keyring_key(newest, 1, KEY_STATE) == NULL);
}

#define TK(name) cmocka_unit_test_teardown(name, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TK(test_open_reads_keys_in_their_order),
        TK(test_key_is_derived_as_ever),
        TK(test_key_differs_for_every_purpose_and_key),
        TK(test_open_says_what_is_wrong_and_where),
        TK(test_open_takes_so_many_keys_and_no_more),
        TK(test_open_refuses_a_file_that_is_too_large),
        TK(test_open_takes_what_a_group_may_read_and_nobody_write),
        TK(test_open_refuses_what_all_users_may_read_on_a_disk),
        TK(test_open_takes_a_container_secret),
        TK(test_open_asks_whose_file_it_is),
        TK(test_open_follows_the_links_of_orchestrators),
        TK(test_open_refuses_what_is_no_file),
        TK(test_create_makes_a_private_file_that_opens),
        TK(test_create_makes_another_key_each_time),
        TK(test_create_never_overwrites),
        TK(test_create_leaves_nothing_when_it_cannot_write),
        TK(test_key_id_is_eight_digits_in_both_directions),
        TK(test_unseal_opens_what_was_sealed),
        TK(test_unseal_refuses_what_is_altered_or_moved),
        TK(test_unseal_names_the_key_that_is_gone),
        TK(test_follow_seals_with_the_newest_and_opens_with_all),
    };

    must_be(seal_start() && mkdtemp(folder) != NULL);
    must_be(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); /* a write past the limit just fails */
    (void)snprintf(path, sizeof(path), "%s/keys", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    (void)rmdir(folder);
    return failed;
}
