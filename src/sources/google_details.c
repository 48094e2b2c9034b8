/* SPDX-License-Identifier: Apache-2.0 */
/*
 * google_details.c - the events of Google's Calendar API v3 in full: their members and
 * words, as data (docs/sources.md G23).
 */
#include "base/cx.h"
#include "base/limits.h"
#include "sources/detail_item.h"
#include "sources/sources_private.h"

/* An event that lasts all day has none of its own. */
static Str google_zone(const json_t *item)
{
    Str zone = S("");

    (void)j_text(json_object_get(item, "start"), "timeZone", &zone);
    return zone;
}

#define AT(member) offsetof(struct event_detail, member)

static const struct detail_field google_details_fields[] = {
    {NULL, "created", DETAIL_TIME, 0, AT(created_s)},
    {NULL, "updated", DETAIL_TIME, 0, AT(updated_s)},
    {NULL, "summary", DETAIL_TEXT, LIMIT_EVENT_NAME_BYTES, AT(title)},
    {NULL, "description", DETAIL_TEXT, LIMIT_EVENT_TEXT_BYTES, AT(description)},
    {NULL, "location", DETAIL_TEXT, LIMIT_EVENT_NAME_BYTES, AT(location_name)},
    {NULL, "etag", DETAIL_MARK, LIMIT_EVENT_NAME_BYTES, AT(etag)},
    {NULL, "htmlLink", DETAIL_LINK, LIMIT_EVENT_LINK_BYTES, AT(link)},
};

static const struct detail_choice google_details_statuses[] = {
    {"status", SI(""), EVENT_CONFIRMED},
    {"status", SI("confirmed"), EVENT_CONFIRMED},
    {"status", SI("tentative"), EVENT_TENTATIVE},
    {"status", SI("cancelled"), EVENT_CANCELLED},
};

static const struct detail_choice google_details_visibilities[] = {
    {"visibility", SI(""), EVENT_DEFAULT},
    {"visibility", SI("default"), EVENT_DEFAULT},
    {"visibility", SI("public"), EVENT_PUBLIC},
    {"visibility", SI("private"), EVENT_PRIVATE},
    {"visibility", SI("confidential"), EVENT_PRIVATE},
};

const struct detail_words google_details = {
    .fields = google_details_fields,
    .n_fields = COUNT(google_details_fields),
    .statuses = google_details_statuses,
    .n_statuses = COUNT(google_details_statuses),
    .other_status = EVENT_STATUS_UNKNOWN,
    .visibilities = google_details_visibilities,
    .n_visibilities = COUNT(google_details_visibilities),
    .other_visibility = EVENT_VISIBILITY_UNKNOWN,
    .zone = google_zone,
};
