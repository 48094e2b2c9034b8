/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients sent does not stay in memory: the test searches its own, where the server
 * has just answered.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/budgets.h"
#include "http/testserving.h"

enum {
    SECRET_BYTES = 16,
    PIPELINED = 3 * LIMIT_TURN_REQUESTS, /* so that the connection keeps a part of it */
};

#if defined(__has_feature)
#    if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#        define HAS_SHADOW 1
#    endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#    define HAS_SHADOW 1
#endif

/* The secret itself is nowhere but in what was sent: byte `i` of it. */
static char secret_at(size_t i)
{
    static const char mask[SECRET_BYTES + 1] = "0123456789abcdef";

    return (char)('A' + (mask[i] * 7 + (int)i * 5) % 26);
}

static bool is_secret(const volatile char *p)
{
    for (size_t i = 0; i < SECRET_BYTES; i++) {
        if (p[i] != secret_at(i)) {
            return false;
        }
    }
    return true;
}

static size_t count_secrets(const volatile char *p, const volatile char *end)
{
    size_t n = 0;

    for (; end - p >= SECRET_BYTES; p++) {
        n += *p == secret_at(0) && is_secret(p) ? 1 : 0;
    }
    return n;
}

/* How often the secret is in memory that this process can write to. */
static size_t count_secrets_in_memory(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    uintptr_t last = 0; /* where the region before ends */
    size_t n = 0;

    T_TRUE(maps != NULL);
    while (fgets(line, sizeof(line), maps) != NULL) {
        uintptr_t from;
        uintptr_t to;
        char rights[8];

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to, rights) == 3
            && rights[0] == 'r' && rights[1] == 'w') {
            from -= from == last ? SECRET_BYTES - 1 : 0; /* may be on both sides */
            n += count_secrets((const volatile char *)from, (const volatile char *)to);
            last = to;
        }
    }
    (void)fclose(maps);
    return n;
}

static void put_secret(struct buf *b)
{
    for (size_t i = 0; i < SECRET_BYTES; i++) {
        buf_add_char(b, secret_at(i));
    }
}

static size_t put_requests(struct buf *b)
{
    for (int i = 0; i < PIPELINED; i++) {
        buf_add(b, S("POST /empty?code="));
        put_secret(b);
        buf_add(b, S(" HTTP/1.1\r\n" HOST "Content-Length: 16\r\n\r\n"));
        put_secret(b);
    }
    return buf_text(b).n;
}

TEST(test_http_server_wipes_what_it_has_read)
{
    static char text[16 * 1024];
    struct buf b = {.max = sizeof(text), .p = text, .room = sizeof(text)};
    struct http_server *s = serving_start((struct http_options){0});
    int fd = client_dial(s);

#ifdef HAS_SHADOW
    skip(); /* it can't be searched in this life */
#endif
    size_t n = put_requests(&b);

    T_INT(count_secrets_in_memory(), 2 * PIPELINED);
    client_say(fd, (Str){text, n});
    explicit_bzero(text, n);
    client_say(fd, S(GET_("/last")));
    (void)client_hear(fd, S("GET /last||"));
    T_INT(count_secrets_in_memory(), 0);
    (void)close(fd);
    http_server_stop(&s);
}

T_MAIN(T(test_http_server_wipes_what_it_has_read))
