/* SPDX-License-Identifier: Apache-2.0 */
#include "http/body_multipart.h"
#include "http/test_body.h"

/* A part's head, a body around one disposition, and one with a further header. */
#define PART(name)  "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n"
#define DISP(value) "--b\r\nContent-Disposition: " value "\r\n\r\nx\r\n--b--\r\n"
#define HEAD(line)  PART("a") line "\r\n\r\nx\r\n--b--\r\n"

TEST(test_body_read_multipart_takes_what_clients_send)
{
    static const struct body_row rows[] = {
        ROW("--b--", ""),
        ROW("--b--\r\n", ""),
        ROW(PART("a") "\r\nx\r\n--b--\r\n", "[a=x]"),
        ROW(PART("a") "\r\nx\r\n--b--", "[a=x]"),
        ROW(PART("a") "\r\nx\r\n" PART("b") "\r\n y \r\n--b--\r\n", "[a=x][b= y ]"),
        ROW(PART("a") "\r\n\r\n--b--\r\n", "[a=]"),
        ROW(PART("a") "\r\n--b--\r\n", "[a=]"), /* a part may end with its headers */
        ROW(PART("a") "\r\n\r\nx\r\n\r\n--b--\r\n", "[a=\r\nx\r\n]"),
        ROW(PART("a") "\r\nx\n--b\n--\r-b--\r\n--b--\r\n", "[a=x\n--b\n--\r-b--]"),
        ROW(PART("a") "\r\nx--b--\r\n--b--\r\n", "[a=x--b--]"),
        ROW(PART("a") "\r\n\xC3\xA9\r\n--b--\r\n", "[a=\xC3\xA9]"),
        ROW(PART("\xC3\xA9\\\"\\\\ ;") "\r\nx\r\n--b--\r\n", "[\xC3\xA9\"\\ ;=x]"),
        /* files */
        ROW(DISP("form-data; name=a; filename=\"f.txt\""), "[a: other]"),
        ROW(DISP("form-data; filename=\"\"; name=a"), "[a: other]"),
        ROW(DISP("form-data; name=a; filename*=UTF-8''f"), "[a: other]"),
        ROW("--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n"
            "Content-Type: image/png\r\n\r\n\x89PNG\0\xFF\r\n--b--",
            "[a: other]"),
        ROW("--b\r\nContent-Disposition: form-data; name=a; filename=f\r\n"
            "Content-Type: text/csv; charset=latin1\r\n\r\n\xE9\r\n--b--",
            "[a: other]"),
    };

    body_check_takes(BODY_MULTIPART, rows, COUNT(rows));
}

TEST(test_body_read_multipart_ignores_what_says_nothing)
{
    static const Str bodies[] = {
        /* before the first delimiter, behind it, and behind the last */
        SI("this is ignored\r\n" PART("a") "\r\nx\r\n--b--\r\n"),
        SI("\r\n" PART("a") "\r\nx\r\n--b--\r\nso is this\0\xFF"),
        SI(PART("a") "\r\nx\r\n--b--\r\n" PART("b")),
        SI("--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b-- \t\r\n"),
        /* in the disposition */
        SI(DISP("form-data; name=a")),
        SI(DISP("FORM-DATA ; NAME=\"a\" ;")),
        SI(DISP("form-data; x=y; name=a")),
        SI("--b\r\ncontent-disposition:form-data;name=a\r\n\r\nx\r\n--b--"),
        /* in other headers */
        SI(HEAD("Content-Type: text/plain")),
        SI(HEAD("Content-Type: text/plain; charset=\"Utf-8\"")),
        SI(HEAD("Content-Type: text/plain; charset=utf8")),
        SI(HEAD("Content-Type: text/plain; charset=US-ASCII")), /* Apache, Python */
        SI(HEAD("Content-Type: text/plain; charset=ISO-8859-1")),
        SI(HEAD("Content-Type: application/json; x=y")),
        SI(HEAD("Content-Transfer-Encoding: 8BIT")),
        SI(HEAD("Content-Transfer-Encoding: binary")),
        SI(HEAD("Content-Transfer-Encoding:7bit")),
        SI(HEAD("X-Other: \xC3\xA9 \"\r\nX-Other:")),
    };

    for (size_t i = 0; i < COUNT(bodies); i++) {
        const struct body_row row = {bodies[i], SI("[a=x]")};

        body_check_takes(BODY_MULTIPART, &row, 1);
    }
}

TEST(test_body_read_multipart_refuses_odd_delimiters)
{
    static const Str bodies[] = {
        SI(""),
        SI("--b"),
        SI("--b-"),
        SI("--b\r\n"),
        SI("\n--b--"),
        SI("x--b--"),
        SI("--c--"),
        SI("--B--"),
        SI("--b--x"),
        SI("--b--\n"),
        SI("\xEF\xBB\xBF--b--"),
        SI("\xEF\xBB\xBF\r\n--b--"),
        SI(PART("a") "\r\nx"),
        SI(PART("a") "\r\nx\r\n"),
        SI(PART("a") "\r\nx\r\n--b"),
        SI(PART("a") "\r\nx\r\n--b-"),
        SI(PART("a") "\r\nx\r\n--b\r\n"),
        SI(PART("a") "\r\nx\n--b--\n"),
        SI(PART("a") "\r\nx\r\n--bb\r\n--b--"),
        SI(PART("a") "\r\nx\r\n--b -\r\n--b--"),
        SI("--b\nContent-Disposition: form-data; name=a\n\nx\n--b--\n"),
        SI("--b\r\n--b--"),
        SI("--b\r\n\r\n--b--"),
        SI("--b\r\n--b:\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--"),
    };

    body_check_refuses(BODY_MULTIPART, bodies, COUNT(bodies));
}

TEST(test_body_read_multipart_refuses_a_part_without_one_name)
{
    static const Str bodies[] = {
        SI("--b\r\n\r\nx\r\n--b--"),
        SI("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"),
        SI(DISP("form-data")),
        SI(DISP("form-data; name")),
        SI(DISP("form-data; name=")),
        SI(DISP("form-data; name=\"\"")),
        SI(DISP("form-data; name=\"a")),
        SI(DISP("form-data; name=\"a\\")),
        SI(DISP("form-data; name=a b")),
        SI(DISP("form-data; name=\"a\"b")),
        SI(DISP("form-data; name=a; name=b")),
        SI(DISP("form-data; name=\"\"; name=b")),
        SI(DISP("form-data; name*=UTF-8''a")),
        SI(DISP("form-data; filename=f")),
        SI(DISP("form-data, name=a")),
        SI(DISP("attachment; name=a")),
        SI(DISP("; name=a")),
        SI(PART("a\0") "\r\nx\r\n--b--"),
        SI(PART("\xFF") "\r\nx\r\n--b--"),
        SI(PART("a") "\r\nx\r\n" PART("a") "\r\ny\r\n--b--"),
        SI(PART("a") "\r\nx\r\n" PART("c") "\r\nx\r\n" DISP(
            "form-data; name=a; filename=f")),
    };

    body_check_refuses(BODY_MULTIPART, bodies, COUNT(bodies));
}

TEST(test_body_read_multipart_refuses_other_headers_and_text)
{
    static const Str bodies[] = {
        SI(HEAD("Content-Disposition: form-data; name=a")),
        SI(HEAD("Content-Type: text/plain\r\nContent-Type: text/plain")),
        SI(HEAD("Content-Type: text/plain; charset=utf-16")),
        SI(PART("a") "Content-Type: text/plain; charset=latin1\r\n\r\n\xE9\r\n--b--"),
        SI(PART("a") "Content-Type: text/plain; charset=latin1\r\n\r\n\xC3\xA9\r\n--b--"),
        SI(HEAD("Content-Type: text")),
        SI(HEAD("Content-Type: text/plain; charset")),
        SI(HEAD("Content-Type:")),
        SI(HEAD("Content-Transfer-Encoding: base64")),
        SI(HEAD("Content-Transfer-Encoding: quoted-printable")),
        SI(HEAD("Content-Transfer-Encoding:")),
        SI(HEAD("Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: 7bit")),
        SI(HEAD("no colon")),
        SI(HEAD("X-Space : a")),
        SI(HEAD(" folded: a")),
        SI(HEAD("X-Folded: a\r\n b")),
        SI(HEAD(": a")),
        SI(HEAD("X-Nul: \0")),
        SI(HEAD("X-Cr: \r a")),
        SI(HEAD("X-Lf: \n a")),
        SI(HEAD("X-Latin: \xE9")),
        SI("--b\r\nContent-Disposition: form-data; name=a\r\n--b--"),
        SI("--b\r\nContent-Disposition: form-data; name=a\r\nx\r\n--b--"),
        SI(PART("a") "\r\n\0\r\n--b--"),
        SI(PART("a") "\r\n\xFF\r\n--b--"),
        SI(PART("a") "\r\n\xC3\r\n--b--"),
    };

    body_check_refuses(BODY_MULTIPART, bodies, COUNT(bodies));
}

TEST(test_body_read_multipart_checks_the_boundary)
{
    static const struct {
        Str boundary;
        bool ok;
    } rows[] = {
        {SI("b"), true},
        {SI("azAZ09'()+_,-./:=? b"), true},
        {SI("----WebKitFormBoundary7MA4YWxkTrZu0"), true},
        {SI(""), false},
        {SI("b "), false},
        {SI(" "), false},
        {SI("b\r\n"), false},
        {SI("b\0"), false},
        {SI("b;"), false},
        {SI("\xC3\xA9"), false},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        Str body = text_repeated(S("--"), rows[i].boundary, 1, S("--"));
        struct fields f = {NULL, 77};

        T_FAIL(
            rows[i].ok ? FAIL_NONE : FAIL_PARSE_ERROR,
            body_read_multipart(t_cx(), body, rows[i].boundary, &f));
        T_INT(f.n, rows[i].ok ? 0 : 77);
    }
}

TEST(test_body_read_multipart_takes_a_boundary_of_70_characters)
{
    for (size_t n = 70; n <= 71; n++) {
        Str boundary = text_repeated(S(""), S("b"), n, S(""));
        struct fields f = {NULL, 77};

        T_FAIL(
            n > 70 ? FAIL_PARSE_ERROR : FAIL_NONE,
            body_read_multipart(
                t_cx(), text_repeated(S("--"), boundary, 1, S("--")), boundary, &f));
        T_INT(f.n, n > 70 ? 77 : 0);
    }
}

T_MAIN(
    T(test_body_read_multipart_takes_what_clients_send),
    T(test_body_read_multipart_ignores_what_says_nothing),
    T(test_body_read_multipart_refuses_odd_delimiters),
    T(test_body_read_multipart_refuses_a_part_without_one_name),
    T(test_body_read_multipart_refuses_other_headers_and_text),
    T(test_body_read_multipart_checks_the_boundary),
    T(test_body_read_multipart_takes_a_boundary_of_70_characters))
