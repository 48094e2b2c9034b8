/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "base/uri.h"

TEST(test_uri_split_cuts_where_rfc_3986_does)
{
    static const struct {
        const char *name;
        Str text;
        struct uri want;
    } rows[] = {
        {"nothing", SI(""), {.path = SI("")}},
        {"all parts",
         SI("https://u:p@h.example:8443/a/b?c=d?e#f#g"),
         {.scheme = SI("https"),
          .authority = SI("u:p@h.example:8443"),
          .user = SI("u:p"),
          .host = SI("h.example"),
          .port = SI("8443"),
          .path = SI("/a/b"),
          .query = SI("c=d?e"),
          .fragment = SI("f#g"),
          .has_authority = true,
          .has_user = true,
          .has_port = true,
          .has_query = true,
          .has_fragment = true}},
        {"empty parts",
         SI("x://@:?#"),
         {.scheme = SI("x"),
          .authority = SI("@:"),
          .has_authority = true,
          .has_user = true,
          .has_port = true,
          .has_query = true,
          .has_fragment = true}},
        {"IPv6",
         SI("http://[::1]:80"),
         {.scheme = SI("http"),
          .authority = SI("[::1]:80"),
          .host = SI("[::1]"),
          .port = SI("80"),
          .has_authority = true,
          .has_port = true}},
        {"IPv6 without a port",
         SI("http://[::1]/"),
         {.scheme = SI("http"),
          .authority = SI("[::1]"),
          .host = SI("[::1]"),
          .path = SI("/"),
          .has_authority = true}},
        {"two at signs",
         SI("http://a@b@c"),
         {.scheme = SI("http"),
          .authority = SI("a@b@c"),
          .user = SI("a@b"),
          .host = SI("c"),
          .has_authority = true,
          .has_user = true}},
        {"a private scheme",
         SI("com.example.app:/cb"),
         {.scheme = SI("com.example.app"), .path = SI("/cb")}},
        {"no scheme",
         SI("//h/p"),
         {.authority = SI("h"),
          .host = SI("h"),
          .path = SI("/p"),
          .has_authority = true}},
        {"a colon in the path", SI("/a:b"), {.path = SI("/a:b")}},
        {"a colon in the query",
         SI("a?b:c"),
         {.path = SI("a"), .query = SI("b:c"), .has_query = true}},
        {"a colon in the fragment",
         SI("#:"),
         {.fragment = SI(":"), .has_fragment = true}},
        {"a query in the fragment",
         SI("a#b?c"),
         {.path = SI("a"), .fragment = SI("b?c"), .has_fragment = true}},
        {"a slash in the query",
         SI("http://h?/x"),
         {.scheme = SI("http"),
          .authority = SI("h"),
          .host = SI("h"),
          .query = SI("/x"),
          .has_authority = true,
          .has_query = true}},
        {"a bracket that stays open",
         SI("http://[::1/"),
         {.scheme = SI("http"),
          .authority = SI("[::1"),
          .host = SI("["),
          .port = SI(":1"),
          .path = SI("/"),
          .has_authority = true,
          .has_port = true}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct uri u = uri_split(rows[i].text);
        const struct uri *want = &rows[i].want;

        print_message("%s\n", rows[i].name);
        T_STR(u.scheme, want->scheme);
        T_STR(u.authority, want->authority);
        T_STR(u.user, want->user);
        T_STR(u.host, want->host);
        T_STR(u.port, want->port);
        T_STR(u.path, want->path);
        T_STR(u.query, want->query);
        T_STR(u.fragment, want->fragment);
        T_INT(u.has_authority, want->has_authority);
        T_INT(u.has_user, want->has_user);
        T_INT(u.has_port, want->has_port);
        T_INT(u.has_query, want->has_query);
        T_INT(u.has_fragment, want->has_fragment);
    }
}

struct judged {
    Str text;
    bool is_valid;
};

static void judge(const struct judged *rows, size_t n, bool (*is_valid)(Str text))
{
    for (size_t i = 0; i < n; i++) {
        print_message("%.*s\n", STR_ARG(rows[i].text));
        T_INT(is_valid(rows[i].text), rows[i].is_valid);
    }
}

TEST(test_uri_scheme_is_valid_as_rfc_3986_has_it)
{
    static const struct judged rows[] = {
        {SI("https"), true}, {SI("a"), true},   {SI("a+b-c.1"), true}, {SI(""), false},
        {SI("1a"), false},   {SI("+a"), false}, {SI("a_b"), false},    {SI("a/b"), false},
    };

    judge(rows, COUNT(rows), uri_scheme_is_valid);
}

TEST(test_uri_host_is_valid_refuses_what_browsers_read_otherwise)
{
    static const struct judged rows[] = {
        {SI("h"), true},
        {SI("a-b.c1.example"), true},
        {SI("127.0.0.1"), true},
        {SI("[::1]"), true},
        {SI("[2001:db8::1]"), true},
        {SI(""), false},
        {SI("."), false},
        {SI("a..b"), false},
        {SI("a."), false},
        {SI("a_b"), false},
        {SI("a%2eb"), false},
        {SI("a\\b"), false},
        {SI("m\xC3\xBC"), false},
        {SI("["), false},
        {SI("[]"), false},
        {SI("[::1"), false},
        {SI("[::1\0]"), false},
        {SI("[1.2.3.4]"), false},
        {SI("[fe80::1%eth0]"), false},
        {SI("[0000:0000:0000:0000:0000:ffff:255.255.255.2550]"), false},
    };

    judge(rows, COUNT(rows), uri_host_is_valid);
}

TEST(test_uri_host_is_loopback_knows_three_names)
{
    static const struct judged rows[] = {
        {SI("localhost"), true},           {SI("LocalHost"), true},
        {SI("127.0.0.1"), true},           {SI("[::1]"), true},
        {SI("127.0.0.2"), false},          {SI("127.1"), false},
        {SI("localhost."), false},         {SI("a.localhost"), false},
        {SI("[::ffff:127.0.0.1]"), false},
    };

    judge(rows, COUNT(rows), uri_host_is_loopback);
}

TEST(test_uri_port_is_valid_from_1_to_65535)
{
    static const struct judged rows[] = {
        {SI("1"), true},   {SI("65535"), true},  {SI("0080"), true},
        {SI("0"), false},  {SI("65536"), false}, {SI(""), false},
        {SI("-1"), false}, {SI("8o"), false},    {SI("99999999999999999999"), false},
    };

    judge(rows, COUNT(rows), uri_port_is_valid);
}

TEST(test_uri_is_same_origin_compares_scheme_host_and_port)
{
    static const struct {
        Str a, b;
        bool is_same;
    } rows[] = {
        {SI("https://h/a"), SI("HTTPS://H:443?b"), true},
        {SI("http://h"), SI("http://h:80/"), true},
        {SI("http://h:8080"), SI("http://h:8080/x"), true},
        {SI("https://h"), SI("http://h"), false},
        {SI("https://h"), SI("https://h.example"), false},
        {SI("https://h"), SI("https://h:444"), false},
        {SI("https://h:80"), SI("http://h"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct uri a = uri_split(rows[i].a);
        struct uri b = uri_split(rows[i].b);

        print_message("%.*s\n", STR_ARG(rows[i].a));
        T_INT(uri_is_same_origin(&a, &b), rows[i].is_same);
    }
}

TEST(test_uri_port_is_the_named_one_or_the_default)
{
    static const struct {
        Str text;
        int64_t port;
    } rows[] = {
        {SI("https://h"), 443},  {SI("http://h"), 80},     {SI("http://h:8080"), 8080},
        {SI("https://h:"), 443}, {SI("https://h:0"), 443}, {SI("app.x:/p"), 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct uri u = uri_split(rows[i].text);

        T_INT(uri_port(&u), rows[i].port);
    }
}

T_MAIN(
    T(test_uri_split_cuts_where_rfc_3986_does),
    T(test_uri_scheme_is_valid_as_rfc_3986_has_it),
    T(test_uri_host_is_valid_refuses_what_browsers_read_otherwise),
    T(test_uri_host_is_loopback_knows_three_names),
    T(test_uri_port_is_valid_from_1_to_65535),
    T(test_uri_is_same_origin_compares_scheme_host_and_port),
    T(test_uri_port_is_the_named_one_or_the_default))
