/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c - reads X-Forwarded-For from its right end, as far as trusted proxies wrote
 * it.
 */
#include "serve/client.h"

/* Cuts the last item off a list with commas, and returns it. */
static Str list_cut_last(Str *list)
{
    size_t at = list->n;

    while (at > 0 && list->p[at - 1] != ',') {
        at--;
    }
    Str last = str_trim(str_sub(*list, at, list->n));

    *list = str_sub(*list, 0, at == 0 ? 0 : at - 1);
    return last;
}

/* The address of an item that may have a port, brackets and quotes around it, as some
 * proxies write them: 192.0.2.7:1234, "[2001:db8::1]:80" (RFC 7239 §6). */
static Str item_address(Str item)
{
    size_t at;
    size_t next;

    if (item.n >= 2 && str_starts(item, S("\"")) && str_ends(item, S("\""))) {
        item = str_sub(item, 1, item.n - 1);
    }
    if (str_starts(item, S("[")) && str_find(item, ']', &at)) {
        Str port = str_sub(item, at + 1, item.n);

        return port.n == 0 || str_starts(port, S(":")) ? str_sub(item, 1, at) : item;
    }
    bool has_port =
        str_find(item, ':', &at) && !str_find(str_sub(item, at + 1, item.n), ':', &next);

    return has_port ? str_sub(item, 0, at) : item;
}

/* Follows one list from *client on. Returns false at the first address that no trusted
 * proxy wrote. */
static bool client_walk(const struct network_list *trusted, Str list, Str *client)
{
    unsigned char bits[NETWORK_ADDRESS_BYTES];

    while (list.n > 0) {
        Str before = item_address(list_cut_last(&list));

        if (!networks_have(trusted, *client) || !network_address(before, bits)) {
            return false;
        }
        *client = before;
    }
    return true;
}

Str client_address(const struct network_list *trusted, const struct http_request *req)
{
    Str client = req->peer;
    bool goes_on = trusted->n > 0;

    for (size_t i = req->n_headers; goes_on && i > 0; i--) {
        const struct http_header *h = &req->headers[i - 1];

        if (str_eq_nocase(h->name, S("X-Forwarded-For"))) {
            goes_on = client_walk(trusted, h->value, &client);
        }
    }
    return client;
}
