/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept.c - chooses the format of an answer by the header Accept, and its language by
 * Accept-Language (RFC 9110 §12.5).
 *
 * Kind to what clients really send: Java's `*; q=.2`, weights of any length, parameters.
 * Where the RFC leaves it open: of equally specific ranges the highest quality counts, so
 * that the order of the ranges never matters.
 */
#include "http/accept.h"

#include "http/grammar.h"

enum { QUALITY_FULL = 1000, QUALITY_DIGITS = 3 };

struct accept_range {
    Str type;
    Str subtype;
    int quality; /* in thousandths */
};

/* Cuts at the next `mark` that is in no quoted string; false when nothing is left. */
static bool accept_piece_next(Str *rest, char mark, Str *ret)
{
    bool is_quoted = false;
    size_t i = 0;

    if (rest->n == 0) {
        return false;
    }
    for (; i < rest->n && (is_quoted || rest->p[i] != mark); i++) {
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

/* Digits, a point, digits, perhaps in quotes: more than three decimals are cut, more than
 * 1 is 1. A weight that can't be read is 1. */
static int quality_read(Str s)
{
    size_t point = s.n;
    int quality = 0;

    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"') {
        s = str_trim(str_sub(s, 1, s.n - 1));
        point = s.n;
    }
    (void)str_find(s, '.', &point);
    Str whole = str_sub(s, 0, point);
    Str decimals = str_sub(s, point + 1, s.n);

    if (whole.n + decimals.n == 0 || !str_is_only(whole, char_is_digit)
        || !str_is_only(decimals, char_is_digit)) {
        return QUALITY_FULL;
    }
    for (size_t i = 0; i < whole.n; i++) {
        if (whole.p[i] != '0') {
            return QUALITY_FULL;
        }
    }
    for (size_t i = 0; i < QUALITY_DIGITS; i++) {
        quality = quality * 10 + (i < decimals.n ? decimals.p[i] - '0' : 0);
    }
    return quality;
}

/* The first weight among the parameters. The others say nothing: JSON and XML have none
 * that would make another answer. */
static int range_quality(Str params)
{
    Str param;

    while (accept_piece_next(&params, ';', &param)) {
        size_t equals;

        if (str_find(param, '=', &equals)
            && str_eq_nocase(str_trim(str_sub(param, 0, equals)), S("q"))) {
            return quality_read(str_trim(str_sub(param, equals + 1, param.n)));
        }
    }
    return QUALITY_FULL;
}

static bool range_parse(Str s, struct accept_range *ret)
{
    struct accept_range r = {.type = S("*"), .subtype = S("*")};
    Str name = S("");

    (void)accept_piece_next(&s, ';', &name);
    name = str_trim(name);
    if (!str_eq(name, S("*"))
        && (!grammar_media_type(&name, &r.type, &r.subtype) || name.n > 0
            || (str_eq(r.type, S("*")) && !str_eq(r.subtype, S("*"))))) {
        return false;
    }
    r.quality = range_quality(s);
    *ret = r;
    return true;
}

/* How closely a range names an offer; -1: not at all. */
static int range_specificity(const struct accept_range *r, Str offer)
{
    size_t slash = offer.n;

    (void)str_find(offer, '/', &slash);
    if (str_eq(r->type, S("*"))) {
        return 0;
    }
    if (!str_eq_nocase(r->type, str_sub(offer, 0, slash))) {
        return -1;
    }
    if (str_eq(r->subtype, S("*"))) {
        return 1;
    }
    return str_eq_nocase(r->subtype, str_sub(offer, slash + 1, offer.n)) ? 2 : -1;
}

/* 0: the header doesn't want it. *is_readable is set when the header has a range. */
static int offer_quality(Str accept, Str offer, bool *is_readable)
{
    int specificity = -1;
    int quality = 0;
    struct accept_range r;
    Str element;

    while (accept_piece_next(&accept, ',', &element)) {
        if (!range_parse(element, &r)) {
            continue;
        }
        int s = range_specificity(&r, offer);

        *is_readable = true;
        if (s > specificity || (s >= 0 && s == specificity && r.quality > quality)) {
            specificity = s;
            quality = r.quality;
        }
    }
    return quality;
}

int accept_choose(Str accept, const Str *offers, size_t n)
{
    bool is_readable = false;
    int best = -1;
    int most = 0;

    for (size_t i = 0; i < n; i++) {
        if (str_eq(accept, offers[i])) { /* as most programs send it */
            return (int)i;
        }
    }
    for (size_t i = 0; i < n; i++) {
        int quality = offer_quality(accept, offers[i], &is_readable);

        if (quality > most) {
            best = (int)i;
            most = quality;
        }
    }
    return n > 0 && !is_readable ? 0 : best;
}

/* Languages. */

/* Cuts off the next range: its language alone, and its weight. */
static bool language_next(Str *accept, Str *language, int *quality)
{
    Str element;
    Str tag = S("");
    size_t dash;

    if (!accept_piece_next(accept, ',', &element)) {
        return false;
    }
    (void)accept_piece_next(&element, ';', &tag);
    tag = str_trim(tag);
    dash = tag.n;
    (void)str_find(tag, '-', &dash);
    *language = str_sub(tag, 0, dash);
    *quality = range_quality(element);
    return true;
}

static bool language_is_named(Str accept, Str offer)
{
    Str language;
    int quality;

    while (language_next(&accept, &language, &quality)) {
        if (str_eq_nocase(language, offer)) {
            return true;
        }
    }
    return false;
}

static size_t language_find(Str language, const Str *offers, size_t n)
{
    size_t i = 0;

    while (i < n && !str_eq_nocase(language, offers[i])) {
        i++;
    }
    return i;
}

size_t accept_choose_language(Str accept, const Str *offers, size_t n)
{
    size_t best = 0;
    int most = 0;
    int any = 0; /* the weight of "*" */
    int quality;
    Str rest = accept;
    Str language;

    while (language_next(&rest, &language, &quality)) {
        size_t i = language_find(language, offers, n);

        if (str_eq(language, S("*")) && quality > any) {
            any = quality;
        } else if (i < n && quality > most) {
            best = i;
            most = quality;
        }
    }
    for (size_t i = 0; any > most && i < n; i++) {
        if (!language_is_named(accept, offers[i])) {
            return i;
        }
    }
    return best;
}
