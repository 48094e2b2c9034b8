/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setopt.h - inside net/ only: a setting that this libcurl does not take is a build that
 * must not run.
 */
#pragma once

#include <curl/curl.h>

#include "base/fail.h"

#define SET(easy, option, value)                                                         \
    must_be(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)
