/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources_private.h - inside sources/ only: the rows of the table of sources, and what
 * the sources' own files share.
 */
#pragma once

#include "base/json.h"
#include "sources/source.h"

/* A source's code stands here, because `source_codes` can be made of constants only. */
#define GOOGLE_CODE    "GOOG"
#define MICROSOFT_CODE "MSFT"

extern const struct source source_google, source_microsoft;
extern const struct calendar_api google_calendars, microsoft_calendars;
extern const struct event_api google_events, microsoft_events;
extern const struct channel_api google_channels, microsoft_channels;
extern const struct detail_words google_details, microsoft_details;
extern const struct write_api google_writes, microsoft_writes;

/* The reason that the body of an error gives; empty: none. */
Str google_error_reason(const json_t *body);
Str microsoft_error_reason(const json_t *body);
/* The zone of the person who made an event; empty: not said, or UTC. */
Str microsoft_zone(const json_t *item);

/* How a copy's key (EVENT_COPY_KEY_BYTES) stands in it, as `copy_key` of the source's
 * struct event_words reads it: Google, an event's id. */
Str google_copy_id(struct arena *mem, Str key);
/* Microsoft, an event's transactionId: the key's digits are at its end. */
Str microsoft_copy_transaction(struct arena *mem, Str key);

/* True if a scope in `granted` counts as `needed`. */
bool source_scope_is_granted(const struct source *source, Str granted, Str needed);
/* True if one in `granted` counts as any of `scopes`. */
bool source_scope_is_among(
    const struct source *source, Str granted, const Str *scopes, size_t n);
/* Sets what the configuration left empty. */
void source_default(Str *setting, Str value);
/* The first of both that is given and has at most LIMIT_USERNAME_BYTES, else `subject`.
 */
Str source_username(Str first, Str second, Str subject);
/* 8-4-4-4-12 hexadecimal digits. */
bool source_guid_is_valid(Str s);
/* True if a source can have given this id of something that has at most `most` bytes: a
 * text with U+FFFD was mended. */
bool source_id_is_valid(Str id, size_t most);
/* The same, and a path can carry it. */
bool source_id_fits_path(Str id, size_t most);
/* Cuts UTF-8 at a character's end. */
Str source_text_cut(Str s, size_t most);
