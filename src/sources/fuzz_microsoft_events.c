/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_microsoft_events.c - any body as Microsoft's answer about events: as a page, as an
 * error.
 */
#include "sources/fuzz_events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_events(
        SOURCE_MICROSOFT, S("https://graph.microsoft.com/v1.0"),
        (Str){(const char *)data, size});
}
