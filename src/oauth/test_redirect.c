/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/testing.h"
#include "oauth/redirect.h"

static Str t_why(void)
{
    return str_from_z(t_cx()->why.text);
}

TEST(test_redirect_parse_keeps_what_is_well_formed)
{
    static const struct {
        Str uri;
        Str want;
    } rows[] = {
        {SI("https://h/cb"), SI("https://h/cb")},
        {SI("https://h"), SI("https://h/")},
        {SI("https://h?x=1"), SI("https://h/?x=1")},
        {SI("HTTPS://Host.Example:443/Cb?Q=/"), SI("HTTPS://Host.Example:443/Cb?Q=/")},
        {SI("https://h/a//b/"), SI("https://h/a//b/")},
        {SI("https://h/a%20b"), SI("https://h/a%20b")},
        {SI("https://h/?q=%2f%2E%00#"), SI("")},
        {SI("https://h/?q=%2f%2E%00\\"), SI("")},
        {SI("https://h/?q=%2f%2E%00../x"), SI("https://h/?q=%2f%2E%00../x")},
        {SI("https://h/?successor=1&erro=2"), SI("https://h/?successor=1&erro=2")},
        {SI("https://h/?x=success&&=account"), SI("https://h/?x=success&&=account")},
        {SI("https://h/?"), SI("https://h/?")},
        {SI("https://[2001:db8::1]:8443/x"), SI("https://[2001:db8::1]:8443/x")},
        {SI("https://192.0.2.7/x"), SI("https://192.0.2.7/x")},
        {SI("https://xn--bcher-kva.example/"), SI("https://xn--bcher-kva.example/")},
        {SI("http://localhost:3000/cb"), SI("http://localhost:3000/cb")},
        {SI("http://LocalHost/cb"), SI("http://LocalHost/cb")},
        {SI("http://127.0.0.1:65535/"), SI("http://127.0.0.1:65535/")},
        {SI("http://[::1]:1/"), SI("http://[::1]:1/")},
        {SI("com.example.app:/done"), SI("com.example.app:/done")},
        {SI("com.example.app:/a/../b?x=1"), SI("com.example.app:/b?x=1")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str got = S("");

        if (rows[i].want.n == 0) {
            T_FAIL(FAIL_PARAMETER_INVALID, redirect_parse(t_cx(), rows[i].uri, &got));
            continue;
        }
        T_OK(redirect_parse(t_cx(), rows[i].uri, &got));
        T_STR(got, rows[i].want);
        T_OK(redirect_parse(t_cx(), got, &got)); /* a fixed point */
        T_STR(got, rows[i].want);
    }
}

/* The examples of RFC 3986 §5.2.4 and §5.4.2, and what a browser makes of the others. */
TEST(test_redirect_parse_resolves_dot_segments)
{
    static const struct {
        Str path;
        Str want;
    } rows[] = {
        {SI("/a/b/c/./../../g"), SI("/a/g")},
        {SI("/."), SI("/")},
        {SI("/.."), SI("/")},
        {SI("/./"), SI("/")},
        {SI("/../"), SI("/")},
        {SI("/../../g"), SI("/g")},
        {SI("/a/."), SI("/a/")},
        {SI("/a/.."), SI("/")},
        {SI("/a/b/.."), SI("/a/")},
        {SI("/a/b/../c"), SI("/a/c")},
        {SI("/a/b/../../../../c"), SI("/c")},
        {SI("/a/.b"), SI("/a/.b")},
        {SI("/a/b.."), SI("/a/b..")},
        {SI("/a/..."), SI("/a/...")},
        {SI("/a//../b"), SI("/a/b")},
        {SI("//../b"), SI("/b")},
        {SI("/cb/../evil"), SI("/evil")},
        {SI("/..%20/x"), SI("/..%20/x")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena *mem = &t_cx()->mem;
        Str got;

        T_OK(redirect_parse(t_cx(), str_cat(mem, S("https://h"), rows[i].path), &got));
        T_STR(got, str_cat(mem, S("https://h"), rows[i].want));
    }
}

/* SECURITY 7: every form of a return target that is not what it seems is refused at
 * the start; 8: so is a scheme without a dot, or http, javascript, data, file, intent,
 * about. */
TEST(test_redirect_parse_refuses_and_says_what_to_change)
{
    static const struct {
        Str uri;
        Str mend; /* a word of it */
    } rows[] = {
        {SI("https://h/a b"), SI("Percent-encode")},
        {SI("https://h/\r\nSet-Cookie:x"), SI("Percent-encode")},
        {SI("https://h/\0"), SI("Percent-encode")},
        {SI("https://h/\x7F"), SI("Percent-encode")},
        {SI("https://\xC3\xA9/"), SI("Write the host in its xn--")},
        {SI("https://h.\xD1\x80\xD1\x84:8443/a b"), SI("Write the host in its xn--")},
        {SI("https://h/\xC3\xA9"), SI("Percent-encode")},
        {SI("com.example:/\xC3\xA9"), SI("Percent-encode")},
        {SI("\\\\evil"), SI("backslash")},
        {SI("https://h\\@evil/"), SI("backslash")},
        {SI("https://h/?q=\\"), SI("backslash")},
        {SI("https://h/#x"), SI("fragment")},
        {SI("https://h/#"), SI("fragment")},
        {SI(""), SI("absolute")},
        {SI("/cb"), SI("absolute")},
        {SI("//evil"), SI("absolute")},
        {SI("%2f%2fevil"), SI("absolute")},
        {SI("://h/"), SI("absolute")},
        {SI("1a.b:/x"), SI("absolute")},
        {SI("a_b.c:/x"), SI("absolute")},
        {SI("javascript:alert(1)"), SI("Use https")},
        {SI("data:text/html,x"), SI("Use https")},
        {SI("file:///etc/passwd"), SI("Use https")},
        {SI("intent://x"), SI("Use https")},
        {SI("about:blank"), SI("Use https")},
        {SI("ftp://h/"), SI("Use https")},
        {SI("myapp:/done"), SI("Use https")},
        {SI("https:evil"), SI("two slashes")},
        {SI("https:/evil"), SI("two slashes")},
        {SI("com.example:done"), SI("private-use")},
        {SI("com.example:"), SI("private-use")},
        {SI("com.example://done"), SI("private-use")},
        {SI("com.example:///done"), SI("private-use")},
        {SI("com.example:?x"), SI("private-use")},
        {SI("com.example:/.//evil"), SI("empty segment")},
        {SI("https://good@evil/"), SI("user name")},
        {SI("https://u:p@h/"), SI("user name")},
        {SI("https://@h/"), SI("user name")},
        {SI("https:///cb"), SI("Name a host")},
        {SI("https://:443/"), SI("Name a host")},
        {SI("https://h./"), SI("dot at the end")},
        {SI("https://h.:443/"), SI("dot at the end")},
        {SI("https://a..b/"), SI("xn--")},
        {SI("https://.a/"), SI("xn--")},
        {SI("https://a_b/"), SI("xn--")},
        {SI("https://a%2eb/"), SI("xn--")},
        {SI("https://*.h/"), SI("xn--")},
        {SI("https://h,evil/"), SI("xn--")},
        {SI("https://[::1/"), SI("xn--")},
        {SI("https://[::x]/"), SI("xn--")},
        {SI("https://[::1%25eth0]/"), SI("xn--")},
        {SI("https://h:/"), SI("port")},
        {SI("https://h:0/"), SI("port")},
        {SI("https://h:65536/"), SI("port")},
        {SI("https://h:99999999999999999999/"), SI("port")},
        {SI("https://h:+1/"), SI("port")},
        {SI("https://h:1:2/"), SI("port")},
        {SI("http://h/"), SI("plain http")},
        {SI("http://127.0.0.2/"), SI("plain http")},
        {SI("http://127.1/"), SI("plain http")},
        {SI("http://localhost.evil/"), SI("plain http")},
        {SI("http://[::2]/"), SI("plain http")},
        {SI("http://[0:0:0:0:0:0:0:1]/"), SI("plain http")},
        {SI("https://h/a%2fb"), SI("%2F")},
        {SI("https://h/a%2Fb"), SI("%2F")},
        {SI("https://h/a%5cb"), SI("%2F")},
        {SI("https://h/a%5Cb"), SI("%2F")},
        {SI("https://h/%2e%2e/b"), SI("%2F")},
        {SI("https://h/.%2E/b"), SI("%2F")},
        {SI("https://h/a%00"), SI("%2F")},
        {SI("com.example:/%2fevil"), SI("%2F")},
        {SI("https://h/?success=1"), SI("success, error")},
        {SI("https://h/?success"), SI("success, error")},
        {SI("https://h/?a=1&error="), SI("success, error")},
        {SI("https://h/?a=1&account=7&b"), SI("success, error")},
        {SI("https://h/?%73uccess=1"), SI("success, error")},
        {SI("https://h/?erro%72"), SI("success, error")},
        {SI("https://h/?%61%63%63%6F%75%6e%74=1"), SI("success, error")},
        {SI("com.example:/x?error=1"), SI("success, error")},
        {SI("https://h/?Account=7"), SI("success, error")},
        {SI("https://h/?SUCCESS"), SI("success, error")},
        {SI("https://h/?a=1;account=7"), SI("success, error")},
        {SI("https://h/?;account=7"), SI("success, error")},
        {SI("https://h/?%20account=7"), SI("success, error")},
        {SI("https://h/?+account=7"), SI("success, error")},
        {SI("https://h/?account%09=7"), SI("success, error")},
        {SI("https://h/?account%20%20"), SI("success, error")},
        {SI("https://h/?account[]=7"), SI("success, error")},
        {SI("https://h/?account%5B%5d=7"), SI("success, error")},
        {SI("https://h/?account+[x]=7"), SI("success, error")},
        {SI("https://h/?%00account=7"), SI("success, error")},
        {SI("https://h/?account%00x=7"), SI("success, error")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str got = S("untouched");

        T_FAIL(FAIL_PARAMETER_INVALID, redirect_parse(t_cx(), rows[i].uri, &got));
        T_STR(got, S("untouched"));
        if (!str_contains(t_why(), rows[i].mend) || !str_ends(t_why(), S("."))) {
            T_STR(t_why(), rows[i].mend);
        }
    }
}

TEST(test_redirect_parse_takes_512_bytes_and_no_more)
{
    static const Str starts[] = {SI("https://h/"), SI("https://")};
    char text[LIMIT_REDIRECT_URI_BYTES + 1];
    Str got;

    memset(text, 'a', sizeof(text));
    memcpy(text, starts[0].p, starts[0].n);
    T_OK(redirect_parse(t_cx(), (Str){text, LIMIT_REDIRECT_URI_BYTES}, &got));
    T_INT(got.n, LIMIT_REDIRECT_URI_BYTES);
    T_FAIL(
        FAIL_PARAMETER_INVALID,
        redirect_parse(t_cx(), (Str){text, LIMIT_REDIRECT_URI_BYTES + 1}, &got));
    T_TRUE(str_contains(t_why(), S("512")));
    memset(text, 'a', sizeof(text)); /* the path that is added counts */
    memcpy(text, starts[1].p, starts[1].n);
    T_OK(redirect_parse(t_cx(), (Str){text, LIMIT_REDIRECT_URI_BYTES - 1}, &got));
    T_INT(got.n, LIMIT_REDIRECT_URI_BYTES);
    T_FAIL(
        FAIL_PARAMETER_INVALID,
        redirect_parse(t_cx(), (Str){text, LIMIT_REDIRECT_URI_BYTES}, &got));
}

TEST(test_redirect_pattern_parse_gives_the_normal_form)
{
    static const struct {
        Str pattern;
        Str want; /* empty: refused */
    } rows[] = {
        {SI("HTTPS://App.Example:443/Cb"), SI("https://app.example/Cb")},
        {SI("https://h:0443/"), SI("https://h/")},
        {SI("https://h:08443/"), SI("https://h:8443/")},
        {SI("https://h:80/"), SI("https://h:80/")},
        {SI("http://localhost:80/x"), SI("http://localhost/x")},
        {SI("https://h"), SI("https://h/")},
        {SI("https://h/*"), SI("https://h/*")},
        {SI("https://h/a/../b/*"), SI("https://h/b/*")},
        {SI("Com.Example:/Done"), SI("com.example:/Done")},
        {SI("http://[::1]/*"), SI("http://[::1]/*")},
        {SI("https://h/cb?x=1"), SI("")},
        {SI("https://h/cb?"), SI("")},
        {SI("https://h/*/x"), SI("")},
        {SI("https://h/cb*"), SI("")},
        {SI("https://h/*/*"), SI("")},
        {SI("https://*/cb"), SI("")},
        {SI("com.example:/*"), SI("")},
        {SI("com.example:/done/*"), SI("")},
        {SI("http://h/cb"), SI("")},
        {SI("javascript:x"), SI("")},
        {SI("https://h/#"), SI("")},
        {SI(""), SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str got = S("untouched");

        if (rows[i].want.n == 0) {
            T_FAIL(
                FAIL_PARAMETER_INVALID,
                redirect_pattern_parse(t_cx(), rows[i].pattern, &got));
            T_STR(got, S("untouched"));
            continue;
        }
        T_OK(redirect_pattern_parse(t_cx(), rows[i].pattern, &got));
        T_STR(got, rows[i].want);
        T_OK(redirect_pattern_parse(t_cx(), got, &got));
        T_STR(got, rows[i].want);
    }
}

/* SECURITY 7: scheme, host and port are compared after parsing, a path prefix at a
 * segment's boundary. */
TEST(test_redirect_matches_compares_part_by_part)
{
    static const struct {
        Str pattern;
        Str uri;
        bool matches;
    } rows[] = {
        {SI("https://h/cb"), SI("https://h/cb"), true},
        {SI("https://h/cb"), SI("HTTPS://H:443/cb?x=1"), true},
        {SI("https://h:443/cb"), SI("https://h/cb"), true},
        {SI("https://h/cb"), SI("https://h/x/../cb"), true},
        {SI("https://h"), SI("https://h/"), true},
        {SI("https://h/cb"), SI("https://h/cb/"), false},
        {SI("https://h/cb"), SI("https://h/CB"), false},
        {SI("https://h/cb"), SI("https://h/c%62"), false},
        {SI("https://h/cb"), SI("https://h:8443/cb"), false},
        {SI("https://h:8443/cb"), SI("https://h:08443/cb"), true},
        {SI("https://h:80/cb"), SI("https://h/cb"), false},
        {SI("https://h/cb"), SI("https://h.evil/cb"), false},
        {SI("https://h/cb"), SI("https://x.h/cb"), false},
        {SI("https://h/cb/*"), SI("https://h/cb/"), true},
        {SI("https://h/cb/*"), SI("https://h/cb/a/b?x"), true},
        {SI("https://h/cb/*"), SI("https://h/cb"), false},
        {SI("https://h/cb/*"), SI("https://h/cbx"), false},
        {SI("https://h/cb/*"), SI("https://h/cb/../evil"), false},
        {SI("https://h/cb/*"), SI("https://h/cb/a/../../evil"), false},
        {SI("https://h/cb/*"), SI("https://h/x?/cb/a"), false},
        {SI("https://h/*"), SI("https://h"), true},
        {SI("https://h/*"), SI("https://h.evil/"), false},
        {SI("http://localhost/cb"), SI("http://localhost:51234/cb"), true},
        {SI("http://localhost:80/cb"), SI("http://LOCALHOST:1/cb"), true},
        {SI("https://localhost:1/cb"), SI("https://localhost/cb"), true},
        {SI("http://127.0.0.1/cb"), SI("http://127.0.0.1:9/cb"), true},
        {SI("http://[::1]:3/cb/*"), SI("http://[::1]:9/cb/x"), true},
        {SI("http://localhost/cb"), SI("http://127.0.0.1/cb"), false},
        {SI("http://localhost/cb"), SI("https://localhost/cb"), false},
        {SI("https://h/cb"), SI("http://localhost/cb"), false},
        {SI("com.example:/done"), SI("COM.example:/done?x=1"), true},
        {SI("com.example:/done"), SI("com.example:/done/x"), false},
        {SI("com.example:/done"), SI("com.example.evil:/done"), false},
        {SI("com.example:/done"), SI("https://com.example/done"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str pattern;
        Str uri;

        T_OK(redirect_pattern_parse(t_cx(), rows[i].pattern, &pattern));
        T_OK(redirect_parse(t_cx(), rows[i].uri, &uri));
        if (redirect_matches(uri, pattern) != rows[i].matches) {
            T_STR(rows[i].uri, rows[i].pattern);
        }
    }
}

TEST(test_redirect_with_keeps_the_query)
{
    static const struct {
        Str uri;
        Str want;
    } rows[] = {
        {SI("https://h/cb"), SI("https://h/cb?success=1")},
        {SI("https://h/cb?"), SI("https://h/cb?success=1")},
        {SI("https://h/cb?x=1"), SI("https://h/cb?x=1&success=1")},
        {SI("https://h/cb?x=1&"), SI("https://h/cb?x=1&success=1")},
        {SI("https://h/cb?x=?"), SI("https://h/cb?x=?&success=1")},
        {SI("https://h/cb??"), SI("https://h/cb??&success=1")},
        {SI("https://h/cb?x=1;"), SI("https://h/cb?x=1;&success=1")},
        {SI("com.example:/done"), SI("com.example:/done?success=1")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(redirect_with(&t_cx()->mem, rows[i].uri, S("success=1")), rows[i].want);
    }
}

T_MAIN(
    T(test_redirect_parse_keeps_what_is_well_formed),
    T(test_redirect_parse_resolves_dot_segments),
    T(test_redirect_parse_refuses_and_says_what_to_change),
    T(test_redirect_parse_takes_512_bytes_and_no_more),
    T(test_redirect_pattern_parse_gives_the_normal_form),
    T(test_redirect_matches_compares_part_by_part), T(test_redirect_with_keeps_the_query))
