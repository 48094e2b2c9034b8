/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - the table of settings: the type, default, limits and meaning of each key, and
 * whether a change needs a restart.
 *
 * Reading, the names of variables, `caldock init`, the report of a reload, and the check
 * of docs/configuration.md all use this table.
 */
#include "config/table.h"

#include "base/limits.h"
#include "sources/source.h"

#define AT(field)      .offset = offsetof(struct draft, field)
#define JWT_AT(field)  .offset = offsetof(struct jwt_draft, field)
#define CHOICES(table) .choices = (table), .n_choices = COUNT(table)

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
};

_Static_assert(LIMIT_JWT_SECRET_MIN_BYTES == 32, "\"at least 32 bytes\"");

/* The rows are text, and would not fit into columns. */
/* clang-format off */
static const struct config_key server_keys[] = {
    {SI("listen"), SI("127.0.0.1:8080"), value_addresses, AT(config.listen),
     .needs_restart = true,
     .about = SI("IPv4, [IPv6] or unix:/path?mode=0660&group=NAME, several in a list.")},
    {SI("public_url"), SI("http://127.0.0.1:8080"), value_public_url,
     AT(config.settings.public_url),
     .about = SI("How browsers reach the service; redirect URIs are built from it.")},
    {SI("name"), SI(""), value_name, AT(config.settings.name),
     .about = SI("What people call the application; the page for them says it.")},
    {SI("threads"), SI(""), value_number, AT(config.threads), .low = 1, .high = 256,
     .needs_restart = true,
     .about = SI("HTTP threads; without it, one per CPU.")},
    {SI("workers"), SI("64"), value_number, AT(config.workers), .low = 1, .high = 4096,
     .needs_restart = true,
     .about = SI("Threads for calls that wait for a store or a source.")},
    {SI("queue"), SI("1024"), value_number, AT(config.queue), .low = 1, .high = 1000000,
     .needs_restart = true,
     .about = SI("Calls that may wait for a worker; past it the answer is 503.")},
    {SI("max_connections"), SI("10000"), value_number, AT(config.max_connections),
     .low = 1, .high = 1000000,
     .needs_restart = true,
     .about = SI("Connections at most, over all threads.")},
    {SI("request_timeout"), SI("15s"), value_duration, AT(config.request_timeout_ms),
     .low = SECOND, .high = HOUR,
     .needs_restart = true,
     .about = SI("From a request's first byte to the end of its body.")},
    {SI("idle_timeout"), SI("75s"), value_duration, AT(config.idle_timeout_ms),
     .low = SECOND, .high = HOUR,
     .needs_restart = true,
     .about = SI("How long a keep-alive connection may rest.")},
    {SI("shutdown_delay"), SI("0s"), value_duration, AT(config.shutdown_delay_ms),
     .low = 0, .high = LIMIT_SHUTDOWN_DELAY_MS,
     .needs_restart = true,
     .about = SI("How long a stop lets load balancers see it before connections end.")},
    {SI("shutdown_timeout"), SI("25s"), value_duration, AT(config.shutdown_timeout_ms),
     .low = SECOND, .high = HOUR,
     .needs_restart = true,
     .about = SI("How long a stop waits for what is under way.")},
    {SI("sandbox"), SI("on"), value_switch, AT(config.has_sandbox),
     .needs_restart = true,
     .about = SI("Give up what the service never needs: programs, foreign files, odd calls.")},
    {SI("trusted_proxies"), SI(""), value_networks, AT(config.trusted_proxies),
     .about = SI("Addresses or networks whose X-Forwarded-For is believed.")},
    {SI("metrics_listen"), SI("127.0.0.1:9464"), value_listens,
     AT(config.metrics_listen),
     .needs_restart = true,
     .about = SI("Where Prometheus reads /metrics, as in listen; or off.")},
    {SI("cors_origins"), SI(""), value_origins, AT(config.cors_origins),
     .about = SI("Exact origins whose pages may call the API from a browser.")},
};

static const struct choice migration_choices[] = {
    {SI("auto"),   MIGRATION_AUTO  },
    {SI("manual"), MIGRATION_MANUAL},
};

static const struct config_key store_keys[] = {
    {SI("url"), SI("sqlite:caldock.db"), value_store_url, AT(config.store.url),
     .is_secret = true,
     .needs_restart = true,
     .about = SI("The database: sqlite:PATH, or postgresql://… as libpq takes it.")},
    {SI("pool"), SI("8"), value_number, AT(config.store_pool), .low = 1, .high = 1000,
     .needs_restart = true,
     .about = SI("Connections to it at most, per process.")},
    {SI("prepared_statements"), SI("on"), value_switch, AT(config.store_prepares),
     .needs_restart = true,
     .about = SI("PostgreSQL: off behind a pooler that lends sessions by transaction.")},
    {SI("migrate"), SI("auto"), value_choice, AT(config.store_migration),
     CHOICES(migration_choices), .needs_restart = true,
     .about = SI("auto: serve brings the schema up to date; manual: it waits for "
                 "`caldock store migrate`.")},
};

static const struct config_key key_keys[] = {
    {SI("file"), SI("caldock.keys"), value_path, AT(config.key_file),
     .about = SI("The keyring; `caldock init` makes it. Without it no grant opens.")},
};

static const struct config_key oauth_keys[] = {
    {SI("flow_timeout"), SI("600s"), value_duration, AT(config.flow_timeout_ms),
     .low = SECOND, .high = 24 * HOUR,
     .about = SI("How long a user has to consent.")},
    {SI("connect_timeout"), SI("3s"), value_duration,
     AT(config.settings.net.connect_timeout_ms), .low = SECOND, .high = MINUTE,
     .about = SI("For reaching a source.")},
    {SI("timeout"), SI("10s"), value_duration, AT(config.settings.net.timeout_ms),
     .low = SECOND, .high = 10 * MINUTE,
     .about = SI("For one call to a source.")},
    {SI("total_timeout"), SI("20s"), value_duration,
     AT(config.settings.total_timeout_ms), .low = SECOND, .high = 10 * MINUTE,
     .about = SI("For all that one callback does.")},
    {SI("ca_file"), SI(""), value_file, AT(config.ca_file),
     .about = SI("PEM file of certificate authorities; without it, the system's.")},
};

static const struct choice account_choices[] = {
    {SI("any"),      ACCOUNTS_ANY     },
    {SI("work"),     ACCOUNTS_WORK    },
    {SI("personal"), ACCOUNTS_PERSONAL},
};

static const struct config_key google_keys[] = {
    {SI("client_id"), SI(""), value_text, AT(google.s.client.client_id),
     .about = SI("Of the OAuth client; without it this source is off.")},
    {SI("client_secret"), SI(""), value_text, AT(google.s.client.client_secret),
     .is_secret = true,
     .about = SI("Of the OAuth client.")},
    {SI("client_secret_next"), SI(""), value_text,
     AT(google.s.client.client_secret_next), .is_secret = true,
     .about = SI("Tried when the first is refused: for changing it.")},
    {SI("client_secret_expires"), SI(""), value_date, AT(google.s.secret_expires_s),
     .about = SI("The day on which client_secret ends, as 2027-01-31: for check.")},
    {SI("scopes"), SI(""), value_scopes, AT(google.s.client.scopes),
     .about = SI("What users are asked for.")},
    {SI("accounts"), SI("any"), value_choice, AT(google.s.accounts),
     CHOICES(account_choices),
     .about = SI("Which accounts may connect.")},
    {SI("revoke"), SI("on"), value_switch, AT(google.s.revoke),
     .about = SI("Take a grant back at Google when its last account is disconnected.")},
    {SI("issuer"), SI(""), value_text, AT(google.s.issuer),
     .about = SI("For stand-ins: the issuer of ID tokens.")},
    {SI("authorize_url"), SI(""), value_source_url, AT(google.s.client.authorize_url),
     .about = SI("For stand-ins.")},
    {SI("token_url"), SI(""), value_source_url, AT(google.s.client.token_url),
     .about = SI("For stand-ins.")},
    {SI("jwks_url"), SI(""), value_source_url, AT(google.s.jwks_url),
     .about = SI("For stand-ins.")},
    {SI("revoke_url"), SI(""), value_source_url, AT(google.s.client.revoke_url),
     .about = SI("For stand-ins.")},
    {SI("calendar_api_url"), SI(""), value_source_url, AT(google.s.api_url),
     .about = SI("For stand-ins: ends in /calendar/v3.")},
};

static const struct config_key microsoft_keys[] = {
    {SI("client_id"), SI(""), value_text, AT(microsoft.s.client.client_id),
     .about = SI("Of the application registration; without it this source is off.")},
    {SI("client_secret"), SI(""), value_text, AT(microsoft.s.client.client_secret),
     .is_secret = true,
     .about = SI("Of the application registration.")},
    {SI("client_secret_next"), SI(""), value_text,
     AT(microsoft.s.client.client_secret_next), .is_secret = true,
     .about = SI("Tried when the first is refused: for changing it.")},
    {SI("client_secret_expires"), SI(""), value_date, AT(microsoft.s.secret_expires_s),
     .about = SI("The day on which client_secret ends, as 2027-01-31: for check.")},
    {SI("tenant"), SI("common"), value_word, AT(microsoft.tenant),
     .about = SI("common, organizations, consumers, or a tenant's id or domain.")},
    {SI("scopes"), SI(""), value_scopes, AT(microsoft.s.client.scopes),
     .about = SI("What users are asked for.")},
    {SI("accounts"), SI("any"), value_choice, AT(microsoft.s.accounts),
     CHOICES(account_choices),
     .about = SI("Which accounts may connect.")},
    {SI("issuer"), SI(""), value_text, AT(microsoft.s.issuer),
     .about = SI("For stand-ins: with {tenantid} where the tenant stands.")},
    {SI("authorize_url"), SI(""), value_source_url, AT(microsoft.s.client.authorize_url),
     .about = SI("For stand-ins.")},
    {SI("token_url"), SI(""), value_source_url, AT(microsoft.s.client.token_url),
     .about = SI("For stand-ins.")},
    {SI("jwks_url"), SI(""), value_source_url, AT(microsoft.s.jwks_url),
     .about = SI("For stand-ins.")},
    {SI("graph_api_url"), SI(""), value_source_url, AT(microsoft.s.api_url),
     .about = SI("For stand-ins: ends in /v1.0.")},
};

static const struct config_key jwt_keys[] = {
    {SI("issuer"), SI(""), value_text, JWT_AT(issuer.issuer),
     .about = SI("The `iss` of its tokens; required.")},
    {SI("audience"), SI(""), value_text, JWT_AT(issuer.audience),
     .about = SI("Those of `aud` that are accepted; required; * for any.")},
    {SI("providers"), SI(""), value_ids, JWT_AT(providers),
     .about = SI("IDs of the providers that it may speak for; required; * for all.")},
    {SI("algorithms"), SI(""), value_algorithms, JWT_AT(issuer.algs),
     .about = SI("Of RS256 ES256 HS256; without it, what the key's type allows.")},
    {SI("secret"), SI(""), value_text, JWT_AT(secret), .is_secret = true,
     .about = SI("A shared secret of at least 32 bytes (HS256); or")},
    {SI("key_file"), SI(""), value_file, JWT_AT(key_file),
     .about = SI("a file with a public key: PEM, JWK or JWKS; or")},
    {SI("jwks_url"), SI(""), value_source_url, JWT_AT(jwks_url),
     .about = SI("a URL with a JWKS. Exactly one of the three.")},
    {SI("claim_user"), SI("sub"), value_text, JWT_AT(issuer.claim_user),
     .about = SI("The claim that names the user.")},
    {SI("claim_providers"), SI("providers"), value_text, JWT_AT(issuer.claim_providers),
     .about = SI("The claim that lists the providers.")},
    {SI("claim_modes"), SI("modes"), value_text, JWT_AT(issuer.claim_modes),
     .about = SI("The claim that lists the modes.")},
};

static const struct choice notification_choices[] = {
    {SI("auto"), 1},
    {SI("off"),  0},
};

static const struct config_key sync_keys[] = {
    {SI("horizon"), SI("180d"), value_duration, AT(config.settings.sync.horizon_ms),
     .low = INT64_C(7) * 24 * HOUR, .high = INT64_C(366) * 24 * HOUR,
     .about = SI("How far ahead calendars are read; in force with their next full reads.")},
    {SI("poll"), SI("15m"), value_duration, AT(config.settings.sync.poll_ms),
     .low = MINUTE, .high = 24 * HOUR,
     .about = SI("Between two reads of a calendar whose source does not notify.")},
    {SI("poll_pushed"), SI("auto"), value_duration_auto,
     AT(config.settings.sync.poll_pushed_ms), .low = MINUTE, .high = 24 * HOUR,
     .about = SI("The same beside notifications; auto: as often as daily_polls allows.")},
    {SI("daily_polls"), SI("400000"), value_number, AT(config.settings.sync.daily_polls),
     .low = 1000, .high = 1000000000,
     .about = SI("Reads a day beside notifications, of all calendars of a source.")},
    {SI("workers"), SI("8"), value_number, AT(config.sync_workers), .low = 1,
     .high = LIMIT_SYNC_AT_ONCE,
     .needs_restart = true,
     .about = SI("Calendars of a source that are read at once.")},
    {SI("push_workers"), SI("4"), value_number, AT(config.push_workers), .low = 1,
     .high = LIMIT_PUSH_AT_ONCE,
     .needs_restart = true,
     .about = SI("Accounts of a source whose calendars are written to at once.")},
    {SI("notifications"), SI("auto"), value_choice,
     AT(config.settings.sync.notifications), CHOICES(notification_choices),
     .about = SI("auto: sources notify, if public_url is https and reached from outside; off.")},
    {SI("default_time_zone"), SI("UTC"), value_zone,
     AT(config.settings.sync.default_time_zone),
     .about = SI("Of all-day events, where neither setting nor source names one.")},
};

static const struct config_key webhook_keys[] = {
    {SI("timeout"), SI("15s"), value_duration, AT(config.settings.hooks.net.timeout_ms),
     .low = SECOND, .high = 30 * SECOND,
     .about = SI("For one attempt, from the look-up of the name to the answer's head.")},
    {SI("workers"), SI("4"), value_number, AT(config.settings.hooks.workers), .low = 1,
     .high = LIMIT_WEBHOOK_WORKERS,
     .needs_restart = true,
     .about = SI("Attempts of this process at a time; one more serves who answers.")},
    {SI("keep"), SI("7d"), value_duration, AT(config.settings.hooks.keep_ms),
     .low = HOUR, .high = INT64_C(90) * 24 * HOUR,
     .about = SI("How long messages can be shown and sent again.")},
    {SI("private_networks"), SI(""), value_guard, AT(config.private_networks),
     .about = SI("Networks beside the public ones that endpoints may be in, also over http.")},
    {SI("ca_file"), SI(""), value_file, AT(config.webhook_ca_file),
     .about = SI("PEM file of certificate authorities; without it, the system's.")},
};

static const struct config_key limit_keys[] = {
    {SI("rate"), SI("0"), value_number, AT(config.settings.auth.rate), .low = 0,
     .high = 1000000,
     .about = SI("Requests per second and credential; 0: no limit.")},
    {SI("burst"), SI("100"), value_number, AT(config.settings.auth.burst), .low = 1,
     .high = 1000000,
     .about = SI("How many may come at once.")},
};

static const struct choice level_choices[] = {
    {SI("error"), LEVEL_ERROR},
    {SI("warn"),  LEVEL_WARN },
    {SI("info"),  LEVEL_INFO },
    {SI("debug"), LEVEL_DEBUG},
};

static const struct choice format_choices[] = {
    {SI("logfmt"), FORMAT_LOGFMT},
    {SI("json"),   FORMAT_JSON  },
};

static const struct choice request_choices[] = {
    {SI("all"),    CONFIG_REQUESTS_ALL   },
    {SI("failed"), CONFIG_REQUESTS_FAILED},
    {SI("none"),   CONFIG_REQUESTS_NONE  },
};

static const struct config_key log_keys[] = {
    {SI("level"), SI("info"), value_choice, AT(config.log_level), CHOICES(level_choices),
     .about = SI("error, warn, info or debug.")},
    {SI("format"), SI("logfmt"), value_choice, AT(config.log_format),
     CHOICES(format_choices),
     .about = SI("logfmt or json.")},
    {SI("requests"), SI("all"), value_choice, AT(config.log_requests),
     CHOICES(request_choices),
     .about = SI("The requests that have a line: all, failed or none.")},
};

#define KEYS(table) (table), COUNT(table)

const struct config_section config_sections[] = {
    {SI("server"), KEYS(server_keys), false, SI("The service itself.")},
    {SI("store"), KEYS(store_keys), false, SI("Where accounts and tokens are kept.")},
    {SI("keys"), KEYS(key_keys), false, SI("What grants are sealed with.")},
    {SI("oauth"), KEYS(oauth_keys), false, SI("Time limits of the flow.")},
    {SI("google"), KEYS(google_keys), false, SI("Google Calendar (GOOG).")},
    {SI("microsoft"), KEYS(microsoft_keys), false,
     SI("Microsoft 365 and Outlook (MSFT).")},
    {SI("jwt"), KEYS(jwt_keys), true,
     SI("An issuer whose JWTs are believed; a section [jwt NAME] for each.")},
    {SI("sync"), KEYS(sync_keys), false, SI("Reading calendars in the background.")},
    {SI("webhooks"), KEYS(webhook_keys), false,
     SI("Telling applications what has happened.")},
    {SI("limits"), KEYS(limit_keys), false, SI("Rate limit.")},
    {SI("log"), KEYS(log_keys), false, SI("Lines on standard error.")},
};
/* clang-format on */

const size_t config_section_count = COUNT(config_sections);

static bool char_is_name(unsigned char c)
{
    return char_is_digit(c) || c == '_' || (c >= 'a' && c <= 'z');
}

const struct config_section *config_section_find(Str name)
{
    for (size_t i = 0; i < COUNT(config_sections); i++) {
        const struct config_section *s = &config_sections[i];
        Str rest = str_sub(name, s->name.n, name.n);

        if (!str_starts(name, s->name)) {
            continue;
        }
        if (!s->is_jwt && rest.n == 0) {
            return s;
        }
        if (s->is_jwt && rest.n > 1 && rest.p[0] == ' '
            && str_is_only(str_sub(rest, 1, rest.n), char_is_name)) {
            return s;
        }
    }
    return NULL;
}

const struct config_key *config_key_find(
    const struct config_section *section, Str name, bool *from_file)
{
    for (size_t i = 0; i < section->n; i++) {
        const struct config_key *k = &section->keys[i];
        Str rest = str_sub(name, k->name.n, name.n);
        bool is_twin = k->is_secret && str_eq(rest, S("_file"));

        if (str_starts(name, k->name) && (rest.n == 0 || is_twin)) {
            *from_file = is_twin;
            return k;
        }
    }
    return NULL;
}

Str config_key_default(const struct config_section *section, const struct config_key *key)
{
    const struct source *source = source_by_name(section->name);

    if (source != NULL && str_eq(key->name, S("scopes"))) {
        return source->default_scopes;
    }
    return key->fallback;
}
