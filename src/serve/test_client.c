/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "serve/client.h"

/* The trusted ones are 10.0.0.0/9, fd00::/8 and unix. */
TEST(test_client_address_believes_trusted_proxies_only)
{
    static const Str trusted[] = {SI("10.0.0.0/9"), SI("fd00::/8"), SI("unix")};

    static const struct {
        const char *name;
        Str peer;
        Str first, second; /* X-Forwarded-For */
        Str want;
    } rows[] = {
        {"no proxy", SI("192.0.2.1"), SI("198.51.100.7"), SI(""), SI("192.0.2.1")},
        {"one proxy", SI("10.1.2.3"), SI("198.51.100.7"), SI(""), SI("198.51.100.7")},
        {"network's edge", SI("10.127.255.255"), SI("198.51.100.7"), SI(""),
         SI("198.51.100.7")},
        {"past the edge", SI("10.128.0.0"), SI("198.51.100.7"), SI(""), SI("10.128.0.0")},
        {"two proxies", SI("10.1.2.3"), SI("198.51.100.7, 10.9.9.9"), SI(""),
         SI("198.51.100.7")},
        {"forged left end", SI("10.1.2.3"), SI("1.1.1.1,198.51.100.7"), SI(""),
         SI("198.51.100.7")},
        {"two fields", SI("10.1.2.3"), SI("198.51.100.7"), SI("10.4.4.4"),
         SI("198.51.100.7")},
        {"forged field", SI("10.1.2.3"), SI("1.1.1.1"), SI("198.51.100.7"),
         SI("198.51.100.7")},
        {"all proxies", SI("10.1.2.3"), SI("10.4.4.4"), SI(""), SI("10.4.4.4")},
        {"no address", SI("10.1.2.3"), SI("unknown"), SI(""), SI("10.1.2.3")},
        {"empty item", SI("10.1.2.3"), SI("198.51.100.7,"), SI(""), SI("10.1.2.3")},
        {"none", SI("10.1.2.3"), SI(""), SI(""), SI("10.1.2.3")},
        {"IPv6", SI("fd00::1"), SI("2001:db8::1"), SI(""), SI("2001:db8::1")},
        {"mapped", SI("::ffff:10.1.2.3"), SI("198.51.100.7"), SI(""), SI("198.51.100.7")},
        {"port", SI("10.1.2.3"), SI("198.51.100.7:1234"), SI(""), SI("198.51.100.7")},
        {"quotes", SI("10.1.2.3"), SI("\"198.51.100.7\""), SI(""), SI("198.51.100.7")},
        {"brackets", SI("10.1.2.3"), SI("[2001:db8::1]"), SI(""), SI("2001:db8::1")},
        {"all of them", SI("10.1.2.3"), SI("\"[2001:db8::1]:80\""), SI(""),
         SI("2001:db8::1")},
        {"port of a proxy", SI("10.1.2.3"), SI("198.51.100.7, 10.4.4.4:99"), SI(""),
         SI("198.51.100.7")},
        {"behind brackets", SI("10.1.2.3"), SI("[2001:db8::1]x"), SI(""), SI("10.1.2.3")},
        {"one quote", SI("10.1.2.3"), SI("\""), SI(""), SI("10.1.2.3")},
        {"port alone", SI("10.1.2.3"), SI(":80"), SI(""), SI("10.1.2.3")},
        {"brackets alone", SI("10.1.2.3"), SI("[]"), SI(""), SI("10.1.2.3")},
        {"unix", SI("unix"), SI("198.51.100.7"), SI(""), SI("198.51.100.7")},
    };
    struct network nets[COUNT(trusted)];
    struct network_list list = {nets, COUNT(nets)};

    for (size_t i = 0; i < COUNT(trusted); i++) {
        T_TRUE(network_parse(trusted[i], &nets[i]));
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_header headers[] = {
            {S("x-forwarded-for"), rows[i].first},
            {S("Accept"), S("*/*")},
            {S("X-Forwarded-For"), rows[i].second},
        };
        struct http_request req = {
            .peer = rows[i].peer, .headers = headers, .n_headers = COUNT(headers)};

        T_STR(client_address(&list, &req), rows[i].want);
    }
}

T_MAIN(T(test_client_address_believes_trusted_proxies_only))
