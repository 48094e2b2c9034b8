/* SPDX-License-Identifier: Apache-2.0 */
#include "http/test_body.h"

#include "base/limits.h"

#define FORM "application/x-www-form-urlencoded"

/* Judges two header fields; an empty one counts as absent. */
static Res media_of(
    struct http_header a, struct http_header b, bool has_body, struct body_media *ret)
{
    const struct http_header headers[] = {a, b};
    const struct http_request req = {
        .headers = headers,
        .n_headers = COUNT(headers),
        .has_body = has_body,
        .body = has_body ? S("x") : S("")};

    *ret = (struct body_media){BODY_FORM, S("untouched")};
    return body_media(t_cx(), &req, ret);
}

static struct http_header header_of(Str name, Str value)
{
    return (struct http_header){name, value};
}

static Res media_of_type(Str type, bool has_body, struct body_media *ret)
{
    return media_of(
        header_of(S("content-type"), type), header_of(S("Content-Encoding"), S("")),
        has_body, ret);
}

TEST(test_body_media_knows_three_types)
{
    static const struct {
        Str value;
        enum body_type type;
        Str boundary;
    } rows[] = {
        {SI("application/json"), BODY_JSON, SI("")},
        {SI("Application/JSON"), BODY_JSON, SI("")},
        {SI("application/json;charset=utf-8"), BODY_JSON, SI("")},
        {SI("application/json ; Charset=\"UTF-8\" ;"), BODY_JSON, SI("")},
        {SI("application/json; charset=utf8"), BODY_JSON, SI("")},
        {SI("application/json; charset=us-ascii"), BODY_JSON, SI("")},
        {SI(FORM "; charset=\"ISO-8859-1\""), BODY_FORM, SI("")},
        {SI("application/json; x=\"a;b\\\"c\"; y=z"), BODY_JSON, SI("")},
        {SI(FORM), BODY_FORM, SI("")},
        {SI(FORM "; charset=UTF-8"), BODY_FORM, SI("")},
        {SI("multipart/form-data; boundary=b"), BODY_MULTIPART, SI("b")},
        {SI("multipart/form-data;Boundary=\"b c\\d\""), BODY_MULTIPART, SI("b cd")},
        {SI("multipart/form-data"), BODY_MULTIPART, SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct body_media media;

        for (int has_body = 0; has_body <= 1; has_body++) {
            T_OK(media_of_type(rows[i].value, has_body, &media));
            T_INT(media.type, rows[i].type);
            T_STR(media.boundary, rows[i].boundary);
        }
    }
}

TEST(test_body_media_refuses_other_types_of_a_body)
{
    static const Str types[] = {
        SI("text/plain"),
        SI("text/json"),
        SI("application/xml"),
        SI("application/merge-patch+json"),
        SI("multipart/mixed; boundary=b"),
        SI("application/*"),
        SI(""),
    };

    for (size_t i = 0; i < COUNT(types); i++) {
        struct body_media media;

        T_FAIL(FAIL_UNSUPPORTED_MEDIA_TYPE, media_of_type(types[i], true, &media));
        T_STR(media.boundary, S("untouched"));
        T_OK(media_of_type(types[i], false, &media));
        T_INT(media.type, BODY_NONE);
    }
}

/* A chunked body may have no bytes, and a body that is too large is not read. */
TEST(test_body_media_of_a_body_without_bytes)
{
    struct http_request req = {.has_body = true, .body = S("")};
    struct body_media media;

    T_OK(body_media(t_cx(), &req, &media));
    T_INT(media.type, BODY_NONE);
    req.body_too_large = true;
    T_FAIL(FAIL_UNSUPPORTED_MEDIA_TYPE, body_media(t_cx(), &req, &media));
}

TEST(test_body_media_refuses_charsets_and_what_is_malformed)
{
    static const Str types[] = {
        SI("application/json; charset=windows-1252"),
        SI("application/json; charset=\"utf-16\""),
        SI("application/json; charset=utf-8; CHARSET=x"),
        SI(FORM ";charset=iso-8859-15"),
        SI("text/plain; charset=utf-16"),
        SI("json"),
        SI("application/"),
        SI("application/json charset=utf-8"),
        SI("application/json; charset"),
        SI("application/json; charset="),
        SI("application/json; charset = utf-8"),
        SI("application/json; charset=\"utf-8"),
        SI("application/json, text/plain"),
        SI("multipart/form-data; boundary=b; boundary=b"),
    };

    for (size_t i = 0; i < COUNT(types); i++) {
        struct body_media media;

        for (int has_body = 0; has_body <= 1; has_body++) {
            T_FAIL(
                FAIL_UNSUPPORTED_MEDIA_TYPE, media_of_type(types[i], has_body, &media));
            T_STR(media.boundary, S("untouched"));
        }
    }
}

/* A body that is too large wasn't read: its bytes are unknown, and its size is refused.
 */
TEST(test_body_media_takes_a_label_of_ascii_where_all_is_ascii)
{
    const struct http_header type =
        header_of(S("Content-Type"), S("application/json;charset=iso-8859-1"));

    static const struct {
        Str body;
        bool is_too_large;
        enum fail want;
    } rows[] = {
        {SI("{\"a\":\"\x7F\"}"), false, FAIL_NONE},
        {SI("{\"a\":\"\xE9\"}"), false, FAIL_UNSUPPORTED_MEDIA_TYPE},
        {SI("{\"a\":\"\xC3\xA9\"}"), false, FAIL_UNSUPPORTED_MEDIA_TYPE},
        {SI(""), true, FAIL_NONE},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct http_request req = {
            .headers = &type,
            .n_headers = 1,
            .has_body = true,
            .body = rows[i].body,
            .body_too_large = rows[i].is_too_large};
        struct body_media media;

        T_FAIL(rows[i].want, body_media(t_cx(), &req, &media));
    }
}

TEST(test_body_media_refuses_two_types_and_any_encoding)
{
    const struct http_header json = header_of(S("Content-Type"), S("application/json"));
    static const Str codings[] = {SI("gzip"), SI("identity"), SI("x")};
    struct body_media media;

    T_FAIL(FAIL_UNSUPPORTED_MEDIA_TYPE, media_of(json, json, true, &media));
    T_OK(media_of(json, header_of(S("Content-Type"), S("")), true, &media));
    for (size_t i = 0; i < COUNT(codings); i++) {
        const struct http_header coding = header_of(S("content-encoding"), codings[i]);
        const struct http_header none = header_of(S(""), S(""));

        T_FAIL(FAIL_UNSUPPORTED_MEDIA_TYPE, media_of(json, coding, true, &media));
        T_FAIL(FAIL_UNSUPPORTED_MEDIA_TYPE, media_of(none, coding, false, &media));
        T_STR(media.boundary, S("untouched"));
    }
}

TEST(test_body_read_without_a_type_has_no_fields)
{
    static const struct body_row row = ROW("", "");

    body_check_takes(BODY_NONE, &row, 1);
}

#define DISPOSITION "--b\r\nContent-Disposition: form-data; name="

/* The last one is called "last". */
static Str body_of_fields(enum body_type type, int count)
{
    static const Str before[] = {
        [BODY_JSON] = SI("\"f"),
        [BODY_FORM] = SI("f"),
        [BODY_MULTIPART] = SI(DISPOSITION)};
    static const Str after[] = {
        [BODY_JSON] = SI("\":\"\","),
        [BODY_FORM] = SI("&"),
        [BODY_MULTIPART] = SI("\r\n\r\n\r\n")};
    static const Str end[] = {
        [BODY_JSON] = SI("\"last\":1}"),
        [BODY_FORM] = SI("last=1"),
        [BODY_MULTIPART] = SI(DISPOSITION "last\r\n\r\n\r\n--b--")};
    struct buf b = {.mem = &t_cx()->mem, .max = 1024 * 1024};

    buf_add(&b, type == BODY_JSON ? S("{") : S(""));
    for (int i = 1; i < count; i++) {
        buf_add(&b, before[type]);
        buf_add_int(&b, i);
        buf_add(&b, after[type]);
    }
    buf_add(&b, end[type]);
    return buf_text(&b);
}

TEST(test_body_read_counts_fields_up_to_the_limit)
{
    for (int type = BODY_JSON; type <= BODY_MULTIPART; type++) {
        const struct body_media media = {(enum body_type)type, SI("b")};

        for (int n = LIMIT_BODY_FIELDS; n <= LIMIT_BODY_FIELDS + 1; n++) {
            struct fields f = {0};
            bool ok = n <= LIMIT_BODY_FIELDS;

            T_FAIL(
                ok ? FAIL_NONE : FAIL_PARSE_ERROR,
                body_read(t_cx(), &media, body_of_fields(media.type, n), &f));
            T_INT(f.n, ok ? n : 0);
            T_INT(fields_find(&f, S("last")) != NULL, ok);
        }
    }
}

TEST(test_fields_find_knows_exact_names_only)
{
    static const struct field at[] = {
        {SI("a"), SI("1"), FIELD_TEXT},
        {SI("b"), SI("2"), FIELD_TEXT},
    };
    const struct fields f = {at, COUNT(at)};

    T_TRUE(fields_find(&f, S("b")) == &at[1]);
    T_TRUE(fields_find(&f, S("B")) == NULL);
    T_TRUE(fields_find(&f, S("")) == NULL);
    T_TRUE(fields_find(&(struct fields){0}, S("a")) == NULL);
}

T_MAIN(
    T(test_body_media_knows_three_types),
    T(test_body_media_refuses_other_types_of_a_body),
    T(test_body_media_of_a_body_without_bytes),
    T(test_body_media_refuses_charsets_and_what_is_malformed),
    T(test_body_media_takes_a_label_of_ascii_where_all_is_ascii),
    T(test_body_media_refuses_two_types_and_any_encoding),
    T(test_body_read_without_a_type_has_no_fields),
    T(test_body_read_counts_fields_up_to_the_limit),
    T(test_fields_find_knows_exact_names_only))
