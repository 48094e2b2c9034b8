/* SPDX-License-Identifier: Apache-2.0 */
#include "base/testing.h"
#include "http/accept.h"

enum { NEITHER = -1, JSON, XML };

static const Str offers[] = {SI("application/json"), SI("application/xml")};

static void accepts_are_chosen(const Str *accepts, size_t n, int want)
{
    for (size_t i = 0; i < n; i++) {
        int got = accept_choose(accepts[i], offers, COUNT(offers));

        if (got != want) {
            print_error("'%.*s'\n", STR_ARG(accepts[i]));
        }
        T_INT(got, want);
    }
}

TEST(test_accept_choose_gives_the_first_offer)
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
    };

    accepts_are_chosen(accepts, COUNT(accepts), JSON);
}

TEST(test_accept_choose_gives_the_second_offer)
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
        /* white space and empty elements */
        SI(" application/xml\t;\tq=1 "),
        SI(",, ,application/xml, ,"),
        SI("application/xml;"),
        SI("application/xml; ; ;q=0.5;"),
        /* an unreadable range is skipped */
        SI("json, application/xml;q=0.1"),
        SI("*/json, application/xml;q=0.1"),
        SI("application/, /, application/xml;q=0.1"),
        SI("\xFF\0, application/xml"),
    };

    accepts_are_chosen(accepts, COUNT(accepts), XML);
}

TEST(test_accept_choose_gives_neither_offer)
{
    static const Str accepts[] = {
        SI("text/xml"),
        SI("text/json"),
        SI("text/*"),
        SI("image/png"),
        SI("json, text/html"),
        SI("application/xhtml+xml"),
        SI("application/problem+json"),
        SI("application/jso"),
        SI("application/jsonx"),
        SI("application/j*"),
        SI("application/json;q=0"),
        SI("application/json;q=0,5"),
        SI("*/*;q=0"),
        SI("*;q=0"),
        SI("application/*;q=0, */*"),
        SI("text/html;a=\",application/xml,\""),
        SI("text/html;a=\"\\\",application/xml,\""),
        SI("text/html;a=\"b, application/xml"),
    };

    accepts_are_chosen(accepts, COUNT(accepts), NEITHER);
}

/* HttpURLConnection sends this when its program sets none: Java 8, 11, 17 up to 17.0.12.
 */
#define JAVA "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"

TEST(test_accept_choose_is_kind_to_odd_ranges)
{
    static const struct {
        Str accept;
        int want;
    } rows[] = {
        {SI(JAVA), JSON},
        {SI("*"), JSON},
        {SI("*;q=1, application/json;q=0"), XML},
        {SI("*/*; q=.2"), JSON},
        {SI("application/json;q=.1, application/xml;q=.2"), XML},
        {SI("application/json;q=.2, application/xml;q=.1"), JSON},
        {SI("application/json;q=1.0000"), JSON},
        {SI("application/json;q=0.12345, application/xml;q=0.123"), JSON},
        {SI("application/json;q=0.1234, application/xml;q=0.124"), XML},
        {SI("application/json;q=0.0009"), NEITHER},
        {SI("application/json;q=00.5, application/xml;q=00.6"), XML},
        {SI("application/json;q=\"0.1\", application/xml;q=\"0.2\""), XML},
        {SI("application/json;q = 0.1, application/xml;q= 0.2"), XML},
        /* more than 1 is 1 */
        {SI("application/json, application/xml;q=9.9"), JSON},
        {SI("application/json;q=0.9, application/xml;q=01"), XML},
        /* an unreadable weight is 1 */
        {SI("application/json;q=, application/xml;q=0.9"), JSON},
        {SI("application/json;q, application/xml;q=0.9"), JSON},
        {SI("application/json;q=., application/xml;q=0.9"), JSON},
        {SI("application/json;q=-1, application/xml;q=0.9"), JSON},
        {SI("application/json;q=0.-1, application/xml;q=0.9"), JSON},
        {SI("application/json;q=high, application/xml;q=0.9"), JSON},
        {SI("application/json;q=\", application/xml;q=0.9"), JSON},
        /* the first weight counts */
        {SI("application/json;q=0.5;q=0.9, application/xml;q=0.6"), XML},
        /* parameters don't count, of whatever form */
        {SI("application/json;version=2"), JSON},
        {SI("application/json;charset=latin1"), JSON},
        {SI("application/xml;charset=\"UTF-8\""), XML},
        {SI("application/json;odata.metadata=minimal;q=0.1, application/xml;q=0.2"), XML},
        {SI("application/json;q=0.3;ext=1, application/xml;q=0.2"), JSON},
        {SI("application/json;=1"), JSON},
        {SI("application/xml;a=\"b"), XML},
        {SI("application/xml;a=\"b\\"), XML},
        {SI("*/*;version=2"), JSON},
        {SI("application/json;a=\";q=0\""), JSON},
        /* a header that says nothing allows all */
        {SI(","), JSON},
        {SI("json"), JSON},
        {SI("/"), JSON},
        {SI("*/json"), JSON},
        {SI("application/"), JSON},
        {SI("application /json"), JSON},
        {SI("application/json/xml"), JSON},
        {SI("application/json xml"), JSON},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        accepts_are_chosen(&rows[i].accept, 1, rows[i].want);
    }
}

TEST(test_accept_choose_without_offers_finds_none)
{
    T_INT(accept_choose(S(""), offers, 0), NEITHER);
    T_INT(accept_choose(S("*/*"), offers, 0), NEITHER);
}

static const Str languages[] = {SI("en"), SI("de"), SI("fr")};

TEST(test_accept_choose_language_goes_by_quality_then_by_order)
{
    enum { EN, DE, FR };

    static const struct {
        Str accept;
        size_t want;
    } rows[] = {
        {SI(""), EN},
        {SI("de"), DE},
        {SI("DE"), DE},
        {SI("de-AT"), DE},
        {SI("de-AT, fr;q=0.9"), DE},
        {SI("zh-Hant-TW, fr-CA;q=0.1"), FR},
        {SI("fr;q=0.8,de-CH;q=0.9,en;q=0.7"), DE},
        {SI("fr, de"), FR},
        {SI("fr;q=0.5, de;q=0.5"), FR},
        {SI("ja, ko"), EN},
        {SI("de;q=0"), EN},
        {SI("de;q=0, fr;q=0.001"), FR},
        {SI("*"), EN},
        {SI("*, de;q=0.5"), EN},
        {SI("*, de"), DE},
        {SI("en;q=0.1, *;q=0.5"), DE}, /* the first that isn't named */
        {SI("en;q=0, de;q=0, *"), FR},
        {SI("en, de, fr, *;q=0.9"), EN},
        {SI("den, deu"), EN},
        {SI(" , ;q=1, de ; q=0.3 "), DE},
        {SI("-de, fr"), FR},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_INT(
            accept_choose_language(rows[i].accept, languages, COUNT(languages)),
            rows[i].want);
    }
}

T_MAIN(
    T(test_accept_choose_gives_the_first_offer),
    T(test_accept_choose_gives_the_second_offer),
    T(test_accept_choose_gives_neither_offer),
    T(test_accept_choose_is_kind_to_odd_ranges),
    T(test_accept_choose_without_offers_finds_none),
    T(test_accept_choose_language_goes_by_quality_then_by_order))
