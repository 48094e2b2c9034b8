/* SPDX-License-Identifier: Apache-2.0 */
#include "http/test_body.h"

TEST(test_body_read_form_takes_what_clients_send)
{
    static const struct body_row rows[] = {
        ROW("", ""),
        ROW("a=b", "[a=b]"),
        ROW("a=b&c=d", "[a=b][c=d]"),
        ROW("a=&b", "[a=][b=]"),
        ROW("&a=b&&", "[a=b]"),
        ROW("a=https%3A%2F%2Fx%2F%3Fy%3D1%26z", "[a=https://x/?y=1&z]"),
        ROW("a=https://x/?y=1", "[a=https://x/?y=1]"),
        ROW("a=+b%20c%2B", "[a= b c+]"),
        ROW("a=b=c;d\r\n", "[a=b=c;d\r\n]"),
        ROW("a=%C3%A9&\xC3\xA9=1", "[a=\xC3\xA9][\xC3\xA9=1]"),
        ROW("a=%2541", "[a=%41]"),
        ROW("a=1&A=2", "[a=1][A=2]"),
        ROW("=1", "[=1]"),
    };

    body_check_takes(BODY_FORM, rows, COUNT(rows));
}

TEST(test_body_read_form_refuses_the_rest)
{
    static const Str bodies[] = {
        SI("a=%"),
        SI("a=%4"),
        SI("a=%4&b=c"),
        SI("a=%zz"),
        SI("%=a"),
        SI("a=%00"),
        SI("a=\0"),
        SI("a%00=b"),
        SI("a=\xFF"),
        SI("a=%ff"),
        SI("a=%C3&b=%A9"),
        SI("a=%C0%AF"),
        SI("%ff=a"),
        SI("a=1&a=1"),
        SI("a=1&b=2&%61=3"),
        SI("a&a"),
        SI("=1&=2"),
        SI("\xEF\xBB\xBF"
           "a=b"),
        SI("\xEF\xBB\xBF"),
    };

    body_check_refuses(BODY_FORM, bodies, COUNT(bodies));
}

T_MAIN(
    T(test_body_read_form_takes_what_clients_send),
    T(test_body_read_form_refuses_the_rest))
