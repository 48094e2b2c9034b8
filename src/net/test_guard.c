/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "net/guard.h"

static const struct net_guard nothing_open;

/* By a socket's address, and by its letters: both ways must say the same. */
static bool guard_says(const struct net_guard *g, const char *address, bool is_tls)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    bool is_ipv4 = inet_pton(AF_INET, address, &ipv4.sin_addr) == 1;

    T_TRUE(is_ipv4 || inet_pton(AF_INET6, address, &ipv6.sin6_addr) == 1);
    bool by_socket = is_ipv4 ? guard_allows(g, (const struct sockaddr *)&ipv4, is_tls)
                             : guard_allows(g, (const struct sockaddr *)&ipv6, is_tls);

    T_INT(guard_allows_text(g, str_from_z(address), is_tls), by_socket);
    return by_socket;
}

/* As an IPv6 socket would reach it. */
static const char *address_mapped(const char *ipv4)
{
    Str text = str_cat(&t_cx()->mem, S("::ffff:"), str_from_z(ipv4));
    const char *z = NULL;

    T_OK(str_z(t_cx(), text, &z));
    return z;
}

static void guard_must_say(const char *address, bool is_allowed)
{
    if (guard_says(&nothing_open, address, true) != is_allowed) {
        print_error("%s\n", address);
        T_TRUE(false);
    }
    T_TRUE(!guard_says(&nothing_open, address, false)); /* no plain http anywhere */
}

/* A network's first and last address are refused, those just outside are not. */
TEST(test_guard_refuses_each_network_of_ipv4)
{
    static const struct {
        const char *before; /* NULL: there is none */
        const char *first;
        const char *last;
        const char *after;
    } rows[] = {
        {NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0"},
        {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
        {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
        {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
        {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
        {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
        {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
        {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
        {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
        {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
        {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
        {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
        {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
        {"223.255.255.255", "224.0.0.0", "255.255.255.255", NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const all[] = {
            rows[i].before, rows[i].first, rows[i].last, rows[i].after};

        for (size_t k = 0; k < COUNT(all); k++) {
            if (all[k] != NULL) {
                guard_must_say(all[k], k == 0 || k == 3);
                guard_must_say(address_mapped(all[k]), k == 0 || k == 3);
            }
        }
    }
}

TEST(test_guard_refuses_each_network_of_ipv6)
{
    static const struct {
        const char *address;
        bool is_allowed;
    } rows[] = {
        {"::", false},
        {"::1", false},
        {"::8.8.8.8", false}, /* "compatible": not mapped */
        {"::fffe:ffff:ffff", false},
        {"::1:0:0:0", false},
        {"64:ff9b::8.8.8.8", false},
        {"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
        {"2000::", true},
        {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"2001::", false},
        {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false},
        {"2001:200::", true},
        {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"2001:db8::", false},
        {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false},
        {"2001:db9::", true},
        {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"2002::", false},
        {"2002:808:808::", false}, /* 6to4 of 8.8.8.8 */
        {"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
        {"2003::", true},
        {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"3fff::", false},
        {"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false},
        {"3fff:1000::", true},
        {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"4000::", false},
        {"fc00::", false},
        {"fd00:ec2::254", false},
        {"fe80::1", false},
        {"fec0::1", false},
        {"ff02::1", false},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        guard_must_say(rows[i].address, rows[i].is_allowed);
    }
}

static struct guard_network network_of(const char *text)
{
    struct guard_network n = {.prefix = -1};

    T_TRUE(guard_network_parse(str_from_z(text), &n));
    return n;
}

/* What the operator opens, and that it opens nothing else. */
TEST(test_guard_allows_open_networks_also_without_tls)
{
    static const struct {
        const char *open;
        const char *address;
        bool is_allowed;
        bool is_plain_allowed;
    } rows[] = {
        {"127.0.0.0/8", "127.0.0.1", true, true},
        {"127.0.0.0/8", "::ffff:127.0.0.1", true, true},
        {"127.0.0.0/8", "::1", false, false},
        {"127.0.0.0/8", "10.0.0.1", false, false},
        {"127.0.0.0/8", "8.8.8.8", true, false},
        {"::1", "::1", true, true},
        {"::1", "127.0.0.1", false, false},
        {"10.1.2.0/23", "10.1.1.255", false, false},
        {"10.1.2.0/23", "10.1.2.0", true, true},
        {"10.1.2.0/23", "10.1.3.255", true, true},
        {"10.1.2.0/23", "10.1.4.0", false, false},
        {"10.1.2.3", "10.1.2.3", true, true},
        {"10.1.2.3", "10.1.2.2", false, false},
        {"8.8.8.8", "8.8.8.8", true, true},
        {"fd00::/8", "fd12::1", true, true},
        {"fd00::/8", "fe80::1", false, false},
        /* an address that stands for another needs both to be allowed */
        {"64:ff9b::/96", "64:ff9b::8.8.8.8", true, false},
        {"64:ff9b::/96", "64:ff9b::10.0.0.1", false, false},
        {"64:ff9b::/96", "64:ff9b::127.0.0.1", false, false},
        {"64:ff9b:1::/48", "64:ff9b:1:7::8.8.8.8", true, false},
        {"64:ff9b:1::/48", "64:ff9b:1:7::192.168.0.1", false, false},
        {"2002::/16", "2002:808:808::1", true, false},
        {"2002::/16", "2002:a00:1::1", false, false},
        {"10.0.0.0/8", "64:ff9b::10.0.0.1", false, false},
        {"10.0.0.0/8", "2002:a00:1::1", false, false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct guard_network open = network_of(rows[i].open);
        const struct net_guard g = {&open, 1};

        if (guard_says(&g, rows[i].address, true) != rows[i].is_allowed
            || guard_says(&g, rows[i].address, false) != rows[i].is_plain_allowed) {
            print_error("%s with %s\n", rows[i].address, rows[i].open);
            T_TRUE(false);
        }
    }
}

/* Whatever is open: here all of both families. */
TEST(test_guard_never_allows_the_clouds_credentials)
{
    static const struct {
        const char *address;
        bool is_allowed;
    } rows[] = {
        {"169.254.169.254", false},
        {"169.254.169.253", true},
        {"169.254.169.255", true},
        {"100.100.100.200", false},
        {"100.100.100.199", true},
        {"100.100.100.201", true},
        {"fd00:ec2::254", false},
        {"fd00:ec2::253", true},
        {"fd00:ec2::255", true},
        {"::ffff:169.254.169.254", false},
        {"::ffff:100.100.100.200", false},
        {"64:ff9b::169.254.169.254", false},
        {"64:ff9b::100.100.100.200", false},
        {"64:ff9b:1::169.254.169.254", false},
        {"2002:a9fe:a9fe::", false},
        {"2002:a9fe:a9fe::1", false},
        {"2002:6464:64c8::1", false},
        {"2002:a9fe:a9fd::1", true},
        {"127.0.0.1", true},
        {"::1", true},
    };
    const struct guard_network open[] = {network_of("0.0.0.0/0"), network_of("::/0")};
    const struct net_guard g = {open, COUNT(open)};

    for (size_t i = 0; i < COUNT(rows); i++) {
        for (int is_tls = 0; is_tls <= 1; is_tls++) {
            if (guard_says(&g, rows[i].address, is_tls) != rows[i].is_allowed) {
                print_error("%s\n", rows[i].address);
                T_TRUE(false);
            }
        }
    }
}

TEST(test_guard_refuses_what_is_no_address)
{
    static const Str rows[] = {
        SI(""),          SI("localhost"),
        SI("8.8.8.8 "),  SI("8.8.8"),
        SI("8.8.8.8\0"), SI("2000::1%eth0"),
        SI("[2000::1]"), SI("2000:0000:0000:0000:0000:0000:0000:0000:0000:0000"),
    };
    const struct sockaddr_un by_path = {.sun_family = AF_UNIX, .sun_path = "/tmp/x"};
    const struct guard_network open[] = {network_of("0.0.0.0/0"), network_of("::/0")};
    const struct net_guard g = {open, COUNT(open)};

    T_TRUE(!guard_allows(&g, (const struct sockaddr *)&by_path, true));
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_TRUE(!guard_allows_text(&g, rows[i], true));
    }
}

TEST(test_guard_network_parse_takes_whole_networks)
{
    static const struct {
        Str text;
        int prefix; /* of 128; -1: refused */
    } rows[] = {
        {SI("10.0.0.0/8"), 104},
        {SI("0.0.0.0/0"), 96},
        {SI("10.1.2.3"), 128},
        {SI("10.1.2.3/32"), 128},
        {SI("fd00::/8"), 8},
        {SI("::/0"), 0},
        {SI("::1"), 128},
        {SI("::1/128"), 128},
        {SI("::ffff:10.0.0.0/104"), 104},
        {SI("10.0.0.0/33"), -1},
        {SI("::/129"), -1},
        {SI("10.0.0.0/-1"), -1},
        {SI("10.0.0.0/"), -1},
        {SI("10.0.0.0/8 "), -1},
        {SI("10.0.0.0/8/8"), -1},
        {SI("10.0.0.0/99999999999999999999"), -1},
        {SI("10.0.0.1/8"), -1},
        {SI("10.0.0.1/31"), -1},
        {SI("fd00::1/8"), -1},
        {SI("10.0.0/8"), -1},
        {SI("/8"), -1},
        {SI("unix"), -1},
        {SI(""), -1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct guard_network n = {.prefix = -1};

        T_INT(guard_network_parse(rows[i].text, &n), rows[i].prefix >= 0);
        T_INT(n.prefix, rows[i].prefix);
    }
}

TEST(test_guard_allows_url_of_a_plain_shape)
{
    static const struct {
        Str url;
        bool ok;
    } rows[] = {
        {SI("https://a.example/hook?x=y"), true},
        {SI("https://a.example:443/"), true},
        {SI("https://a.example:442/"), false},
        {SI("https://a.example:1023/"), false},
        {SI("https://a.example:1024/"), true},
        {SI("https://a.example:65535/"), true},
        {SI("https://a.example:65536/"), false},
        {SI("https://a.example:22/"), false},
        {SI("https://a.example:0/"), false},
        {SI("http://a.example:8080/"), true}, /* the addresses decide */
        {SI("http://a.example/"), false},     /* port 80 */
        {SI("HTTPS://A.EXAMPLE/"), true},
        {SI("https://u@a.example/"), false},
        {SI("https://u:p@a.example/"), false},
        {SI("https://a.example/#f"), false},
        {SI("https://a.example/\r\nX: y"), false},
        {SI("ftp://a.example:8080/"), false},
        {SI("file:///etc/passwd"), false},
        {SI("gopher://a.example:8080/"), false},
        {SI("https:///"), false},
        {SI(""), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (guard_allows_url(rows[i].url) != rows[i].ok) {
            T_STR(rows[i].url, S("the other answer"));
        }
    }
}

TEST(test_guard_allows_url_up_to_its_limit)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_GUARDED_URL_BYTES + 1};

    buf_add(&b, S("https://a.example/"));
    while (b.n < LIMIT_GUARDED_URL_BYTES) {
        buf_add_char(&b, 'x');
    }
    T_TRUE(guard_allows_url(buf_text(&b)));
    buf_add_char(&b, 'x');
    T_TRUE(!guard_allows_url(buf_text(&b)));
}

T_MAIN(
    T(test_guard_refuses_each_network_of_ipv4),
    T(test_guard_refuses_each_network_of_ipv6),
    T(test_guard_allows_open_networks_also_without_tls),
    T(test_guard_never_allows_the_clouds_credentials),
    T(test_guard_refuses_what_is_no_address),
    T(test_guard_network_parse_takes_whole_networks),
    T(test_guard_allows_url_of_a_plain_shape), T(test_guard_allows_url_up_to_its_limit))
