/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept.c - which of our formats an Accept header wants (RFC 9110 §12.5.1).
 *
 * Where the RFC leaves it open: of equally specific ranges the highest quality counts, so
 * that the order of the ranges never matters.
 */
#include "http/grammar.h"
#include "http/url.h"

struct range {
    Str type;
    Str subtype;
    int quality;     /* in thousandths */
    bool is_utf8;    /* has a charset=utf-8, which all our answers are */
    bool is_foreign; /* has a parameter that none of our answers has */
};

/* "0" or "1", a point, up to three digits, at most 1. */
static bool quality_parse(Str s, int *ret)
{
    Str decimals = str_sub(s, 2, s.n);
    int quality = 0;

    if (s.n == 0 || (s.n > 1 && s.p[1] != '.') || decimals.n > 3
        || !char_is_digit((unsigned char)s.p[0])
        || !str_is_only(decimals, char_is_digit)) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        quality = quality * 10 + (i < decimals.n ? decimals.p[i] - '0' : 0);
    }
    quality += 1000 * (s.p[0] - '0');
    if (quality > 1000) {
        return false;
    }
    *ret = quality;
    return true;
}

static bool range_params(Str *rest, struct range *ret)
{
    bool has_quality = false;
    Str name, value;

    while (grammar_param(rest, &name, &value)) {
        bool is_quality = str_eq_nocase(name, S("q"));

        if (is_quality && (has_quality || !quality_parse(value, &ret->quality))) {
            return false;
        }
        if (is_quality) {
            has_quality = true;
        } else if (str_eq_nocase(name, S("charset")) && grammar_is_utf8(value)) {
            ret->is_utf8 = true;
        } else {
            ret->is_foreign = true;
        }
    }
    return rest->n == 0;
}

static bool range_parse(Str s, struct range *ret)
{
    struct range r = {.quality = 1000};

    grammar_space(&s);
    if (!grammar_media_type(&s, &r.type, &r.subtype)
        || (str_eq(r.type, S("*")) && !str_eq(r.subtype, S("*")))
        || !range_params(&s, &r)) {
        return false;
    }
    *ret = r;
    return true;
}

/* How closely a range names an offer; -1: not at all. */
static int range_specificity(const struct range *r, Str offer)
{
    size_t slash = offer.n;

    (void)str_find(offer, '/', &slash);
    if (r->is_foreign) {
        return -1;
    }
    if (str_eq(r->type, S("*"))) {
        return r->is_utf8;
    }
    if (!str_eq_nocase(r->type, str_sub(offer, 0, slash))) {
        return -1;
    }
    if (str_eq(r->subtype, S("*"))) {
        return 2 + r->is_utf8;
    }
    return str_eq_nocase(r->subtype, str_sub(offer, slash + 1, offer.n)) ? 4 + r->is_utf8
                                                                         : -1;
}

/* The next element of a list: commas inside quoted strings do not count. */
static bool next_element(Str *rest, Str *ret)
{
    bool is_quoted = false;
    size_t i = 0;

    if (rest->n == 0) {
        return false;
    }
    for (; i < rest->n && (is_quoted || rest->p[i] != ','); i++) {
        if (rest->p[i] == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted && rest->p[i] == '\\') {
            i++;
        }
    }
    *ret = str_sub(*rest, 0, i);
    *rest = str_sub(*rest, i + 1, rest->n);
    return true;
}

static int offer_quality(Str accept, Str offer)
{
    int specificity = -1;
    int quality = 0;
    struct range r;
    Str element;

    while (next_element(&accept, &element)) {
        if (!range_parse(element, &r)) {
            continue;
        }
        int s = range_specificity(&r, offer);

        if (s > specificity || (s >= 0 && s == specificity && r.quality > quality)) {
            specificity = s;
            quality = r.quality;
        }
    }
    return quality;
}

int accept_choose(Str accept, const Str *offers, size_t n)
{
    int best = -1;
    int most = 0;

    if (str_trim(accept).n == 0) {
        return n == 0 ? -1 : 0;
    }
    for (size_t i = 0; i < n; i++) {
        int quality = offer_quality(accept, offers[i]);

        if (quality > most) {
            best = (int)i;
            most = quality;
        }
    }
    return best;
}
