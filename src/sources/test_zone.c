/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "base/testing.h"
#include "sources/zone.h"

static void test_zone_iana_maps_windows_names(void **state)
{
    static const struct {
        Str name;
        Str want;
    } rows[] = {
        {SI("W. Europe Standard Time"),          SI("Europe/Berlin")                 },
        {SI("Pacific Standard Time"),            SI("America/Los_Angeles")           },
        {SI("India Standard Time"),              SI("Asia/Calcutta")                 },
        {SI("UTC"),                              SI("Etc/UTC")                       },
        {SI("UTC-11"),                           SI("Etc/GMT+11")                    },
        {SI("Europe/Berlin"),                    SI("Europe/Berlin")                 },
        {SI("America/Argentina/Buenos_Aires"),   SI("America/Argentina/Buenos_Aires")},
        {SI("pacific standard time, more less"), SI("")                              },
        {SI("tzone://Microsoft/Custom"),         SI("")                              },
        {SI("Customized Time Zone"),             SI("")                              },
        {SI("Zeit von M\xC3\xBCnchen"),          SI("")                              },
        {SI("\xFF"),                             SI("")                              },
        {SI("Europe"),                           SI("")                              },
        {SI(""),                                 SI("")                              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        T_STR(zone_iana(&t_cx()->mem, rows[i].name), rows[i].want);
    }
}

static void test_zone_iana_has_a_limit(void **state)
{
    char name[LIMIT_TIME_ZONE_BYTES + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(name); i++) {
        name[i] = i == 1 ? '/' : 'a';
    }
    T_INT(
        zone_iana(&t_cx()->mem, (Str){name, LIMIT_TIME_ZONE_BYTES}).n,
        LIMIT_TIME_ZONE_BYTES);
    T_INT(zone_iana(&t_cx()->mem, (Str){name, sizeof(name)}).n, 0);
    T_TRUE(!zone_is_wellformed((Str){name, sizeof(name)}));
}

T_MAIN(T(test_zone_iana_maps_windows_names), T(test_zone_iana_has_a_limit))
