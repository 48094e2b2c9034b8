/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "http/listen_try.h"
#include "http/testserving.h"

#define HEAD "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"

static struct listen_address address_of(Str text)
{
    struct listen_address a;

    T_OK(listen_parse(t_cx(), text, &a));
    return a;
}

static Res try_text(Str text)
{
    struct listen_address a = address_of(text);

    return listen_try(t_cx(), text, &a);
}

static Str text_of_port(int port)
{
    return str_cat(&t_cx()->mem, S("127.0.0.1:"), str_int(&t_cx()->mem, port));
}

static bool says(const char *what)
{
    return str_contains(str_from_z(t_cx()->why.text), str_from_z(what));
}

TEST(test_listen_try_says_what_serving_would_say)
{
    struct http_server *s = serving_start((struct http_options){.threads = 1});
    Str text = text_of_port(http_server_port(s, 0));

    T_FAIL(FAIL_CONFIG, try_text(text));
    T_TRUE(says("address already in use: another program has it"));
    http_server_stop(&s);
    T_OK(try_text(text));
    T_OK(try_text(text)); /* it left nothing behind */
    T_FAIL(FAIL_CONFIG, try_text(S("192.0.2.1:80")));
    T_TRUE(says("this machine has no such address"));
}

/* A port that only others may have, for a child that has given up its rights. */
static int try_as_nobody(Str text, char *why, size_t n)
{
    int ends[2];
    int status = 0;

    T_INT(pipe(ends), 0);
    pid_t child = fork();

    if (child == 0) {
        struct listen_address a;
        bool is_refused = setgid(65534) == 0 && setuid(65534) == 0
                          && listen_parse(t_cx(), text, &a).code == FAIL_NONE
                          && listen_try(t_cx(), text, &a).code == FAIL_CONFIG;
        const char *said = t_cx()->why.text;

        _exit(is_refused && write(ends[1], said, strlen(said)) > 0 ? 0 : 1);
    }
    T_INT(waitpid(child, &status, 0), child);
    (void)close(ends[1]);
    ssize_t got = read(ends[0], why, n - 1);

    (void)close(ends[0]);
    why[got > 0 ? got : 0] = 0;
    return status;
}

TEST(test_listen_try_names_the_right_that_is_missing)
{
    char folder[] = "/tmp/caldock-XXXXXX";
    char why[512];

    if (geteuid() != 0) {
        skip(); /* nothing to give up */
    }
    T_INT(try_as_nobody(S("127.0.0.1:1"), why, sizeof(why)), 0);
    T_TRUE(strstr(why, "permission denied for user") != NULL);
    T_TRUE(strstr(why, "CAP_NET_BIND_SERVICE") != NULL);
    T_TRUE(mkdtemp(folder) != NULL);
    Str text = str_cat(
        &t_cx()->mem, str_cat(&t_cx()->mem, S("unix:"), str_from_z(folder)), S("/s"));

    T_INT(try_as_nobody(text, why, sizeof(why)), 0);
    T_TRUE(strstr(why, "its folder must be writable for that user") != NULL);
    T_INT(chmod(folder, 0777), 0);
    T_INT(try_as_nobody(str_cat(&t_cx()->mem, text, S("?group=0")), why, sizeof(why)), 0);
    T_TRUE(strstr(why, "that user must be in the group") != NULL);
    T_INT(rmdir(folder), 0); /* nothing was made in it */
}

TEST(test_listen_try_only_looks_at_a_unix_socket)
{
    char folder[] = "/tmp/caldock-XXXXXX";
    struct stat st;

    T_TRUE(mkdtemp(folder) != NULL);
    const char *path =
        str_zdup(&t_cx()->mem, str_cat(&t_cx()->mem, str_from_z(folder), S("/s")));
    Str text = str_cat(&t_cx()->mem, S("unix:"), str_from_z(path));
    struct listen_address a = address_of(text);
    int fd;

    T_OK(try_text(text));
    T_INT(stat(path, &st), -1);
    T_OK(listen_bind_first(t_cx(), text, &a, &fd));
    T_OK(try_text(text)); /* a leftover: nobody accepts */
    T_INT(listen(fd, 1), 0);
    T_FAIL(FAIL_CONFIG, try_text(text));
    T_TRUE(says("another program listens there"));
    (void)close(fd);
    T_OK(try_text(text));
    T_INT(stat(path, &st), 0); /* and is left */
    T_INT(unlink(path), 0);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    (void)close(fd);
    T_FAIL(FAIL_CONFIG, try_text(text));
    T_INT(unlink(path), 0);
    T_INT(rmdir(folder), 0);
    T_FAIL(FAIL_CONFIG, try_text(text));
    T_TRUE(says("its folder must be there"));
}

TEST(test_listen_ask_gets_the_answer_s_head)
{
    struct http_server *s = serving_start((struct http_options){.threads = 1});
    struct listen_address a = address_of(text_of_port(http_server_port(s, 0)));
    Str answer;

    T_OK(listen_ask(t_cx(), &a, S(HEAD), LISTEN_HEAD, &answer));
    T_TRUE(str_starts(answer, S("HTTP/1.1 200 OK\r\n")));
    http_server_stop(&s);
    T_FAIL(FAIL_UNAVAILABLE, listen_ask(t_cx(), &a, S(HEAD), LISTEN_HEAD, &answer));
    T_TRUE(says("Connection refused"));
}

TEST(test_listen_ask_gets_the_whole_answer_of_whoever_is_meant_by_all)
{
    static const struct http_listener all[] = {{SI("0.0.0.0:0"), serving_handle}};
    struct http_server *s =
        serving_start((struct http_options){.listen = all, .n_listen = 1});
    struct listen_address a;
    char text[32];
    Str answer;

    (void)snprintf(text, sizeof(text), "0.0.0.0:%d", http_server_port(s, 0));
    T_OK(listen_parse(t_cx(), str_from_z(text), &a));
    T_OK(listen_ask(
        t_cx(), &a, S("GET /x HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"),
        LISTEN_WHOLE, &answer));
    T_TRUE(str_ends(answer, S("GET /x||")));
    http_server_stop(&s);
}

/* Answers one connection with so many bytes, whose last ones end a head, and holds it. */
struct talker {
    int listener;
    size_t bytes;
    int fd;
};

static void *talker_run(void *arg)
{
    struct talker *t = arg;
    char *text = heap_alloc(t->bytes + 1);

    memset(text, 'x', t->bytes);
    if (t->bytes > 4) {
        memcpy(text + t->bytes - 4, "\r\n\r\n", 4);
    }
    t->fd = accept(t->listener, NULL, NULL);
    must_be(t->fd >= 0 && send(t->fd, text, t->bytes, MSG_NOSIGNAL) >= 0);
    heap_free(text);
    return NULL;
}

static Str ask_talker(size_t bytes)
{
    struct listen_address a = address_of(S("127.0.0.1:0"));
    struct talker t = {.bytes = bytes};
    pthread_t thread;

    T_OK(listen_bind_first(t_cx(), S("127.0.0.1:0"), &a, &t.listener));
    T_INT(listen(t.listener, 1), 0);
    T_INT(fcntl(t.listener, F_SETFL, 0), 0);
    T_INT(pthread_create(&thread, NULL, talker_run, &t), 0);
    Str answer = S("");
    Res res = listen_ask(t_cx(), &a, S(HEAD), LISTEN_HEAD, &answer);

    T_TRUE(res.code == FAIL_NONE || says("no answer within"));
    T_INT(pthread_join(thread, NULL), 0);
    (void)close(t.fd);
    (void)close(t.listener);
    return answer;
}

TEST(test_listen_ask_ends_with_whoever_answers)
{
    T_INT(ask_talker(LISTEN_ASK_BYTES).n, LISTEN_ASK_BYTES);
    T_TRUE(ask_talker(LISTEN_ASK_BYTES + 1).n <= LISTEN_ASK_BYTES);
    T_INT(ask_talker(0).n, 0); /* says nothing, until LISTEN_ASK_MS are over */
}

TEST(test_listen_refuse_says_a_mend_for_each_error)
{
    static const struct {
        Str text;
        int error;
        const char *want;
    } rows[] = {
        {SI("127.0.0.1:80"), EACCES, "CAP_NET_BIND_SERVICE"},
        {SI("127.0.0.1:80"), EADDRINUSE, "ss -ltnp"},
        {SI("192.0.2.1:80"), EADDRNOTAVAIL, "ip address"},
        {SI("[::1]:80"), EAFNOSUPPORT, "take an IPv4 address"},
        {SI("127.0.0.1:80"), ENOBUFS, "take another address"},
        {SI("unix:/run/c.sock"), EACCES, "must be writable for that user"},
        {SI("unix:/run/c.sock"), ENOENT, "must be there"},
        {SI("unix:/run/c.sock"), EROFS, "must be writable"},
        {SI("unix:/run/c.sock"), EADDRINUSE, "the file is no socket"},
        {SI("unix:/run/c.sock"), EPERM, "in the group"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct listen_address a = address_of(rows[i].text);

        T_FAIL(FAIL_CONFIG, listen_refuse(t_cx(), rows[i].text, &a, rows[i].error));
        T_TRUE(says(rows[i].want));
    }
}

TEST(test_listen_clash_is_of_one_family_host_and_port)
{
    static const struct {
        Str one, two;
        bool want;
    } rows[] = {
        {SI("127.0.0.1:80"), SI("127.0.0.1:80"), true},
        {SI("127.0.0.1:80"), SI("127.0.0.1:81"), false},
        {SI("127.0.0.1:80"), SI("127.0.0.2:80"), false},
        {SI("0.0.0.0:80"), SI("127.0.0.2:80"), true},
        {SI("127.0.0.2:80"), SI("0.0.0.0:80"), true},
        {SI("127.0.0.1:0"), SI("127.0.0.1:0"), false},
        {SI("[::]:80"), SI("[::1]:80"), true},
        {SI("[::1]:80"), SI("[::]:80"), true},
        {SI("[::1]:80"), SI("[::2]:80"), false},
        {SI("[::]:80"), SI("0.0.0.0:80"), false},
        {SI("unix:/a"), SI("unix:/a"), true},
        {SI("unix:/a"), SI("unix:/b"), false},
        {SI("unix:/a"), SI("127.0.0.1:80"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct listen_address one = address_of(rows[i].one);
        struct listen_address two = address_of(rows[i].two);

        T_TRUE(listen_clash(&one, &two) == rows[i].want);
    }
}

T_MAIN(
    T(test_listen_refuse_says_a_mend_for_each_error),
    T(test_listen_clash_is_of_one_family_host_and_port),
    T(test_listen_try_says_what_serving_would_say),
    T(test_listen_try_names_the_right_that_is_missing),
    T(test_listen_try_only_looks_at_a_unix_socket),
    T(test_listen_ask_gets_the_answer_s_head),
    T(test_listen_ask_gets_the_whole_answer_of_whoever_is_meant_by_all),
    T(test_listen_ask_ends_with_whoever_answers))
