/* SPDX-License-Identifier: Apache-2.0 */
/*
 * microsoft_details.c - the events of Graph v1.0 in full: their members and words, as
 * data (docs/sources.md M24, M25).
 */
#include <math.h>

#include "base/buf.h"
#include "base/cx.h"
#include "base/limits.h"
#include "sources/detail_item.h"
#include "sources/sources_private.h"

enum { MICRO = 1000000, DECIMALS = 6 };

/* Adds a part of an address, whose line breaks become spaces. */
static void address_add(struct buf *b, const json_t *address, const char *member)
{
    Str part = S("");

    (void)j_text(address, member, &part);
    part = source_text_cut(str_trim(part), LIMIT_EVENT_NAME_BYTES);
    buf_add(b, b->n > 0 && part.n > 0 ? S(", ") : S(""));
    for (size_t i = 0; i < part.n; i++) {
        bool is_control = (unsigned char)part.p[i] < ' ';

        buf_add(b, is_control ? S(" ") : str_sub(part, i, i + 1));
    }
}

static Str address_line(struct arena *mem, const json_t *address)
{
    static const char *const parts[] = {
        "street", "postalCode", "city", "state", "countryOrRegion"};
    struct buf b = {.mem = mem, .max = COUNT(parts) * (LIMIT_EVENT_NAME_BYTES + 2)};

    for (size_t i = 0; i < COUNT(parts); i++) {
        address_add(&b, address, parts[i]);
    }
    return source_text_cut(buf_text(&b), LIMIT_EVENT_NAME_BYTES);
}

static bool degrees_read(const json_t *at, const char *member, double most, double *ret)
{
    const json_t *v = json_object_get(at, member);
    double degrees = json_number_value(v);

    if (!json_is_number(v) || !(degrees >= -most && degrees <= most)) {
        return false;
    }
    *ret = degrees;
    return true;
}

static Str degrees_write(struct arena *mem, double degrees)
{
    int64_t micro = llround(fabs(degrees) * MICRO);
    struct buf b = {.mem = mem, .max = STR_INT_BYTES};
    int64_t rest = micro % MICRO;

    buf_add(&b, degrees < 0 && micro > 0 ? S("-") : S(""));
    buf_add_int(&b, micro / MICRO);
    buf_add_char(&b, '.');
    for (int64_t unit = MICRO / 10; unit > 0; unit /= 10) {
        buf_add_char(&b, (char)('0' + rest / unit % 10));
    }
    return buf_text(&b);
}

static void microsoft_place(
    struct arena *mem, const json_t *item, struct event_detail *ret)
{
    const json_t *location = json_object_get(item, "location");
    const json_t *at = json_object_get(location, "coordinates");
    double latitude, longitude;

    ret->location_address = address_line(mem, json_object_get(location, "address"));
    if (degrees_read(at, "latitude", 90, &latitude)
        && degrees_read(at, "longitude", 180, &longitude)) {
        ret->latitude = degrees_write(mem, latitude);
        ret->longitude = degrees_write(mem, longitude);
    }
}

#define AT(member) offsetof(struct event_detail, member)

static const struct detail_field microsoft_details_fields[] = {
    {NULL, "createdDateTime", DETAIL_TIME, 0, AT(created_s)},
    {NULL, "lastModifiedDateTime", DETAIL_TIME, 0, AT(updated_s)},
    {NULL, "subject", DETAIL_TEXT, LIMIT_EVENT_NAME_BYTES, AT(title)},
    {NULL, "bodyPreview", DETAIL_TEXT, LIMIT_EVENT_TEXT_BYTES, AT(description)},
    {"location", "displayName", DETAIL_TEXT, LIMIT_EVENT_NAME_BYTES, AT(location_name)},
    {NULL, "@odata.etag", DETAIL_MARK, LIMIT_EVENT_NAME_BYTES, AT(etag)},
    {NULL, "webLink", DETAIL_LINK, LIMIT_EVENT_LINK_BYTES, AT(link)},
};

static const struct detail_choice microsoft_details_statuses[] = {
    {"isCancelled", SI("true"), EVENT_CANCELLED},
    {"showAs", SI("tentative"), EVENT_TENTATIVE},
};

static const struct detail_choice microsoft_details_visibilities[] = {
    {"sensitivity", SI("normal"), EVENT_DEFAULT},
};

const struct detail_words microsoft_details = {
    .fields = microsoft_details_fields,
    .n_fields = COUNT(microsoft_details_fields),
    .statuses = microsoft_details_statuses,
    .n_statuses = COUNT(microsoft_details_statuses),
    .other_status = EVENT_CONFIRMED,
    .visibilities = microsoft_details_visibilities,
    .n_visibilities = COUNT(microsoft_details_visibilities),
    .other_visibility = EVENT_PRIVATE,
    .zone = microsoft_zone,
    .place = microsoft_place,
};
