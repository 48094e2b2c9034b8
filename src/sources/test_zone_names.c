/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/testing.h"
#include "base/zone.h"
#include "sources/windows_zones.h"
#include "sources/zone_names.h"

TEST(test_zone_names_iana_maps_windows_names)
{
    static const struct {
        Str name;
        Str want;
    } rows[] = {
        {SI("W. Europe Standard Time"), SI("Europe/Berlin")},
        {SI("Pacific Standard Time"), SI("America/Los_Angeles")},
        {SI("India Standard Time"), SI("Asia/Calcutta")},
        {SI("UTC"), SI("Etc/UTC")},
        {SI("UTC-11"), SI("Etc/GMT+11")},
        {SI("Europe/Berlin"), SI("Europe/Berlin")},
        {SI("America/Argentina/Buenos_Aires"), SI("America/Argentina/Buenos_Aires")},
        {SI("pacific standard time, more less"), SI("")},
        {SI("tzone://Microsoft/Custom"), SI("")},
        {SI("Customized Time Zone"), SI("")},
        {SI("Zeit von M\xC3\xBCnchen"), SI("")},
        {SI("\xFF"), SI("")},
        {SI("Europe"), SI("")},
        {SI(""), SI("")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(zone_names_iana(rows[i].name), rows[i].want);
    }
}

TEST(test_every_name_of_windows_is_found)
{
    T_TRUE(windows_zone_count > 100);
    for (size_t i = 0; i < windows_zone_count; i++) {
        Str iana = zone_names_iana(windows_zones[i].windows);

        T_STR(iana, windows_zones[i].iana);
        T_TRUE(zone_name_is_valid(iana));
        T_STR(zone_names_iana(iana), iana);
        T_TRUE(
            i == 0
            || str_cmp(windows_zones[i - 1].windows, windows_zones[i].windows) < 0);
    }
}

TEST(test_zone_names_iana_has_a_limit)
{
    char name[LIMIT_TIME_ZONE_BYTES + 1];

    for (size_t i = 0; i < sizeof(name); i++) {
        name[i] = i == 1 ? '/' : 'A';
    }
    T_INT(zone_names_iana((Str){name, LIMIT_TIME_ZONE_BYTES}).n, LIMIT_TIME_ZONE_BYTES);
    T_INT(zone_names_iana((Str){name, sizeof(name)}).n, 0);
    T_TRUE(!zone_name_is_valid((Str){name, sizeof(name)}));
}

T_MAIN(
    T(test_zone_names_iana_maps_windows_names), T(test_every_name_of_windows_is_found),
    T(test_zone_names_iana_has_a_limit))
