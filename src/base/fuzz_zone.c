/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_zone.c - any bytes as a zone of tzdata, and as the rule behind its table.
 *
 * A zone that is believed keeps its offsets within RFC 8536's, changes only forwards, and
 * has one midnight after another, and an instant for every local time.
 */
#include "base/clock.h"
#include "base/cx.h"
#include "base/zone.h"
#include "base/zone_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OFFSET_MOST_S = 93599, OFFSET_LEAST_S = -89999 };

static const int64_t instants[] = {
    INT64_MIN,  -ZONE_INSTANT_MOST, -2208988800,       -1,        0,
    1774746000, 4102444800,         ZONE_INSTANT_MOST, INT64_MAX,
};

static void zone_holds(const struct zone *z)
{
    for (size_t i = 0; i < COUNT(instants); i++) {
        int32_t s = zone_offset_s(z, instants[i]);

        must_be(s >= OFFSET_LEAST_S && s <= OFFSET_MOST_S);
        must_be(
            zone_next_s(z, instants[i]) > instants[i]
            || zone_next_s(z, instants[i]) > ZONE_INSTANT_MOST);
    }
    int64_t last = INT64_MIN;

    for (int day = 28; day <= 31; day++) {
        int64_t number = zone_day_number(2026, 3, day);
        int64_t at = zone_midnight_s(z, (int32_t)number);
        int64_t midnight = number * CLOCK_DAY_S;

        must_be(at >= last && at + zone_offset_s(z, at) >= midnight);
        must_be(at - 1 + zone_offset_s(z, at - 1) < midnight);
        last = at;
    }
}

static void instants_hold(const struct zone *z)
{
    for (int64_t day = zone_day_number(2026, 1, 1); day <= 20820; day++) {
        int64_t local = day * CLOCK_DAY_S + 9000;
        int64_t first = 0;
        int64_t last = 0;

        zone_instants_s(z, local, &first, &last);
        must_be(first <= last);
        must_be(first < last || first + zone_offset_s(z, first) == local);
    }
}

static void rule_holds(const struct zone_rule *r)
{
    for (size_t i = 1; i + 1 < COUNT(instants); i++) {
        int32_t s = zone_rule_offset_s(r, instants[i]);

        must_be(s == r->standard_s || s == r->daylight_s);
        must_be(zone_rule_next_s(r, instants[i]) > instants[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(cx_done) struct cx cx = {.deadline_ms = 0};
    Str bytes = {(const char *)data, size};
    struct zone *z = NULL;
    struct zone_rule r;

    if (zone_read(&cx, bytes, &z).code == FAIL_NONE) {
        zone_holds(z);
        instants_hold(z);
    }
    if (zone_rule_read(bytes, &r)) {
        rule_holds(&r);
    }
    (void)zone_name_is_valid(bytes);
    return 0;
}
