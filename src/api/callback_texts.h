/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callback_texts.h - what the page for people says, in each language (docs/api.md §6).
 */
#pragma once

#include "base/str.h"

/* English is the first, and what a browser gets that wants none of these. */
enum callback_language {
    LANGUAGE_EN,
    LANGUAGE_DE,
    LANGUAGE_FR,
    LANGUAGE_ES,
    LANGUAGE_IT,
    LANGUAGE_PT,
    LANGUAGE_NL,
    LANGUAGE_COUNT,
};

enum callback_text {
    TEXT_FAULT_TITLE,
    TEXT_FAULT,
    TEXT_LINK_TITLE,
    TEXT_LINK,
    TEXT_COOKIES_TITLE,
    TEXT_COOKIES,
    TEXT_COOKIES_TO_DO, /* then TEXT_GO_BACK */
    TEXT_LATER_TITLE,
    TEXT_LATER,
    TEXT_LATER_TO_DO,
    TEXT_GO_BACK,
    TEXT_GO_BACK_TO, /* "{}" stands for the application's name */
    TEXT_NUMBER,
    TEXT_COUNT,
};

/* "en", "de" and so on. */
extern const Str callback_texts_languages[LANGUAGE_COUNT];

Str callback_texts_get(enum callback_text text, enum callback_language language);
