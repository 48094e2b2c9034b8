/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "http/url.h"

enum { NEITHER = -1, JSON, XML };

static const Str offers[] = {SI("application/json"), SI("application/xml")};

static void check(const Str *accepts, size_t n, int want)
{
    for (size_t i = 0; i < n; i++) {
        int got = accept_choose(accepts[i], offers, COUNT(offers));

        if (got != want) {
            print_error("'%.*s'\n", (int)accepts[i].n, accepts[i].p);
        }
        T_INT(got, want);
    }
}

static void test_accept_choose_gives_the_first_offer(void **state)
{
    static const Str accepts[] = {
        /* all are allowed */
        SI(""),
        SI("  \t"),
        SI("*/*"),
        SI("application/*"),
        SI("text/html, */*"),
        /* only it is allowed */
        SI("application/json"),
        SI("APPLICATION/Json"),
        SI("application/json;q=0.001"),
        /* a tie, whatever the order */
        SI("application/xml, application/json"),
        SI("application/xml;q=0.5, application/json;q=0.5"),
        SI("application/xml;q=1., application/json;q=1.000"),
        /* the best quality */
        SI("application/json;q=0.9,*/*;q=0.8"),
        SI("application/json; Q=0.4 ,application/xml;q=0.3"),
        SI("application/xml;q=0.998, application/json;q=0.999"),
        /* of two equally specific ranges the highest */
        SI("application/json;q=0.1, application/json;q=0.9, application/xml;q=0.5"),
        SI("application/json;q=0.9, application/json;q=0.1, application/xml;q=0.5"),
        SI("application/json;q=0, application/json"),
        /* a charset that all our answers have */
        SI("application/json;charset=utf-8"),
        SI("*/*;charset=utf-8;q=0.1, application/*;q=0.5, application/xml;q=0.2"),
    };

    (void)state;
    check(accepts, COUNT(accepts), JSON);
}

static void test_accept_choose_gives_the_second_offer(void **state)
{
    static const Str accepts[] = {
        SI("application/xml"),
        SI("Application/XML"),
        SI("application/json;q=0.5, application/xml"),
        SI("application/json;q=0.5, application/xml;q=0.501"),
        SI("application/json;q=0.,application/xml"),
        SI("text/html,application/xml;q=0.9,*/*;q=0.8"), /* a browser */
        /* zero forbids */
        SI("application/json;q=0, */*"),
        SI("*/*, application/json;q=0.000"),
        SI("application/*;q=0, application/xml"),
        /* the most specific range decides, not the highest */
        SI("application/json;q=0.1, */*;q=0.5"),
        SI("application/json;q=0.1, application/*;q=0.5"),
        SI("*/*;q=0.1, application/*;q=0, application/xml"),
        SI("application/json;charset=utf-8;q=0.1, application/json, "
           "application/xml;q=0.5"),
        /* parameters */
        SI("application/xml; Charset=\"UTF-8\""),
        SI("application/json;version=2, application/xml"),
        SI("application/json;q=0.5;ext=1, application/xml;q=0.1"),
        /* white space and empty elements */
        SI(" application/xml\t;\tq=1 "),
        SI(",, ,application/xml, ,"),
        SI("application/xml;"),
        SI("application/xml; ; ;q=0.5;"),
        /* what is malformed is not there */
        SI("application/json;q=2, application/xml;q=0.1"),
        SI("*, application/xml;q=0.1"),
        SI("\xFF\0, application/xml"),
    };

    (void)state;
    check(accepts, COUNT(accepts), XML);
}

static void test_accept_choose_gives_neither_offer(void **state)
{
    static const Str accepts[] = {
        SI("text/xml"),
        SI("text/json"),
        SI("text/*"),
        SI("application/xhtml+xml"),
        SI("application/problem+json"),
        SI("application/jso"),
        SI("application/jsonx"),
        SI("application/j*"),
        SI("application/json;q=0"),
        SI("*/*;q=0"),
        SI("application/*;q=0, */*"),
        /* parameters that no answer has */
        SI("application/json;charset=latin1"),
        SI("application/json;charset=\"utf-8 \""),
        SI("application/json;version=2"),
        SI("*/*;version=2"),
        SI("application/json;a=\",application/xml,\""),
        SI("application/json;a=\"\\\",application/xml,\""),
    };

    (void)state;
    check(accepts, COUNT(accepts), NEITHER);
}

static void test_accept_choose_gives_neither_when_all_is_malformed(void **state)
{
    static const Str accepts[] = {
        SI(","),
        SI("json"),
        SI("/"),
        SI("*"),
        SI("*/json"),
        SI("application/"),
        SI("application /json"),
        SI("application/json/xml"),
        SI("application/json xml"),
        SI("application/json;q"),
        SI("application/json;q="),
        SI("application/json;q=2"),
        SI("application/json;q=1.001"),
        SI("application/json;q=0.1234"),
        SI("application/json;q=.5"),
        SI("application/json;q=0,5"),
        SI("application/json;q=-1"),
        SI("application/json;q=00"),
        SI("application/json;q=0.-1"),
        SI("application/json;q=\"1\""),
        SI("application/json;q=0.5;q=0.6"),
        SI("application/json;q =1"),
        SI("application/json;=1"),
        SI("application/json;a=\"b"),
        SI("application/json;a=\"b\\"),
    };

    (void)state;
    check(accepts, COUNT(accepts), NEITHER);
}

static void test_accept_choose_without_offers_finds_none(void **state)
{
    (void)state;
    T_INT(accept_choose(S(""), offers, 0), NEITHER);
    T_INT(accept_choose(S("*/*"), offers, 0), NEITHER);
}

T_MAIN(
    T(test_accept_choose_gives_the_first_offer),
    T(test_accept_choose_gives_the_second_offer),
    T(test_accept_choose_gives_neither_offer),
    T(test_accept_choose_gives_neither_when_all_is_malformed),
    T(test_accept_choose_without_offers_finds_none))
