/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds.h - the words of the domain that every folder uses.
 */
#pragma once

/* Values are stored and sealed: never renumber. Bits, since a credential has a set. */
enum mode {
    MODE_NONE = 0,
    MODE_CUSTOMER = 1,
    MODE_PROVIDER = 2,
};

/* Values are stored and sealed: never renumber. */
enum source_id {
    SOURCE_GOOGLE = 1,
    SOURCE_MICROSOFT = 2,
};

enum { SOURCE_COUNT = 2 };
