/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_google_events.c - any body as Google's answer about events: as a page, as an
 * error.
 */
#include "sources/fuzz_events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_events(
        SOURCE_GOOGLE, S("https://www.googleapis.com/calendar/v3"),
        (Str){(const char *)data, size});
}
