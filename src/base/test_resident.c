/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/resident.h"
#include "base/testing.h"

/* The resident pages of files, in kB. */
static long resident_kb(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long kb = -1;

    T_TRUE(status != NULL);
    while (fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "RssFile:", strlen("RssFile:")) == 0) {
            kb = strtol(line + strlen("RssFile:"), NULL, 10);
        }
    }
    (void)fclose(status);
    return kb;
}

TEST(test_resident_trim_gives_back_what_still_works)
{
    CLEANUP(j_done) json_t *j = NULL;
    long before = resident_kb();

    resident_trim();
    T_TRUE(before < 0 || resident_kb() < before);
    T_OK(j_parse(t_cx(), S("{\"a\":[1]}"), 2, &j)); /* another library's code */
}

T_MAIN(T(test_resident_trim_gives_back_what_still_works))
