/* SPDX-License-Identifier: Apache-2.0 */
#include "app/proxies.h"
#include "base/testing.h"

static void test_network_parse_takes_addresses_and_networks(void **state)
{
    static const struct {
        Str text;
        bool ok;
        int prefix;
    } rows[] = {
        {SI("127.0.0.1"),     true,  128},
        {SI("10.0.0.0/8"),    true,  104},
        {SI("0.0.0.0/0"),     true,  96 },
        {SI("10.0.0.0/32"),   true,  128},
        {SI("10.0.0.0/33"),   false, 0  },
        {SI("10.0.0.0/-1"),   false, 0  },
        {SI("10.0.0.0/"),     false, 0  },
        {SI("10.0.0/8"),      false, 0  },
        {SI("::1"),           true,  128},
        {SI("fd00::/8"),      true,  8  },
        {SI("::/128"),        true,  128},
        {SI("::/129"),        false, 0  },
        {SI("unix"),          true,  128},
        {SI("localhost"),     false, 0  },
        {SI("127.0.0.1\0/8"), false, 0  },
        {SI(""),              false, 0  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct network net = {.prefix = 77};

        T_INT(network_parse(rows[i].text, &net), rows[i].ok);
        T_INT(net.prefix, rows[i].ok ? rows[i].prefix : 77);
    }
}

/* The trusted ones are 10.0.0.0/9, fd00::/8 and unix. */
static void test_client_address_believes_trusted_proxies_only(void **state)
{
    static const Str trusted[] = {SI("10.0.0.0/9"), SI("fd00::/8"), SI("unix")};

    static const struct {
        const char *name;
        Str peer;
        Str first, second; /* X-Forwarded-For */
        Str want;
    } rows[] = {
        {"no proxy",        SI("192.0.2.1"),       SI("198.51.100.7"),           SI(""),             SI("192.0.2.1")   },
        {"one proxy",       SI("10.1.2.3"),        SI("198.51.100.7"),           SI(""),             SI("198.51.100.7")},
        {"network's edge",  SI("10.127.255.255"),  SI("198.51.100.7"),           SI(""),
         SI("198.51.100.7")                                                                                            },
        {"past the edge",   SI("10.128.0.0"),      SI("198.51.100.7"),           SI(""),             SI("10.128.0.0")  },
        {"two proxies",     SI("10.1.2.3"),        SI("198.51.100.7, 10.9.9.9"), SI(""),
         SI("198.51.100.7")                                                                                            },
        {"forged left end", SI("10.1.2.3"),        SI("1.1.1.1,198.51.100.7"),   SI(""),
         SI("198.51.100.7")                                                                                            },
        {"two fields",      SI("10.1.2.3"),        SI("198.51.100.7"),           SI("10.4.4.4"),
         SI("198.51.100.7")                                                                                            },
        {"forged field",    SI("10.1.2.3"),        SI("1.1.1.1"),                SI("198.51.100.7"),
         SI("198.51.100.7")                                                                                            },
        {"all proxies",     SI("10.1.2.3"),        SI("10.4.4.4"),               SI(""),             SI("10.4.4.4")    },
        {"no address",      SI("10.1.2.3"),        SI("unknown"),                SI(""),             SI("10.1.2.3")    },
        {"empty item",      SI("10.1.2.3"),        SI("198.51.100.7,"),          SI(""),             SI("10.1.2.3")    },
        {"none",            SI("10.1.2.3"),        SI(""),                       SI(""),             SI("10.1.2.3")    },
        {"IPv6",            SI("fd00::1"),         SI("2001:db8::1"),            SI(""),             SI("2001:db8::1") },
        {"mapped",          SI("::ffff:10.1.2.3"), SI("198.51.100.7"),           SI(""),             SI("198.51.100.7")},
        {"unix",            SI("unix"),            SI("198.51.100.7"),           SI(""),             SI("198.51.100.7")},
    };
    struct network nets[COUNT(trusted)];
    struct network_list list = {nets, COUNT(nets)};

    (void)state;
    for (size_t i = 0; i < COUNT(trusted); i++) {
        T_TRUE(network_parse(trusted[i], &nets[i]));
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct http_header headers[] = {
            {S("x-forwarded-for"), rows[i].first },
            {S("Accept"),          S("*/*")      },
            {S("X-Forwarded-For"), rows[i].second},
        };
        struct http_request req = {
            .peer = rows[i].peer, .headers = headers, .n_headers = COUNT(headers)};

        T_STR(client_address(&list, &req), rows[i].want);
    }
}

T_MAIN(
    T(test_network_parse_takes_addresses_and_networks),
    T(test_client_address_believes_trusted_proxies_only))
