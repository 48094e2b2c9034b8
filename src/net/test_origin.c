/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "net/origin.h"

/* SECURITY 66: URLs are https, or loopback. */
TEST(test_net_url_is_allowed_takes_https_and_loopback)
{
    static const struct {
        Str url;
        bool ok;
    } rows[] = {
        {SI("https://a"), true},
        {SI("HTTPS://A.example:8443/p?q=/"), true},
        {SI("https://[2001:db8::1]/"), true},
        {SI("https://a?q"), true},
        {SI("http://localhost:1/"), true},
        {SI("http://LOCALHOST"), true},
        {SI("http://127.0.0.1:65535/"), true},
        {SI("http://[::1]:8080/"), true},
        {SI("http://127.0.0.2/"), false},
        {SI("http://127.1/"), false},
        {SI("http://localhost.evil/"), false},
        {SI("http://[::2]/"), false},
        {SI("http://a/"), false},
        {SI("https://u@a/"), false},
        {SI("https://u:p@a/"), false},
        {SI("http://localhost@evil/"), false},
        {SI("http://evil\\@localhost/"), false},
        {SI("https://a/#f"), false},
        {SI("https://a:0/"), false},
        {SI("https://a:65536/"), false},
        {SI("https://a:/"), false},
        {SI("https://a:8x/"), false},
        {SI("https://a./"), false},
        {SI("https://.a/"), false},
        {SI("https://a..b/"), false},
        {SI("https://a_b/"), false},
        {SI("https://a%2e/"), false},
        {SI("https://[::1/"), false},
        {SI("https://[::1]x/"), false},
        {SI("https://[::g]/"), false},
        {SI("https://[]/"), false},
        {SI("https:///p"), false},
        {SI("https:/a"), false},
        {SI("https:a"), false},
        {SI("//a"), false},
        {SI("ftp://a"), false},
        {SI("file:///etc/passwd"), false},
        {SI("https://a b/"), false},
        {SI("https://a/\r\nX: y"), false},
        {SI("https://a/\0"), false},
        {SI("https://\xC3\xA9/"), false},
        {SI(""), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (net_url_is_allowed(rows[i].url) != rows[i].ok) {
            T_STR(rows[i].url, S("the other answer"));
        }
    }
}

/* SECURITY 61: a link that points elsewhere is refused. */
TEST(test_net_same_origin_compares_scheme_host_and_port)
{
    static const struct {
        Str a;
        Str b;
        bool same;
    } rows[] = {
        {SI("https://a/x"), SI("https://A:443/y?z"), true},
        {SI("http://[::1]/"), SI("http://[::1]:80"), true},
        {SI("https://a:0443/"), SI("https://a:443"), true},
        {SI("https://a/"), SI("http://a/"), false},
        {SI("https://a/"), SI("https://a:8443/"), false},
        {SI("https://a/"), SI("https://a.evil/"), false},
        {SI("https://a/"), SI("https://a@evil/"), false},
        {SI("https://a/"), SI("//a/"), false},
        {SI("https://a/"), SI(""), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(net_same_origin(rows[i].a, rows[i].b), rows[i].same);
        T_INT(net_same_origin(rows[i].b, rows[i].a), rows[i].same);
    }
}

TEST(test_net_url_is_below_keeps_to_the_path)
{
    static const struct {
        Str base;
        Str url;
        bool ok;
    } rows[] = {
        {SI("https://a/v1"), SI("https://a/v1"), true},
        {SI("https://a/v1"), SI("https://a/v1/"), true},
        {SI("https://a/v1"), SI("https://A:443/v1/me/x?y=/../z"), true},
        {SI("https://a/v1"), SI("https://a/v1?y"), true},
        {SI("https://a/v1/"), SI("https://a/v1/me"), true},
        {SI("https://a/v1/"), SI("https://a/v1"), true},
        {SI("https://a"), SI("https://a"), true},
        {SI("https://a"), SI("https://a/x"), true},
        {SI("https://a/"), SI("https://a?x"), true},
        {SI("https://a/v1"), SI("https://a/v1/..."), true},
        {SI("https://a/v1"), SI("https://a/v1/.x/y../%2e%2ez/%2Fq"), true},
        {SI("https://a/v1"), SI("https://a/v1/users('b')/c"), true},
        {SI("https://a/v1"), SI("https://b/v1/x"), false},
        {SI("https://a/v1"), SI("http://a/v1/x"), false},
        {SI("https://a/v1"), SI("https://a:8443/v1/x"), false},
        {SI("https://a/v1"), SI("https://u@a/v1/x"), false},
        {SI("https://a/v1"), SI("https://a/v1/x#f"), false},
        {SI("https://a/v1"), SI("https://a/v1/x\\y"), false},
        {SI("https://a/v1"), SI("https://a/v1/ x"), false},
        {SI("https://a/v1"), SI("https://a/v10"), false},
        {SI("https://a/v1"), SI("https://a/V1/x"), false},
        {SI("https://a/v1"), SI("https://a/v"), false},
        {SI("https://a/v1"), SI("https://a/"), false},
        {SI("https://a/v1"), SI("https://a"), false},
        {SI("https://a/v1"), SI("https://a?/v1/"), false},
        {SI("https://a/v1"), SI("https://a//v1/x"), false},
        {SI("https://a/v1"), SI("/v1/x"), false},
        {SI("https://a/v1"), SI(""), false},
        {SI("https://a/v1"), SI("https://a/v1/../beta"), false},
        {SI("https://a/v1"), SI("https://a/v1/x/../../beta"), false},
        {SI("https://a/v1"), SI("https://a/v1/.."), false},
        {SI("https://a/v1"), SI("https://a/v1/."), false},
        {SI("https://a/v1"), SI("https://a/v1/./x"), false},
        {SI("https://a/v1"), SI("https://a/v1/%2e%2e/beta"), false},
        {SI("https://a/v1"), SI("https://a/v1/.%2E/beta"), false},
        {SI("https://a/v1"), SI("https://a/v1/%2E."), false},
        {SI("https://a/v1"), SI("https://a/v1/..%2fbeta"), false},
        {SI("https://a/v1"), SI("https://a/v1/x%2F..%2F..%2Fbeta"), false},
        {SI("https://a/v1"), SI("https://a/v1/x%5c..%5Cbeta"), false},
        {SI("https://a/v1"), SI("https://a/../v1/x"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str url = str_dup(&t_cx()->mem, rows[i].url); /* so that ASan sees its end */

        print_message("  %.*s\n", STR_ARG(url));
        T_INT(net_url_is_below(rows[i].base, url), rows[i].ok);
    }
}

T_MAIN(
    T(test_net_url_is_allowed_takes_https_and_loopback),
    T(test_net_same_origin_compares_scheme_host_and_port),
    T(test_net_url_is_below_keeps_to_the_path))
