/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric_table.c - every family of metrics. A name, a label and a value that was released
 * stays: alert rules and dashboards of operators have it.
 *
 * The values of labels that another folder owns stand here again, since this one knows
 * nobody; a test of that folder compares them.
 */
#include "base/metric_table.h"

#define SECOND INT64_C(1000000)

/* clang-format off */
/* label_x_of_y: the label x, with the values that y gives it. */
#define LABEL(variable, name, ...)                                                       \
    static const Str variable##_values[] = {__VA_ARGS__};                                \
    static const struct metric_label variable = {                                        \
        SI(name), variable##_values, COUNT(variable##_values)}
#define BUCKETS(buckets, ...)                                                            \
    static const int64_t buckets##_us[] = {__VA_ARGS__};                                 \
    static const struct metric_buckets buckets = {buckets##_us, COUNT(buckets##_us)}

/* In the order of enum metric_route. */
LABEL(label_route, "route",
    SI("initiate"), SI("accounts"), SI("calendars"), SI("staff_calendar_settings"),
    SI("busy_periods"), SI("events"), SI("pushed_events"), SI("callback"), SI("notify"),
    SI("healthz"), SI("readyz"), SI("openapi"), SI("none"));
/* Those before METRIC_ROUTES_TIMED. */
LABEL(label_route_of_timing, "route",
    SI("initiate"), SI("accounts"), SI("calendars"), SI("staff_calendar_settings"),
    SI("busy_periods"), SI("events"), SI("pushed_events"), SI("callback"), SI("notify"));
/* In the order of enum method. It is the endpoint's: HEAD counts as GET, and where there is
 * no endpoint, all is other. */
LABEL(label_method, "method",
    SI("GET"), SI("HEAD"), SI("POST"), SI("PUT"), SI("PATCH"), SI("DELETE"), SI("OPTIONS"),
    SI("other"));
#define STATUSES(X) /* the commonest first */                                            \
    X(200) X(201) X(202) X(204) X(303) X(400) X(401) X(403) X(404) X(405) X(406) X(408)      \
    X(409) X(413) X(415) X(429) X(431) X(500) X(501) X(502) X(503) X(504) X(505)
#define STATUS_TEXT(status) SI(#status),
LABEL(label_status, "status", STATUSES(STATUS_TEXT) SI("other"));
/* In the order of enum metric_connection. */
LABEL(label_state_of_connection, "state", SI("idle"), SI("reading"), SI("working"), SI("writing"), SI("closing"));
LABEL(label_reason_of_limit, "reason", SI("connections"), SI("memory"), SI("files"));
/* The codes of src/api/errors.c. */
LABEL(label_code, "code",
    SI("internal_error"), SI("parameter_invalid"), SI("parse_error"),
    SI("provider_required"), SI("mode_required"), SI("malformed_request"),
    SI("not_authenticated"), SI("authentication_failed"), SI("provider_invalid"),
    SI("mode_not_allowed"), SI("permission_denied"), SI("feature_not_enabled"),
    SI("not_found"), SI("method_not_allowed"), SI("not_acceptable"),
    SI("request_timeout"), SI("conflict"), SI("payload_too_large"),
    SI("unsupported_media_type"), SI("throttled"), SI("head_too_large"),
    SI("not_implemented"), SI("calendar_source_error"), SI("unavailable"),
    SI("calendar_source_timeout"), SI("http_version_not_supported"));
/* In the order of enum metric_credential. */
LABEL(label_kind, "kind", SI("none"), SI("token"), SI("jwt"));
/* In the order of enum metric_cached. */
LABEL(label_result_of_cache, "result", SI("hit"), SI("renewed"), SI("miss"));
/* In the order of enum source_id. */
LABEL(label_source, "source", SI("google"), SI("microsoft"));
LABEL(label_source_of_revocation, "source", SI("google"));
LABEL(label_source_of_cursor, "source", SI("google"));
LABEL(label_slot, "slot", SI("client_secret"));
/* The outcomes of src/grants/outcome.c. */
LABEL(label_outcome, "outcome",
    SI("success"), SI("feature_not_enabled"), SI("source_error"), SI("source_unavailable"),
    SI("access_denied"), SI("missing_scopes"), SI("no_refresh_token"),
    SI("admin_consent_required"), SI("account_type_not_allowed"), SI("no_calendar"),
    SI("account_in_use"), SI("wrong_account"), SI("authorization_withdrawn"),
    SI("state_expired"), SI("state_invalid"), SI("code_rejected"), SI("identity_invalid"),
    SI("source_misconfigured"), SI("source_rate_limited"), SI("server_error"));
/* In the order of the pages in src/api/callback_page.c. */
LABEL(label_reason_of_page, "reason",
    SI("server_error"), SI("state_invalid"), SI("head_too_large"), SI("unavailable"));
LABEL(label_to, "to",
    SI("connected"), SI("reconnected"), SI("needs_reconnect"), SI("disconnected"));
/* Of an account, with those for which it was disconnected. */
LABEL(label_reason_of_account, "reason",
    SI("flow"), SI("refresh"), SI("application"), SI("operator"), SI("grant_revoked"),
    SI("missing_scopes"), SI("identity_invalid"), SI("grant_unreadable"), SI("other"));
LABEL(label_trigger, "trigger", SI("use"), SI("disuse"));
LABEL(label_result_of_refresh, "result",
    SI("done"), SI("refused"), SI("ended"), SI("cut"), SI("failed"));
LABEL(label_result_of_revocation, "result", SI("done"), SI("failed"), SI("given_up"));
/* In the order of enum net_operation. */
LABEL(label_operation, "operation",
    SI("exchange"), SI("refresh"), SI("revoke"), SI("keys"), SI("calendars"),
    SI("events"), SI("channel"), SI("write"));
/* In the order of enum metric_answer. */
LABEL(label_result_of_request, "result",
    SI("ok"), SI("refused"), SI("throttled"), SI("failed"), SI("timeout"), SI("away"),
    SI("unusable"));
LABEL(label_status_of_account, "status", SI("connected"), SI("needs_reconnect"));
/* In the order of enum work_pool. */
LABEL(label_lane, "lane",
    SI("store"), SI("cold"), SI("issuers"), SI("chores"), SI("keeper"), SI("notices"),
    SI("google"), SI("microsoft"), SI("sync_google"), SI("sync_microsoft"), SI("push_google"),
    SI("push_microsoft"), SI("webhooks"));
/* In the order of enum metric_worker. */
LABEL(label_state_of_worker, "state", SI("busy"), SI("idle"));
/* In the order of enum park_what. */
LABEL(label_what_of_parking, "what",
    SI("flow"), SI("person"), SI("grant"), SI("calendar"), SI("notice"));
LABEL(label_what_of_schema, "what", SI("store"), SI("known"));
/* In the order of enum metric_transaction. */
LABEL(label_result_of_transaction, "result",
    SI("committed"), SI("rolled_back"), SI("conflict"), SI("unavailable"));
/* In the order of enum metric_pool. */
LABEL(label_state_of_pool, "state", SI("lent"), SI("idle"));
LABEL(label_state_of_key, "state", SI("sealing"), SI("opening"));
LABEL(label_kind_of_sync, "kind", SI("full"), SI("increment"), SI("window"));
LABEL(label_outcome_of_sync, "outcome",
    SI("done"), SI("held"), SI("inactive"), SI("paused"), SI("cut"), SI("failed"));
LABEL(label_reason_of_full, "reason",
    SI("first"), SI("lost"), SI("scheduled"), SI("unreadable"));
LABEL(label_state_of_channel, "state", SI("push"), SI("wanted"), SI("polling"));
LABEL(label_state_of_calendar, "state",
    SI("new"), SI("live"), SI("full"), SI("paused"), SI("inactive"));
LABEL(label_outcome_of_notification, "outcome",
    SI("due"), SI("sync"), SI("forged"), SI("unknown"), SI("refused"));
/* In the order of enum copy_act, without none. */
LABEL(label_op, "op",
    SI("create"), SI("update"), SI("remove"), SI("look"), SI("skip"));
/* In the order of enum writing_outcome. */
LABEL(label_outcome_of_push, "outcome",
    SI("wrote"), SI("removed"), SI("missed"), SI("skipped"), SI("gone"), SI("taken"),
    SI("looked"), SI("cut"), SI("refused"), SI("held"), SI("blocked"), SI("failed"));
/* In the order of enum copy_status. */
LABEL(label_status_of_copy, "status",
    SI("pending"), SI("written"), SI("skipped"), SI("failed"), SI("deleted_by_person"),
    SI("removing"));
LABEL(label_complete, "complete", SI("no"), SI("yes"));
LABEL(label_fresh, "fresh", SI("no"), SI("yes"));
LABEL(label_outcome_of_attempt, "outcome",
    SI("delivered"), SI("refused"), SI("failed"), SI("gone"), SI("no_answer"));
LABEL(label_state_of_endpoint, "state", SI("enabled"), SI("disabled"));
/* Of a METRIC_INFO the values are the build's. */
LABEL(label_version, "version", SI(""));
LABEL(label_revision, "revision", SI(""));
LABEL(label_store, "store", SI(""));

BUCKETS(request_buckets, SECOND / 1000, SECOND / 200, SECOND / 40, SECOND / 10, SECOND / 2,
    SECOND * 5 / 2, 10 * SECOND);
BUCKETS(source_buckets, SECOND / 10, SECOND / 4, SECOND, SECOND * 5 / 2, 10 * SECOND);
BUCKETS(lag_buckets, SECOND, 5 * SECOND, 15 * SECOND, 60 * SECOND, 300 * SECOND, 900 * SECOND,
    3600 * SECOND);
BUCKETS(age_buckets, 300 * SECOND, 900 * SECOND, 1800 * SECOND, 3600 * SECOND, 7200 * SECOND,
    14400 * SECOND, 28800 * SECOND, 57600 * SECOND, 86400 * SECOND);
BUCKETS(flow_buckets, 5 * SECOND, 15 * SECOND, 30 * SECOND, 60 * SECOND, 120 * SECOND,
    300 * SECOND, 900 * SECOND);

const struct metric_family metric_families[METRICS] = {
    [METRIC_BUILD_INFO] = {
        SI("caldock_build_info"), METRIC_INFO,
        SI("Always 1: which build runs, and on which kind of store."),
        {&label_version, &label_revision, &label_store}},
    [METRIC_HTTP_REQUESTS] = {
        SI("caldock_http_requests_total"), METRIC_COUNTER,
        SI("Requests that were answered."), {&label_route, &label_method, &label_status}, .is_sparse = true},
    [METRIC_HTTP_DURATION] = {
        SI("caldock_http_request_duration_seconds"), METRIC_HISTOGRAM,
        SI("From the first byte of a request to its answer."), {&label_route_of_timing},
        .buckets = &request_buckets, .is_sparse = true},
    [METRIC_HTTP_CONNECTIONS] = {
        SI("caldock_http_connections"), METRIC_LEVEL,
        SI("Open connections, those of /metrics among them, by what they do."), {&label_state_of_connection}},
    [METRIC_HTTP_REFUSED] = {
        SI("caldock_http_connections_refused_total"), METRIC_COUNTER,
        SI("Connections and requests that were turned away, by the limit that was reached."),
        {&label_reason_of_limit}},
    [METRIC_ERRORS] = {
        SI("caldock_errors_total"), METRIC_COUNTER,
        SI("Answers with an error, by the code of the API."), {&label_code}, .is_sparse = true},

    [METRIC_AUTH_REFUSED] = {
        SI("caldock_auth_refused_total"), METRIC_COUNTER,
        SI("Callers that were refused, by the kind of their credential."),
        {&label_kind, &label_code}, .is_sparse = true},
    [METRIC_THROTTLED] = {
        SI("caldock_throttled_total"), METRIC_COUNTER,
        SI("Requests over the rate limit of their credential.")},
    [METRIC_AUTH_CACHE] = {
        SI("caldock_auth_cache_total"), METRIC_COUNTER,
        SI("Whether a credential and its provider were in memory."), {&label_result_of_cache}},

    [METRIC_FLOWS_STARTED] = {
        SI("caldock_flows_started_total"), METRIC_COUNTER,
        SI("Flows that initiate has begun."), {&label_source}},
    [METRIC_FLOWS_ENDED] = {
        SI("caldock_flows_ended_total"), METRIC_COUNTER,
        SI("Flows that have ended, by how; a person who never comes back ends none."),
        {&label_source, &label_outcome}},
    [METRIC_FLOW_DURATION] = {
        SI("caldock_flow_duration_seconds"), METRIC_HISTOGRAM,
        SI("From initiate to the end of the flow, with what the person takes."),
        {&label_source}, .buckets = &flow_buckets},
    [METRIC_CALLBACK_REPLAYS] = {
        SI("caldock_callback_replays_total"), METRIC_COUNTER,
        SI("Callbacks of flows that had ended."), {&label_source}},
    [METRIC_CALLBACK_PAGES] = {
        SI("caldock_callback_pages_total"), METRIC_COUNTER,
        SI("Pages that a person got instead of being sent back."), {&label_reason_of_page}},

    [METRIC_STATUS_CHANGES] = {
        SI("caldock_account_status_changes_total"), METRIC_COUNTER,
        SI("Changes of an account's status."),
        {&label_source, &label_to, &label_reason_of_account}, .is_sparse = true},
    [METRIC_REFRESHES] = {
        SI("caldock_refreshes_total"), METRIC_COUNTER,
        SI("Access tokens that were asked for, because of a use or to keep the grant alive."),
        {&label_source, &label_trigger, &label_result_of_refresh}},
    [METRIC_REVOCATIONS] = {
        SI("caldock_revocations_total"), METRIC_COUNTER,
        SI("Attempts to revoke a grant at its source."),
        {&label_source_of_revocation, &label_result_of_revocation}},

    [METRIC_SOURCE_REQUESTS] = {
        SI("caldock_source_requests_total"), METRIC_COUNTER,
        SI("Requests to a source, by what they ask for and how they were answered."),
        {&label_source, &label_operation, &label_result_of_request}, .is_sparse = true},
    [METRIC_SOURCE_DURATION] = {
        SI("caldock_source_request_duration_seconds"), METRIC_HISTOGRAM,
        SI("What requests to a source take."), {&label_source, &label_operation},
        .buckets = &source_buckets, .is_sparse = true},
    [METRIC_CLIENT_REFUSED] = {
        SI("caldock_source_client_refused"), METRIC_GAUGE,
        SI("1 if the source refused our client when it last was asked for tokens, else 0."),
        {&label_source}},
    [METRIC_KEYS_AGE] = {
        SI("caldock_jwks_age_seconds"), METRIC_GAUGE,
        SI("Since the keys of the source were fetched."), {&label_source}, .is_time = true},
    [METRIC_CREDENTIAL_EXPIRY] = {
        SI("caldock_credential_expiry_timestamp_seconds"), METRIC_GAUGE,
        SI("The day of client_secret_expires, where one is given."),
        {&label_source, &label_slot}, .is_time = true},

    [METRIC_ACCOUNTS] = {
        SI("caldock_accounts"), METRIC_GAUGE,
        SI("Accounts in the store, looked at once a minute."),
        {&label_source, &label_status_of_account}},
    [METRIC_REFRESHES_DUE] = {
        SI("caldock_refreshes_due"), METRIC_GAUGE,
        SI("Grants that are due to be refreshed, looked at once a minute.")},
    [METRIC_REFRESH_OLDEST] = {
        SI("caldock_refresh_oldest_due_seconds"), METRIC_GAUGE,
        SI("How long the first of them has been due; 0 if none is."), .is_time = true},
    [METRIC_REVOCATIONS_PENDING] = {
        SI("caldock_revocations_pending"), METRIC_GAUGE,
        SI("Grants that wait to be revoked, looked at once a minute."), {&label_source}},

    [METRIC_QUEUE_DEPTH] = {
        SI("caldock_queue_depth"), METRIC_GAUGE,
        SI("Jobs that wait for a worker."), {&label_lane}},
    [METRIC_QUEUE_REJECTED] = {
        SI("caldock_queue_rejected_total"), METRIC_COUNTER,
        SI("Jobs that a full queue has not taken."), {&label_lane}},
    [METRIC_WORKERS] = {
        SI("caldock_workers"), METRIC_GAUGE,
        SI("Worker threads, of all lanes."), {&label_state_of_worker}},
    [METRIC_PARKED] = {
        SI("caldock_parked_requests"), METRIC_GAUGE,
        SI("Jobs that wait for others without a thread, by what they wait for."),
        {&label_what_of_parking}},

    [METRIC_STORE_UP] = {
        SI("caldock_store_up"), METRIC_GAUGE, SI("1 if the store answers, else 0.")},
    [METRIC_STORE_SCHEMA] = {
        SI("caldock_store_schema_version"), METRIC_GAUGE,
        SI("Of the store, and the newest that this build knows."), {&label_what_of_schema}},
    [METRIC_STORE_TRANSACTIONS] = {
        SI("caldock_store_transactions_total"), METRIC_COUNTER,
        SI("Transactions by how they ended; a conflict is a try that is made again."),
        {&label_result_of_transaction}},
    [METRIC_STORE_DURATION] = {
        SI("caldock_store_transaction_duration_seconds"), METRIC_HISTOGRAM,
        SI("What transactions take, with all their tries and waits."),
        .buckets = &request_buckets},
    [METRIC_STORE_POOL_WAIT] = {
        SI("caldock_store_pool_wait_seconds"), METRIC_HISTOGRAM,
        SI("How long a transaction waits for a connection, or for the one writer of SQLite."),
        .buckets = &request_buckets},
    [METRIC_STORE_POOL] = {
        SI("caldock_store_pool_connections"), METRIC_GAUGE,
        SI("Connections to the store."), {&label_state_of_pool}},
    [METRIC_STORE_FREE] = {
        SI("caldock_store_free_bytes"), METRIC_GAUGE,
        SI("Free on the file system of a SQLite store, looked at once a minute.")},
    [METRIC_KEYS] = {
        SI("caldock_keys"), METRIC_GAUGE,
        SI("Loaded keys: the one that seals, and those that only open."), {&label_state_of_key}},
    [METRIC_NODES] = {
        SI("caldock_nodes"), METRIC_GAUGE,
        SI("Nodes that live, looked at once a minute.")},
    [METRIC_MAY_SERVE] = {
        SI("caldock_node_may_serve"), METRIC_GAUGE,
        SI("1 if the store was reached and other nodes count on this node's keys, else 0.")},

    [METRIC_SYNCS] = {
        SI("caldock_syncs_total"), METRIC_COUNTER,
        SI("Reads of calendars, by what was read and what came of it."),
        {&label_source, &label_kind_of_sync, &label_outcome_of_sync}, .is_sparse = true},
    [METRIC_FULL_READS] = {
        SI("caldock_full_reads_total"), METRIC_COUNTER,
        SI("Calendars that were read in full, by why what had changed was not enough."),
        {&label_source_of_cursor, &label_reason_of_full}},
    [METRIC_SYNC_LAG] = {
        SI("caldock_sync_lag_seconds"), METRIC_HISTOGRAM,
        SI("From when a calendar was due until it was read."), .buckets = &lag_buckets},
    [METRIC_SYNC_AGE] = {
        SI("caldock_sync_age_seconds"), METRIC_SAMPLED,
        SI("How long ago each calendar that is to be read was last known to be true, set anew"
           " once a minute: it is no sum over time."), .buckets = &age_buckets},
    [METRIC_SYNC_OLDEST] = {
        SI("caldock_sync_oldest_seconds"), METRIC_GAUGE,
        SI("The longest of these; 0 if no calendar is to be read."), .is_time = true},
    [METRIC_CALENDARS] = {
        SI("caldock_calendars"), METRIC_GAUGE,
        SI("Calendars that are read, looked at once a minute."),
        {&label_source, &label_state_of_calendar}},
    [METRIC_CHANNELS] = {
        SI("caldock_channels"), METRIC_GAUGE,
        SI("Calendars by how their changes are noticed, looked at once a minute."),
        {&label_source, &label_state_of_channel}},
    [METRIC_NOTIFICATIONS] = {
        SI("caldock_notifications_total"), METRIC_COUNTER,
        SI("Notifications of sources, by what came of them."),
        {&label_source, &label_outcome_of_notification}},
    [METRIC_PUSHES] = {
        SI("caldock_pushes_total"), METRIC_COUNTER,
        SI("Attempts to bring a copy into a calendar, by what was to be done."),
        {&label_source, &label_op, &label_outcome_of_push}, .is_sparse = true},
    [METRIC_PUSH_OLDEST] = {
        SI("caldock_push_oldest_seconds"), METRIC_GAUGE,
        SI("How long the first due copy has been due; 0 if none is."), .is_time = true},
    [METRIC_COPIES] = {
        SI("caldock_copies"), METRIC_GAUGE,
        SI("Copies of pushed events, looked at once a minute."), {&label_status_of_copy}},
    [METRIC_ACCOUNT_HOLDS] = {
        SI("caldock_account_holds"), METRIC_GAUGE,
        SI("Accounts that their source wants to be left alone, looked at once a minute."),
        {&label_source}},
    [METRIC_BUSY_QUERIES] = {
        SI("caldock_busy_queries_total"), METRIC_COUNTER,
        SI("Answers about busy times, by whether all calendars were known, and fresh."),
        {&label_complete, &label_fresh}},
    [METRIC_WEBHOOK_ATTEMPTS] = {
        SI("caldock_webhook_attempts_total"), METRIC_COUNTER,
        SI("Attempts to deliver a message."), {&label_outcome_of_attempt}},
    [METRIC_WEBHOOK_OLDEST] = {
        SI("caldock_webhook_oldest_seconds"), METRIC_GAUGE,
        SI("How long the first due delivery has been due; 0 if none is."), .is_time = true},
    [METRIC_WEBHOOK_ENDPOINTS] = {
        SI("caldock_webhook_endpoints"), METRIC_GAUGE,
        SI("Endpoints of webhooks, looked at once a minute."), {&label_state_of_endpoint}},

    [METRIC_RELOAD_OK] = {
        SI("caldock_config_last_reload_successful"), METRIC_GAUGE,
        SI("1 if the configuration was in order when it was last read, else 0.")},
    [METRIC_RELOAD_TIME] = {
        SI("caldock_config_last_reload_success_timestamp_seconds"), METRIC_GAUGE,
        SI("When the configuration in force was read, since 1970."), .is_time = true},
    [METRIC_LOG_LOST] = {
        SI("caldock_log_lines_lost_total"), METRIC_COUNTER,
        SI("Lines that the log did not take in time.")},

    [METRIC_CPU] = {
        SI("process_cpu_seconds_total"), METRIC_TOTAL,
        SI("Time of processors that the process has taken."), .is_time = true},
    [METRIC_RESIDENT] = {
        SI("process_resident_memory_bytes"), METRIC_GAUGE, SI("Memory that is resident.")},
    [METRIC_VIRTUAL] = {
        SI("process_virtual_memory_bytes"), METRIC_GAUGE, SI("Address space that is mapped.")},
    [METRIC_FILES] = {
        SI("process_open_fds"), METRIC_GAUGE, SI("Files that are open.")},
    [METRIC_FILES_MOST] = {
        SI("process_max_fds"), METRIC_GAUGE, SI("Files that may be open.")},
    [METRIC_STARTED] = {
        SI("process_start_time_seconds"), METRIC_GAUGE,
        SI("When the process began to serve, since 1970."), .is_time = true},
};

/* clang-format on */

size_t metric_status(int status)
{
#define STATUS_NUMBER(number) number,
    static const int numbers[] = {STATUSES(STATUS_NUMBER)};
    size_t i = 0;

    while (i < COUNT(numbers) && numbers[i] != status) {
        i++;
    }
    return i;
}
