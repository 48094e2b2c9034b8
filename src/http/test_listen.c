/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "http/listen.h"
#include "http/testserving.h"

TEST(test_listen_parse_takes_addresses_only)
{
    static const struct {
        Str text;
        bool ok;
        int port;
    } rows[] = {
        {SI("127.0.0.1:8080"), true, 8080},
        {SI("0.0.0.0:0"), true, 0},
        {SI("[::]:65535"), true, 65535},
        {SI("[::1]:1"), true, 1},
        {SI("unix:/run/x.sock"), true, 0},
        {SI("127.0.0.1:65536"), false, 0},
        {SI("127.0.0.1:-1"), false, 0},
        {SI("127.0.0.1:"), false, 0},
        {SI("127.0.0.1"), false, 0},
        {SI("127.0.0:80"), false, 0},
        {SI(":80"), false, 0},
        {SI("localhost:80"), false, 0},
        {SI("::1:80"), false, 0},
        {SI("[127.0.0.1]:80"), false, 0},
        {SI("[::1:80"), false, 0},
        {SI("127.0.0.1\0:80"), false, 0},
        {SI("unix:/x?mode=0600"), true, 0},
        {SI("unix:/x?mode=8"), false, 0},
        {SI("unix:"), false, 0},
        {SI(""), false, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct listen_address a = {.n = 77};

        T_FAIL(
            rows[i].ok ? FAIL_NONE : FAIL_CONFIG, listen_parse(t_cx(), rows[i].text, &a));
        T_TRUE(rows[i].ok ? listen_port(&a) == rows[i].port : a.n == 77);
    }
}

TEST(test_listen_parse_holds_the_limit_of_a_unix_path)
{
    struct listen_address a;
    char *path = arena_alloc(&t_cx()->mem, sizeof(a.un.sun_path));
    Str text = {memset(path, 'p', sizeof(a.un.sun_path)), sizeof(a.un.sun_path)};

    T_FAIL(
        FAIL_CONFIG, listen_parse(t_cx(), str_cat(&t_cx()->mem, S("unix:"), text), &a));
    text.n--;
    T_OK(listen_parse(t_cx(), str_cat(&t_cx()->mem, S("unix:"), text), &a));
}

static Res serving_start_on(Str address, struct http_server **ret)
{
    const struct http_listener at = {address, serving_handle};
    struct http_options o =
        serving_options((struct http_options){.listen = &at, .n_listen = 1});

    return http_server_start(t_cx(), &o, ret);
}

TEST(test_http_server_start_fails_when_the_port_is_taken)
{
    struct http_server *s = serving_start((struct http_options){.threads = 2});
    struct http_server *other = NULL;
    Str address = str_cat(
        &t_cx()->mem, S("127.0.0.1:"), str_int(&t_cx()->mem, http_server_port(s, 0)));

    T_FAIL(FAIL_CONFIG, serving_start_on(address, &other));
    T_TRUE(other == NULL);
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), address));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("address already in use")));
    T_FAIL(FAIL_CONFIG, serving_start_on(S("192.0.2.1:80"), &other)); /* nobody's */
    T_FAIL(FAIL_CONFIG, serving_start_on(S("nonsense"), &other));
    http_server_stop(&s);
    T_OK(serving_start_on(address, &s));
    http_server_stop(&s);
}

TEST(test_http_server_serves_ipv6_alone)
{
    struct http_server *s = NULL;
    struct sockaddr_in6 to = {
        .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};

    if (serving_start_on(S("[::]:0"), &s).code != FAIL_NONE) {
        skip(); /* a machine without IPv6 */
    }
    to.sin6_port = htons((uint16_t)http_server_port(s, 0));
    int fd = client_connect(&to, sizeof(to));

    client_say(fd, S(GET_("/6")));
    T_TRUE(str_contains(client_hear(fd, S("GET /6||")), S("\r\nPeer: ::1\r\n")));
    (void)close(fd);

    struct sockaddr_in v4 = {
        .sin_family = AF_INET,
        .sin_port = to.sin6_port,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    T_TRUE(connect(fd, (struct sockaddr *)&v4, sizeof(v4)) != 0 && errno == ECONNREFUSED);
    (void)close(fd);
    http_server_stop(&s);
}

/* A folder for sockets, gone at the end of the test. */
static Str folder_new(char name[32])
{
    memcpy(name, "/tmp/caldock-XXXXXX", sizeof("/tmp/caldock-XXXXXX"));
    T_TRUE(mkdtemp(name) != NULL);
    return str_from_z(name);
}

static int client_dial_unix(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    memcpy(to.sun_path, path, strlen(path));
    return client_connect(&to, sizeof(to));
}

TEST(test_http_server_serves_a_unix_socket_on_every_loop)
{
    char folder[32];
    const char *path;
    struct http_server *s = NULL;
    struct http_server *other = NULL;

    Str address = str_cat(
        &t_cx()->mem, S("unix:"), str_cat(&t_cx()->mem, folder_new(folder), S("/sock")));

    T_OK(str_z(t_cx(), str_sub(address, strlen("unix:"), address.n), &path));
    const struct http_listener at = {address, serving_handle};
    struct http_options o = serving_options(
        (struct http_options){.listen = &at, .n_listen = 1, .threads = 2});

    T_OK(http_server_start(t_cx(), &o, &s));
    for (int i = 0; i < 8; i++) {
        int fd = client_dial_unix(path);

        client_say(fd, S(GET_("/u")));
        T_TRUE(str_contains(client_hear(fd, S("GET /u||")), S("\r\nPeer: unix\r\n")));
        (void)close(fd);
    }
    T_FAIL(FAIL_CONFIG, serving_start_on(address, &other)); /* one that answers stays */
    T_TRUE(access(path, F_OK) == 0);
    http_server_stop(&s);
    T_TRUE(access(path, F_OK) != 0);
    T_TRUE(rmdir(folder) == 0);
}

TEST(test_http_server_gives_a_unix_socket_its_mode_and_group)
{
    static const struct {
        Str options;
        mode_t mode;
        gid_t group;
    } rows[] = {
        {SI(""), 0660, 0},
        {SI("?mode=0777"), 0777, 0},
        {SI("?mode=0600&group=33"), 0600, 33},
    };

    char folder[32];
    struct http_server *s = NULL;
    const char *path;
    mode_t before = umask(0177);

    T_OK(str_z(t_cx(), str_cat(&t_cx()->mem, folder_new(folder), S("/sock")), &path));
    for (size_t i = 0; i < COUNT(rows); i++) {
        Str place = str_cat(&t_cx()->mem, S("unix:"), str_from_z(path));
        struct stat st;
        bool may_give = rows[i].group == 0 || geteuid() == 0;

        T_FAIL(
            may_give ? FAIL_NONE : FAIL_CONFIG,
            serving_start_on(str_cat(&t_cx()->mem, place, rows[i].options), &s));
        T_INT(stat(path, &st), may_give ? 0 : -1);
        if (may_give) {
            T_INT(st.st_mode & 07777, rows[i].mode);
            T_INT(st.st_gid, rows[i].group == 0 ? getegid() : rows[i].group);
            http_server_stop(&s);
        }
    }
    (void)umask(before);
    T_INT(rmdir(folder), 0);
}

static void other_handle(struct http_exchange *ex)
{
    ex->answer.status = 200;
    ex->answer.body = S("the other one");
    http_send(ex);
}

TEST(test_http_server_asks_the_handler_of_each_listener)
{
    static const struct http_listener listen[] = {
        {SI("127.0.0.1:0"), other_handle},
        {SI("127.0.0.1:0"), serving_handle},
        {SI("127.0.0.1:0"), other_handle},
    };
    struct http_server *s = serving_start(
        (struct http_options){.listen = listen, .n_listen = COUNT(listen), .threads = 2});

    for (size_t i = 0; i < COUNT(listen); i++) {
        struct sockaddr_in to = {
            .sin_family = AF_INET,
            .sin_port = htons((uint16_t)http_server_port(s, i)),
            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = client_connect(&to, sizeof(to));
        Str want = i == 1 ? S("GET /a||") : S("the other one");

        client_say(fd, S(GET_("/a")));
        T_TRUE(answer_has_status(client_hear(fd, want), S("200 OK\r\n")));
        (void)close(fd);
    }
    http_server_stop(&s);
}

TEST(test_http_server_replaces_only_a_stale_unix_socket)
{
    char folder[32];
    const char *path;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct http_server *s = NULL;

    Str text = str_cat(&t_cx()->mem, folder_new(folder), S("/sock"));
    Str address = str_cat(&t_cx()->mem, S("unix:"), text);

    T_OK(str_z(t_cx(), text, &path));
    memcpy(at.sun_path, path, strlen(path));
    int left = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    T_TRUE(bind(left, (struct sockaddr *)&at, sizeof(at)) == 0);
    (void)close(left);
    T_OK(serving_start_on(address, &s));
    http_server_stop(&s);

    FILE *file = fopen(path, "wx");

    T_TRUE(file != NULL && fclose(file) == 0);
    T_FAIL(FAIL_CONFIG, serving_start_on(address, &s));
    T_TRUE(unlink(path) == 0); /* a file that is no socket stays */
    T_TRUE(rmdir(folder) == 0);
}

T_MAIN(
    T(test_listen_parse_takes_addresses_only),
    T(test_listen_parse_holds_the_limit_of_a_unix_path),
    T(test_http_server_start_fails_when_the_port_is_taken),
    T(test_http_server_serves_ipv6_alone),
    T(test_http_server_serves_a_unix_socket_on_every_loop),
    T(test_http_server_gives_a_unix_socket_its_mode_and_group),
    T(test_http_server_asks_the_handler_of_each_listener),
    T(test_http_server_replaces_only_a_stale_unix_socket))
