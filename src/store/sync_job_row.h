/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sync_job_row.h - inside store/ only: a calendar with what is to be known to ask its
 * source about it.
 */
#pragma once

#include "store/calendar_reads.h"
#include "store/calendar_sync_row.h"
#include "store/providers.h"

/* The rows of calendar_sync y, of an account w. */
#define SYNC_JOB_SELECT                                                                  \
    "select s.calendar_id, s.switches, s.deleted_at, a.provider, a.mode, a.user_id,"     \
    " a.status, (select coalesce(max(f.is_on), 0) from provider_features f"              \
    " join providers p on p.id = f.provider where f.provider = a.provider"               \
    " and f.name = '" FEATURE_CALENDARS                                                  \
    "' and p.removed_at = 0), s.time_zone, " SYNC_COLUMNS                                \
    " from calendar_sync y join staff_calendar_settings s on s.id = y.settings"          \
    " join accounts a on a.id = y.account"                                               \
    " join account_work w on w.account = y.account"

enum { SYNC_JOB_FIRST = 9 };

#define SYNC_JOB_RANGES SYNC_RANGES(SYNC_JOB_FIRST)

static inline struct sync_job sync_job_read(struct arena *mem, struct db_stmt *stmt)
{
    struct sync_job job = {
        .calendar_id = db_get_text(mem, stmt, 0),
        .switches = (int)db_get_int(stmt, 1),
        .is_deleted = db_get_int(stmt, 2) != 0,
        .provider = db_get_int(stmt, 3),
        .mode = (enum mode)db_get_int(stmt, 4),
        .user = db_get_text(mem, stmt, 5),
        .is_connected = db_get_int(stmt, 6) == 1,
        .has_feature = db_get_int(stmt, 7) != 0,
        .time_zone = db_get_text(mem, stmt, 8),
        .sync = calendar_sync_read(mem, stmt, SYNC_JOB_FIRST),
    };

    job.had_digest = job.sync.image_digest.n > 0;
    return job;
}
