/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "app/listens.h"
#include "base/testing.h"

static char path[] = "/tmp/caldock-listens-XXXXXX";

static Str listed(const struct text_list *list)
{
    Str all = S("");

    for (size_t i = 0; i < list->n; i++) {
        all = str_cat(&t_cx()->mem, all, i > 0 ? S(" ") : S(""));
        all = str_cat(&t_cx()->mem, all, list->at[i]);
    }
    return all;
}

static Res check_text(Str text)
{
    struct config *c;
    FILE *f = fopen(path, "w");

    T_TRUE(f != NULL && fwrite(text.p, 1, text.n, f) == text.n && fclose(f) == 0);
    T_OK(config_read(t_cx(), path, &c));
    Res res = listens_check(t_cx(), c);

    config_unref(&c);
    return res;
}

TEST(test_listens_inherit_stands_in_for_what_a_name_says)
{
    static const struct inherited_socket all[] = {
        {7, SI("metrics"), SI("m1")},
        {8, SI("api"), SI("a1")},
        {9, SI(""), SI("a2")},
        {10, SI("metrics"), SI("m2")}};

    static const struct {
        size_t from, n; /* of them */
        bool is_off;
        Str listen, metrics;
        int fds[4];
    } rows[] = {
        {0, 0, false, SI("own"), SI("own m"), {0, 0}},
        {0, 0, true, SI("own"), SI(""), {0}},
        {1, 2, false, SI("a1 a2"), SI("own m"), {8, 9, 0}},
        {0, 1, false, SI("own"), SI("m1"), {0, 7}},
        {0, 4, false, SI("a1 a2"), SI("m1 m2"), {8, 9, 7, 10}},
        {2, 2, true, SI("a2"), SI("m2"), {9, 10}},
    };

    static const Str own = SI("own");
    static const Str own_metrics = SI("own m");

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct inherited some = {
            NEW_N(&t_cx()->mem, struct inherited_socket, COUNT(all)), rows[i].n};
        struct config c = {
            .listen = {&own, 1},
            .metrics_listen = {&own_metrics, rows[i].is_off ? 0 : 1}};

        memcpy(some.at, all + rows[i].from, rows[i].n * sizeof(*all));
        const int *fds = listens_inherit(&t_cx()->mem, &some, &c);

        T_STR(listed(&c.listen), rows[i].listen);
        T_STR(listed(&c.metrics_listen), rows[i].metrics);
        for (size_t j = 0; j < c.listen.n + c.metrics_listen.n; j++) {
            T_INT(fds[j], rows[i].fds[j]);
        }
    }
}

TEST(test_listens_check_finds_two_that_clash)
{
    static const struct {
        Str text;
        const char *says; /* NULL: they go together */
    } rows[] = {
        {SI(""), NULL},
        {SI("[server]\nlisten = 127.0.0.1:80 [::1]:80 127.0.0.1:81\n"), NULL},
        {SI("[server]\nlisten = 127.0.0.1:80 127.0.0.2:80\n"), NULL},
        {SI("[server]\nlisten = 0.0.0.0:80 [::]:80\n"), NULL},
        {SI("[server]\nlisten = 127.0.0.1:0 127.0.0.1:0\n"), NULL},
        {SI("[server]\nlisten = unix:/a unix:/b\n"), NULL},
        {SI("[server]\nlisten = 127.0.0.1:80 127.0.0.1:80\n"),
         ":2: [server] listen: 127.0.0.1:80 stands there twice"},
        {SI("[server]\nlisten = 127.0.0.1:80, 127.0.0.1:080\n"), "can't be had beside"},
        {SI("[server]\nlisten = 127.0.0.1:80 0.0.0.0:80\n"),
         "0.0.0.0:80 can't be had beside 127.0.0.1:80"},
        {SI("[server]\nlisten = [::]:80 [::1]:80\n"), "can't be had beside"},
        {SI("[server]\nlisten = [::1]:80 [0::1]:80\n"), "can't be had beside"},
        {SI("[server]\nlisten = unix:/a?mode=0600 unix:/a\n"), "can't be had beside"},
        {SI("[server]\nlisten = 127.0.0.1:80\n\nmetrics_listen = 0.0.0.0:80\n"),
         ":4: [server] metrics_listen: 0.0.0.0:80 can't be had beside 127.0.0.1:80 of "},
        {SI("[server]\nmetrics_listen = 127.0.0.1:8080\n"),
         "127.0.0.1:8080 stands there twice, as 127.0.0.1:8080 of [server] listen, its"},
        {SI("[server]\nlisten = 127.0.0.1:9464\n"),
         "127.0.0.1:9464 stands there twice, as 127.0.0.1:9464 of "},
        {SI("[server]\nlisten = 127.0.0.1:9464\nmetrics_listen = off\n"), NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        bool is_right = rows[i].says == NULL;

        print_message("%.*s\n", STR_ARG(rows[i].text));
        T_FAIL(is_right ? FAIL_NONE : FAIL_CONFIG, check_text(rows[i].text));
        T_TRUE(
            is_right
            || str_contains(str_from_z(t_cx()->why.text), str_from_z(rows[i].says)));
    }
}

TEST(test_listens_is_ours_asks_nobody_where_no_node_serves)
{
    T_TRUE(!listens_is_ours(t_cx(), S("127.0.0.1:1"), S("")));
    T_TRUE(!listens_is_ours(t_cx(), S("127.0.0.1:1"), S("AAAAAAAAAAAA ")));
}

static int make_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_listens_check_finds_two_that_clash),
        T(test_listens_inherit_stands_in_for_what_a_name_says),
        T(test_listens_is_ours_asks_nobody_where_no_node_serves),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
