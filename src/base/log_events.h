/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_events.h - the vocabulary of the log: each event with the levels that it has and
 * what it means. docs/log.md has the same rows, and the fields of each.
 *
 * A name is noun.verb; its constant is EVENT_NOUN_VERB.
 */
#pragma once

/* clang-format off */
#define LOG_EVENTS(X) \
    X(REQUEST, "request", "error, info, debug", "a request has ended") \
    X(ACCOUNT_CONNECTED, "account.connected", "info", "an account was made") \
    X(ACCOUNT_DISCONNECTED, "account.disconnected", "info", "an account was removed") \
    X(ACCOUNT_NEEDS_RECONNECT, "account.needs_reconnect", "warn", "an account's user has to connect it again") \
    X(ACCOUNT_RECONNECTED, "account.reconnected", "info", "an account is connected again") \
    X(ACCOUNT_UNREADABLE, "account.unreadable", "error", "rows of accounts were left out of a list") \
    X(ACCOUNTS_REFUSED_TOGETHER, "accounts.refused_together", "warn", "a source has refused ten grants within a minute") \
    X(AUTH_REFUSED, "auth.refused", "warn, info", "a caller was refused: warn for the first in a minute of its credential or issuer") \
    X(CALENDARS_LEFT_OUT, "calendars.left_out", "warn", "a source's list has calendars that can't be shown") \
    X(CHANNEL_FAILED, "channel.failed", "warn", "a source's notices could not be arranged") \
    X(CHANNEL_NOT_ENDED, "channel.not_ended", "info", "a source's notices that nobody wants go on until they expire") \
    X(CHANNEL_REFUSED, "channel.refused", "warn", "a source gives no notices") \
    X(CHORE_FAILED, "chore.failed", "warn", "background work fails") \
    X(CHORE_RECOVERED, "chore.recovered", "info", "background work succeeds again") \
    X(CONFIG_NEEDS_RESTART, "config.needs_restart", "warn", "changed settings wait for a restart") \
    X(CONFIG_REFUSED, "config.refused", "error", "a configuration can't be used, and the one before stays") \
    X(CONFIG_RELOADED, "config.reloaded", "info", "a changed configuration is in force") \
    X(FLOW_ENDED, "flow.ended", "error, warn, info", "a flow has ended: info by its person, warn by the source, error by the operator or Caldock") \
    X(FLOW_REFUSED, "flow.refused", "warn", "a callback ended no flow, and its person got a page") \
    X(FLOW_REPLAYED, "flow.replayed", "info", "a callback came again, and got the redirect of the first") \
    X(FLOW_UNREADABLE, "flow.unreadable", "error", "the tokens of a lost flow don't open") \
    X(KEYS_ADDED, "keys.added", "info", "a command has put a key into the key file") \
    X(KEYS_CHOSEN, "keys.chosen", "info", "a command has chosen the key that seals") \
    X(KEYS_DROPPED, "keys.dropped", "info", "a command has taken a key out of the key file") \
    X(KEYS_REFUSED, "keys.refused", "error", "a key file can't be used, and the one before stays") \
    X(KEYS_RELOADED, "keys.reloaded", "info", "a changed key file is in force") \
    X(KEYS_SEALING, "keys.sealing", "info", "another key seals from now on") \
    X(KEYS_UNREAD, "keys.unread", "warn", "the keys of notifications could not be read yet") \
    X(LIMITS_CONNECTIONS, "limits.connections", "warn", "there are max_connections connections") \
    X(LIMITS_FILES, "limits.files", "warn", "open files are short") \
    X(LIMITS_MEMORY, "limits.memory", "warn", "connections take all the memory that they may") \
    X(LIMITS_QUEUE, "limits.queue", "warn", "the queue of a pool of workers is full, and refuses; once a minute at most") \
    X(LOG_LOST, "log.lost", "warn", "the log took nothing, and lines are lost") \
    X(NODE_STILL_LISTED, "node.still_listed", "warn", "a node that stopped could not say so to the store") \
    X(NOTICES_FAILED, "notices.failed", "warn", "notices of the sources can't be stored") \
    X(NOTICES_RECOVERED, "notices.recovered", "info", "notices of the sources are stored again") \
    X(PROVIDER_ADDED, "provider.added", "info", "a command has made a provider") \
    X(PROVIDER_CHANGED, "provider.changed", "info", "a command has changed a provider") \
    X(PROVIDER_REMOVED, "provider.removed", "info", "a command has removed a provider") \
    X(PUSH_DONE, "push.done", "debug", "a copy of an event was written, removed or looked at") \
    X(PUSH_FAILED, "push.failed", "warn", "a copy of an event could not be written, and it is tried again") \
    X(PUSH_GIVEN_UP, "push.given_up", "error", "a copy of an event could not be written, and it is tried no more") \
    X(PUSHED_EVENT_UNREADABLE, "pushed_event.unreadable", "error", "rows of pushed events were left out of a list") \
    X(REFRESH_DONE, "refresh.done", "debug", "a grant was refreshed") \
    X(REFRESH_FAILED, "refresh.failed", "warn", "a grant could not be refreshed") \
    X(REVOCATION_DONE, "revocation.done", "debug", "a source has revoked a grant") \
    X(REVOCATION_FAILED, "revocation.failed", "warn", "a grant could not be revoked, and it is tried again") \
    X(REVOCATION_GIVEN_UP, "revocation.given_up", "error", "a grant could not be revoked, and it is tried no more") \
    X(REVOCATION_UNREADABLE, "revocation.unreadable", "error", "revocations wait for a caldock that knows their source or key") \
    X(SERVICE_CONFINED, "service.confined", "info", "the service has confined itself, or can't") \
    X(SERVICE_DRAINING, "service.draining", "info", "the service has begun to stop") \
    X(SERVICE_READY, "service.ready", "info", "the service can do all that it is for, from now on or again") \
    X(SERVICE_STARTED, "service.started", "info", "the service accepts connections") \
    X(SERVICE_STOPPED, "service.stopped", "info, warn", "the service has stopped") \
    X(SERVICE_UNREADY, "service.unready", "warn, error", "the service can't do what needs its store or keys") \
    X(SETTING_UNREADABLE, "setting.unreadable", "error", "rows of calendar settings were left out of a list") \
    X(SOURCE_ACCEPTS_CLIENT, "source.accepts_client", "info", "a source accepts our client again") \
    X(SOURCE_AWAY, "source.away", "warn", "three calls to a source in a row had no answer, or 5xx; hourly at most") \
    X(SOURCE_BACK, "source.back", "info", "a source answers again") \
    X(SOURCE_CALLED, "source.called", "debug, warn", "a call to a source has ended: warn without an answer, and with 429 or 5xx") \
    X(SOURCE_REFUSES_CLIENT, "source.refuses_client", "error", "a source refuses our client; hourly at most") \
    X(STORE_AWAY, "store.away", "warn", "the store can't be reached") \
    X(STORE_BACK, "store.back", "info", "the store answers again") \
    X(STORE_FULL, "store.full", "error", "the store's disk has no room for what was to be written; once a minute at most") \
    X(SUPERVISOR_UNREACHABLE, "supervisor.unreachable", "warn", "the supervisor can't be told how the service does") \
    X(SYNC_ACTIVE, "sync.active", "info", "a calendar is read") \
    X(SYNC_DONE, "sync.done", "debug", "a calendar was read") \
    X(SYNC_FAILED, "sync.failed", "warn", "a calendar could not be read") \
    X(SYNC_INACTIVE, "sync.inactive", "warn", "a calendar is not read any more") \
    X(SYNC_RECOVERED, "sync.recovered", "info", "a calendar can be read again") \
    X(SYNC_UNREADABLE, "sync.unreadable", "error", "images of calendars don't open, and they are read anew") \
    X(TOKEN_CREATED, "token.created", "info", "a command has made an API token") \
    X(TOKEN_REVOKED, "token.revoked", "info", "a command has revoked an API token") \
    X(WEBHOOK_DELIVERED, "webhook.delivered", "debug", "an endpoint took a message") \
    X(WEBHOOK_DISABLED, "webhook.disabled", "warn", "an endpoint of webhooks gets no more messages") \
    X(WEBHOOK_FAILED, "webhook.failed", "warn", "a message could not be delivered, and is sent again") \
    X(WEBHOOK_GIVEN_UP, "webhook.given_up", "error", "a message could not be delivered, and is sent no more") \
    X(WORKERS_NOT_NICER, "workers.not_nicer", "warn", "workers could not be made nicer than the HTTP threads")

/* clang-format on */

enum event {

#define X(id, name, levels, meaning) EVENT_##id,
    LOG_EVENTS(X)
#undef X
        EVENT_COUNT
};
