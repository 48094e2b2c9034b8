/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret laid out as Kubernetes does it: a link to ..data/NAME, where ..data is a link
 * to the folder of the newest version.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/testing.h"
#include "config/config.h"
#include "config/watch.h"

enum { PATH_BYTES = 128 };

#define SECRET "0123456789abcdef0123456789abcdef"

static char folder[] = "/tmp/caldock-watch-XXXXXX";

/* Good until the next but one call. */
static const char *at(const char *name)
{
    static char paths[2][PATH_BYTES];
    static int turn;
    char *path = paths[turn++ % 2];

    (void)snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    T_TRUE(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
}

/* As the kubelet does it: the new folder, then the link in one step. */
static void put_version(const char *version, const char *text)
{
    char name[PATH_BYTES];

    (void)snprintf(name, sizeof(name), "%s/secret", version);
    T_INT(mkdir(at(version), 0700), 0);
    put(name, text);
    T_INT(symlink(version, at("..next")), 0);
    T_INT(rename(at("..next"), at("..data")), 0);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    put("caldock.keys", "");
    put("caldock.conf", "[keys]\nfile = caldock.keys\n"
                        "[jwt a]\nissuer = i\naudience = a\nproviders = 1\n"
                        "secret_file = secret\n");
    return symlink("..data/secret", at("secret"));
}

static struct config *config_now(void)
{
    struct config *c = NULL;

    T_OK(config_read(t_cx(), at("caldock.conf"), &c));
    return c;
}

TEST(test_watch_changes_notices_a_version_of_an_orchestrator)
{
    put_version("..1", SECRET "\n");
    struct config *c = config_now();

    T_TRUE(watch_changes(c) == 0);
    put_version("..2", SECRET "\n");
    uint64_t second = watch_changes(c);

    T_TRUE(second != 0 && watch_changes(c) == second);
    put_version("..3", SECRET "\n");
    T_TRUE(watch_changes(c) != 0 && watch_changes(c) != second);
    config_unref(&c);
    c = config_now();
    T_TRUE(watch_changes(c) == 0);
    config_unref(&c);
}

TEST(test_watch_changes_notices_what_is_written_and_who_may_read)
{
    put_version("..4", SECRET "\n");
    struct config *c = config_now();

    put("..4/secret", SECRET "2\n");
    uint64_t written = watch_changes(c);

    T_TRUE(written != 0);
    T_INT(chmod(at("..4/secret"), 0400), 0);
    T_TRUE(watch_changes(c) != written);
    config_unref(&c);
}

TEST(test_watch_changes_passes_over_what_is_missing_and_the_key_file)
{
    put_version("..5", SECRET "\n");
    struct config *c = config_now();

    T_INT(unlink(at("..data")), 0);
    put("caldock.keys", "# another reader's\n");
    T_TRUE(watch_changes(c) == 0);
    config_unref(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_watch_changes_notices_a_version_of_an_orchestrator),
        T(test_watch_changes_notices_what_is_written_and_who_may_read),
        T(test_watch_changes_passes_over_what_is_missing_and_the_key_file),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
