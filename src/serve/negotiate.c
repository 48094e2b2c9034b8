/* SPDX-License-Identifier: Apache-2.0 */
/*
 * negotiate.c - the format of an answer, errors included.
 */
#include "serve/negotiate.h"

#include "base/cx.h"
#include "http/accept.h"

Str negotiate_header_list(struct arena *mem, const struct http_request *req, Str name)
{
    Str first;
    size_t n = http_header(req, name, &first);

    if (n < 2) {
        return first;
    }
    Str all = S("");

    for (size_t i = 0; i < req->n_headers; i++) {
        Str value = req->headers[i].value;

        if (value.n > 0 && str_eq_nocase(req->headers[i].name, name)) {
            all = all.n == 0 ? value : str_cat(mem, str_cat(mem, all, S(",")), value);
        }
    }
    return all;
}

static Res negotiate_by_parameter(struct call *c, Str format)
{
    if (str_eq(format, S("json"))) {
        c->format = FORMAT_IS_JSON;
        return OK;
    }
    if (str_eq(format, S("xml"))) {
        c->format = FORMAT_IS_XML;
        return OK;
    }
    return fail(c->cx, FAIL_NOT_ACCEPTABLE, "format is neither json nor xml");
}

Res negotiate_format(struct call *c)
{
    static const Str offers[] = {
        [FORMAT_IS_JSON] = SI("application/json"),
        [FORMAT_IS_XML] = SI("application/xml"),
    };
    Str format;
    size_t n = url_query_find(c->params, c->n_params, S("format"), &format);

    if (n > 1) {
        return call_field_error(
            c, S("format"), S("This parameter may be given only once."));
    }
    if (n == 1) {
        return negotiate_by_parameter(c, format);
    }
    int chosen = accept_choose(
        negotiate_header_list(&c->cx->mem, c->req, S("Accept")), offers, COUNT(offers));

    if (chosen < 0) {
        return fail(c->cx, FAIL_NOT_ACCEPTABLE, "Accept allows neither JSON nor XML");
    }
    c->format = (enum format)chosen;
    return OK;
}
