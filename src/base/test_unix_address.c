/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/un.h>

#include "base/testing.h"
#include "base/unix_address.h"

TEST(test_unix_address_parse_takes_mode_and_group)
{
    static const struct {
        Str text;
        Str path;
        mode_t mode;
        Str group;
        gid_t gid;
    } rows[] = {
        {SI("unix:/run/x.sock"), SI("/run/x.sock"), 0660, SI(""), 0},
        {SI("unix:x"), SI("x"), 0660, SI(""), 0},
        {SI("unix:/x?"), SI("/x"), 0660, SI(""), 0},
        {SI("unix:/x?mode=0600"), SI("/x"), 0600, SI(""), 0},
        {SI("unix:/x?mode=777"), SI("/x"), 0777, SI(""), 0},
        {SI("unix:/x?mode=0"), SI("/x"), 0, SI(""), 0},
        {SI("unix:/x?group=daemon"), SI("/x"), 0660, SI("daemon"), 1},
        {SI("unix:/x?group=33&mode=0666"), SI("/x"), 0666, SI("33"), 33},
        {SI("unix:/x?mode=0640&group=root"), SI("/x"), 0640, SI("root"), 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unix_address a = {.mode = 1};

        assert_null(unix_address_parse(rows[i].text, &a));
        T_STR(a.path, rows[i].path);
        T_INT(a.mode, rows[i].mode);
        T_STR(a.group, rows[i].group);
        T_INT(a.gid, rows[i].gid);
        T_STR(
            unix_address_place(rows[i].text),
            str_cat(&t_cx()->mem, S("unix:"), rows[i].path));
    }
}

TEST(test_unix_address_parse_says_what_is_wanted)
{
    static const struct {
        Str text;
        const char *says;
    } rows[] = {
        {SI("unix:"), "a path of 1 to 107 bytes"},
        {SI("unix:?mode=0660"), "a path of 1 to 107 bytes"},
        {SI("/run/x.sock"), "a path of 1 to 107 bytes"},
        {SI("unix:/x?mode="), "an octal mode"},
        {SI("unix:/x?mode=rw"), "an octal mode"},
        {SI("unix:/x?mode=0668"), "an octal mode"},
        {SI("unix:/x?mode=1000"), "an octal mode"},
        {SI("unix:/x?mode=00660"), "an octal mode"},
        {SI("unix:/x?mode=-660"), "an octal mode"},
        {SI("unix:/x?group="), "a group that this system has"},
        {SI("unix:/x?group=nobody-has-this"), "a group that this system has"},
        {SI("unix:/x?group=-1"), "a group that this system has"},
        {SI("unix:/x?group=4294967295"), "a group that this system has"},
        {SI("unix:/x?group=a\0b"), "a group that this system has"},
        {SI("unix:/x?mode=0660&mode=0600"), "each once"},
        {SI("unix:/x?group=0&group=0"), "each once"},
        {SI("unix:/x?owner=root"), "mode and group"},
        {SI("unix:/x?mode=0660&&group=0"), "mode and group"},
        {SI("unix:/x?Mode=0660"), "mode and group"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct unix_address a = {.mode = 1};
        const char *wish = unix_address_parse(rows[i].text, &a);

        assert_non_null(wish);
        T_TRUE(str_contains(str_from_z(wish), str_from_z(rows[i].says)));
        T_INT(a.mode, 1);
    }
}

TEST(test_unix_address_parse_holds_the_limit_of_a_path)
{
    char text[256];
    struct unix_address a;
    const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;

    memset(text, 'p', sizeof(text));
    memcpy(text, "unix:", strlen("unix:"));
    assert_null(unix_address_parse((Str){text, strlen("unix:") + most}, &a));
    T_INT(a.path.n, most);
    assert_non_null(unix_address_parse((Str){text, strlen("unix:") + most + 1}, &a));
}

T_MAIN(
    T(test_unix_address_parse_takes_mode_and_group),
    T(test_unix_address_parse_says_what_is_wanted),
    T(test_unix_address_parse_holds_the_limit_of_a_path))
