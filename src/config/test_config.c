/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"
#include "config/changes.h"
#include "config/config.h"
#include "config/sample.h"

enum { TEXT_BYTES = 16 * 1024 };

static char folder[] = "/tmp/caldock-config-XXXXXX";
static char path[sizeof(folder) + 32];

#define SECRET "01234567890123456789012345678901"

/* Names as long as may be, together with what stands before the second. */
#define X_50     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define NAME_200 X_50 X_50 X_50 X_50
#define NAME_183 X_50 X_50 X_50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void put_file(const char *name, Str text)
{
    char full[sizeof(folder) + 32];

    (void)snprintf(full, sizeof(full), "%s/%s", folder, name);
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    T_TRUE(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
    (void)close(fd);
}

static Res read_text(Str text, struct config **ret)
{
    put_file("c.conf", text);
    return config_read(t_cx(), path, ret);
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/c.conf", folder);
    return 0;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"c.conf", "secret", "jwk"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        char full[sizeof(folder) + 32];

        (void)snprintf(full, sizeof(full), "%s/%s", folder, names[i]);
        (void)unlink(full);
    }
    return rmdir(folder);
}

/* The reason must have the line, the key, and the value that would be right. */
TEST(test_config_read_says_where_and_what_would_be_right)
{
    static const struct {
        const char *name;
        Str text;
        const char *line; /* ":2:" */
        const char *says;
        /* clang-format off */
    } rows[] = {
        {"section", SI("[servr]\n"), ":1:", "no such section"},
        {"section of a key", SI("[servr]\nlisten = x\n"), ":1:", "no such section"},
        {"jwt without name", SI("[jwt]\n"), ":1:", "no such section"},
        {"jwt name", SI("[jwt a.b]\n"), ":1:", "letters, digits, _ and -"},
        {"jwt name twice", SI("[jwt A-b]\nissuer=i\n[jwt a_b]\nissuer=i\n"), ":4:",
         "given twice"},
        {"key", SI("[server]\nlisen = x\n"), ":2: [server] lisen", "no such key"},
        {"empty key", SI("[server]\nlisen =\n"), ":2:", "no such key"},
        {"twin of no secret", SI("[google]\nclient_id_file = x\n"), ":2:", "no such key"},
        {"twice", SI("[log]\nlevel=info\n[server]\n[log]\nlevel=warn\n"), ":5:",
         "first is"},
        {"twin twice", SI("[google]\nclient_secret=a\nclient_secret_file=b\n"), ":3:",
         "given twice"},
        {"no section", SI("\nlisten = x\n"), ":2:", "before the first [section]"},
        {"neither", SI("[server]\n\nlisten\n"), ":3:", "neither"},
        {"unclosed", SI("[server\n"), ":1:", "neither"},
        {"unclosed before a key", SI("[server\nlisten = x\n"), ":1:", "neither"},
        {"NUL", SI("[server]\nlisten = \0\n"), ":2:", "control character"},
        {"UTF-8", SI("[server]\nlisten = \xFF\n"), ":2:", "UTF-8"},
        {"number", SI("[server]\nworkers = many\n"), ":2: [server] workers", "from 1 to"},
        {"number too small", SI("[server]\nworkers = 0\n"), ":2:", "from 1 to 4096"},
        {"number too large", SI("[server]\nworkers = 4097\n"), ":2:", "from 1 to 4096"},
        {"duration", SI("[oauth]\ntimeout = 10\n"), ":2:",
         "a duration, as 90s, 15m, 12h or 7d, from 1s to 600s"},
        {"duration unit", SI("[oauth]\ntimeout = 10w\n"), ":2:", "from 1s"},
        {"duration sign", SI("[oauth]\ntimeout = -1s\n"), ":2:", "from 1s"},
        {"duration overflow", SI("[oauth]\ntimeout = 9223372036854775807d\n"), ":2:",
         "from 1s"},
        {"shutdown delay", SI("[server]\nshutdown_delay = 601s\n"), ":2:",
         "from 0s to 600s"},
        {"store", SI("[store]\nurl = mysql://a\n"), ":2: [store] url", "sqlite:FILE"},
        {"store nowhere", SI("[store]\nurl = sqlite::memory:\n"), ":2: [store] url",
         "followed by a file"},
        {"store host", SI("[store]\nurl = sqlite://host/x.db\n"), ":2: [store] url",
         "a file has none: write sqlite:caldock.db"},
        {"store host alone", SI("[store]\nurl = sqlite://x.db\n"), ":2: [store] url",
         "a file has none"},
        {"store options", SI("[store]\nurl = sqlite:x.db?mode=ro\n"), ":2: [store] url",
         "without ?"},
        {"store libpq", SI("[store]\nurl = postgresql://h:%zz/d\n"), ":2: [store] url",
         "libpq doesn't read"},
        {"ca_file", SI("[oauth]\nca_file = none\n"), ":2: [oauth] ca_file", "can be read"},
        {"ca_file folder", SI("[oauth]\nca_file = .\n"), ":2: [oauth] ca_file",
         "can be read"},
        {"date", SI("[google]\nclient_secret_expires = soon\n"),
         ":2: [google] client_secret_expires", "a date, as 2027-01-31"},
        {"date that is none", SI("[microsoft]\nclient_secret_expires = 2027-02-29\n"),
         ":2:", "a date"},
        {"date of the beginning", SI("[google]\nclient_secret_expires = 1970-01-01\n"),
         ":2:", "a date"},
        {"horizon too short", SI("[sync]\nhorizon = 6d\n"), ":2: [sync] horizon",
         "from 604800s to 31622400s"},
        {"horizon too long", SI("[sync]\nhorizon = 367d\n"), ":2:", "from 604800s"},
        {"poll", SI("[sync]\npoll = 59s\n"), ":2: [sync] poll", "from 60s to 86400s"},
        {"poll_pushed", SI("[sync]\npoll_pushed = 59s\n"), ":2:", "from 60s to 86400s"},
        {"poll_pushed word", SI("[sync]\npoll_pushed = often\n"), ":2:", "a duration"},
        {"daily_polls", SI("[sync]\ndaily_polls = 999\n"), ":2:", "from 1000 to"},
        {"sync workers", SI("[sync]\nworkers = 17\n"), ":2:", "from 1 to 16"},
        {"push workers", SI("[sync]\npush_workers = 17\n"), ":2:", "from 1 to 16"},
        {"store migrate", SI("[store]\nmigrate = off\n"), ":2: [store] migrate",
         "one of auto manual"},
        {"notifications", SI("[sync]\nnotifications = on\n"), ":2:", "one of auto off"},
        {"zone", SI("[sync]\ndefault_time_zone = Mars/Base\n"), ":2:",
         "a time zone of the system's tzdata"},
        {"zone path", SI("[sync]\ndefault_time_zone = ../passwd\n"), ":2:", "a time zone"},
        {"webhooks timeout", SI("[webhooks]\ntimeout = 31s\n"), ":2:", "from 1s to 30s"},
        {"webhooks workers", SI("[webhooks]\nworkers = 17\n"), ":2:", "from 1 to 16"},
        {"webhooks keep", SI("[webhooks]\nkeep = 59m\n"), ":2:", "from 3600s to"},
        {"webhooks network", SI("[webhooks]\nprivate_networks = 10.0.0.1/8\n"), ":2:",
         "networks, as 10.0.0.0/8"},
        {"webhooks name", SI("[webhooks]\nprivate_networks = ::1 localhost\n"), ":2:",
         "networks"},
        {"webhooks ca_file", SI("[webhooks]\nca_file = none\n"), ":2: [webhooks] ca_file",
         "can be read"},
        {"choice", SI("[log]\nlevel = loud\n"), ":2:", "one of error warn info debug"},
        {"requests", SI("[log]\nrequests = some\n"), ":2:", "one of all failed none"},
        {"switch", SI("[google]\nrevoke = yes\n"), ":2:", "on or off"},
        {"listen", SI("[server]\nlisten = nowhere\n"), ":2:", "127.0.0.1:8080"},
        {"listen port", SI("[server]\nlisten = 127.0.0.1:65536\n"), ":2:", "addresses"},
        {"listen name", SI("[server]\nlisten = localhost:80\n"), ":2:", "addresses"},
        {"listen IPv6", SI("[server]\nlisten = ::1:80\n"), ":2:", "addresses"},
        {"listen brackets", SI("[server]\nlisten = [1.2.3.4]:80\n"), ":2:", "addresses"},
        {"listen network", SI("[server]\nlisten = 10.0.0.0/8:80\n"), ":2:", "addresses"},
        {"listen unix", SI("[server]\nlisten = unix:\n"), ":2:", "unix:/path"},
        {"listen mode", SI("[server]\nlisten = unix:/x?mode=rw\n"), ":2:",
         "an octal mode up to 0777"},
        {"listen group", SI("[server]\nlisten = unix:/x?group=nobody-has-this\n"),
         ":2:", "a group that this system has"},
        {"listen off", SI("[server]\nlisten = off\n"), ":2:", "addresses"},
        {"metrics_listen", SI("[server]\nmetrics_listen = on\n"), ":2:", "addresses"},
        {"metrics_listen off", SI("[server]\nmetrics_listen = off 127.0.0.1:1\n"), ":2:",
         "addresses"},
        {"listen option", SI("[server]\nlisten = unix:/x?owner=root\n"), ":2:",
         "mode and group"},
        {"name control", SI("[server]\nname = a\tb\n"), ":2:", "a line of UTF-8"},
        {"name longer", SI("[server]\nname = " NAME_200 "x\n"), ":2:", "at most 200 bytes"},
        {"public_url", SI("[server]\npublic_url = http://example.com\n"), ":2:", "https"},
        {"public_url query", SI("[server]\npublic_url = https://a.example/?x\n"), ":2:",
         "without query"},
        {"proxies", SI("[server]\ntrusted_proxies = 10.0.0.0/33\n"), ":2:", "networks"},
        {"origin path", SI("[server]\ncors_origins = https://a.example/\n"), ":2:",
         "origins"},
        {"origin port", SI("[server]\ncors_origins = https://a.example:65536\n"), ":2:",
         "origins"},
        {"origin user", SI("[server]\ncors_origins = https://u@a.example\n"), ":2:",
         "origins"},
        {"origin host", SI("[server]\ncors_origins = https://a..example\n"), ":2:",
         "origins"},
        {"sandbox", SI("[server]\nsandbox = maybe\n"), ":2:", "on or off"},
        {"origin any", SI("[server]\ncors_origins = *\n"), ":2:", "origins"},
        {"source URL", SI("[google]\ntoken_url = http://example.com/t\n"), ":2:", "https"},
        {"tenant", SI("[microsoft]\ntenant = a/b\n"), ":2:", "letters"},
        {"no secret", SI("[google]\n\nclient_id = a\n"), ":3: [google] client_id",
         "client_secret"},
        {"secret file", SI("[google]\nclient_id=a\nclient_secret_file = none\n"), ":3:",
         "none\" cannot be read"},
        {"jwt empty", SI("[jwt a]\n"), ":1: [jwt a]", "wants issuer and audience"},
        {"jwt audience", SI("[jwt a]\nissuer=i\nproviders=1\nsecret=" SECRET "\n"), ":1:",
         "audience"},
        {"jwt providers", SI("[jwt a]\nissuer=i\naudience=b\nsecret=" SECRET "\n"), ":1:",
         "wants providers"},
        {"jwt provider 0", SI("[jwt a]\nproviders=0\n"), ":2:", "provider IDs"},
        {"jwt no key", SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\n"), ":1:",
         "exactly one of secret"},
        {"client secret", SI("[google]\nclient_id=a\nclient_secret=caf\u00e9\n"),
         ":3: [google] client_secret", "printable ASCII"},
        {"next client secret",
         SI("[microsoft]\nclient_id=a\nclient_secret=b\nclient_secret_next=\u00e9\n"),
         ":4: [microsoft] client_secret_next", "printable ASCII"},
        {"jwt two keys",
         SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nsecret=" SECRET
            "\njwks_url=https://a.example\n"),
         ":1:", "exactly one of secret"},
        {"jwt short secret", SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nsecret=x\n"),
         ":5: [jwt a] secret", "32"},
        {"jwt key file", SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nkey_file=x\n"),
         ":5: [jwt a] key_file", "can be read"},
        {"jwt algorithm", SI("[jwt a]\nalgorithms = none\n"), ":2:", "RS256 ES256 HS256"},
        {"jwt algorithm of a secret",
         SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nsecret=" SECRET
            "\nalgorithms=HS256 RS256\n"),
         ":6: [jwt a] algorithms", "type of the key"},
        {"jwt algorithm of a URL",
         SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\njwks_url=https://a.example\n"
            "algorithms=HS256\n"),
         ":6:", "type of the key"},
        {"jwt same issuer",
         SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nsecret=" SECRET
            "\n[jwt b]\nissuer=i\naudience=c\nproviders=*\nsecret=" SECRET "\n"),
         ":7: [jwt b] issuer", "another section"},
    };

    /* clang-format on */

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c = NULL;

        T_FAIL(FAIL_CONFIG, read_text(rows[i].text, &c));
        Str why = str_from_z(t_cx()->why.text);
        bool fits = str_starts(why, str_from_z(path))
                    && str_contains(why, str_from_z(rows[i].line))
                    && str_contains(why, str_from_z(rows[i].says));

        if (!fits || c != NULL) {
            print_error("%s: %s\n", rows[i].name, t_cx()->why.text);
        }
        T_TRUE(fits);
        T_TRUE(c == NULL); /* a failed call leaves its result alone */
    }
}

TEST(test_config_read_never_says_a_secret)
{
    static const Str rows[] = {
        SI("[google]\nclient_secret = hunter2\x01\n"),
        SI("[google]\nclient_secret = hunter2\nclient_secret = hunter2\n"),
        SI("[google]\nclient_secret hunter2\n"),
        SI("[store]\nurl = sqlite://u:hunter2@h/x.db\n"),
        SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nsecret=hunter2\n"),
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c;

        T_FAIL(FAIL_CONFIG, read_text(rows[i], &c));
        T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("hunter2")));
    }
}

TEST(test_config_read_has_a_default_for_everything)
{
    struct config *c;

    T_OK(read_text(S(""), &c));
    T_INT(c->listen.n, 1);
    T_STR(c->listen.at[0], S("127.0.0.1:8080"));
    T_INT(c->metrics_listen.n, 1);
    T_STR(c->metrics_listen.at[0], S("127.0.0.1:9464"));
    T_STR(c->settings.public_url, S("http://127.0.0.1:8080"));
    T_STR(c->settings.name, S(""));
    T_STR(c->settings.public_path, S(""));
    T_TRUE(c->threads >= 1);
    T_INT(c->workers, 64);
    T_INT(c->queue, 1024);
    T_INT(c->max_connections, 10000);
    T_INT(c->request_timeout_ms, 15000);
    T_INT(c->idle_timeout_ms, 75000);
    T_INT(c->shutdown_delay_ms, 0);
    T_INT(c->shutdown_timeout_ms, 25000);
    T_STR(c->store.url, S("sqlite:caldock.db"));
    T_STR(c->store.folder, str_from_z(folder));
    T_INT(c->store.pool, 8);
    T_TRUE(!c->store.is_migrated_by_hand);
    T_INT(c->settings.flow_timeout_s, 600);
    T_INT(c->settings.total_timeout_ms, 20000);
    T_INT(c->settings.net.connect_timeout_ms, 3000);
    T_INT(c->settings.net.timeout_ms, 10000);
    T_TRUE(c->settings.net.ca_file == NULL);
    T_INT(c->settings.auth.rate, 0);
    T_INT(c->settings.auth.burst, 100);
    T_TRUE(c->settings.auth.rates == NULL);
    T_INT(c->settings.auth.issuers.n, 0);
    T_INT(c->settings.sync.horizon_ms, INT64_C(180) * 24 * 3600 * 1000);
    T_INT(c->settings.sync.poll_ms, 15 * 60 * 1000);
    T_INT(c->settings.sync.poll_pushed_ms, 0);
    T_INT(c->settings.sync.daily_polls, 400000);
    T_INT(c->sync_workers, 8);
    T_INT(c->push_workers, 4);
    T_INT(c->settings.sync.notifications, 1);
    T_STR(c->settings.sync.default_time_zone, S("UTC"));
    T_INT(c->settings.hooks.net.timeout_ms, 15000);
    T_INT(c->settings.hooks.net.connect_timeout_ms, 15000);
    T_TRUE(c->settings.hooks.net.ca_file == NULL);
    T_INT(c->settings.hooks.net.guard->n_open, 0);
    T_INT(c->settings.hooks.workers, 4);
    T_INT(c->settings.hooks.keep_ms, 7 * 24 * 3600 * 1000);
    T_INT(c->log_level, LEVEL_INFO);
    T_INT(c->log_format, FORMAT_LOGFMT);
    T_INT(c->log_requests, CONFIG_REQUESTS_ALL);
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        T_TRUE(!c->settings.sources[i].is_on && c->settings.sources[i].jwks == NULL);
    }
    config_unref(&c);
    T_TRUE(c == NULL);
}

TEST(test_config_read_takes_the_longest_shutdown_delay)
{
    struct config *c;

    T_OK(read_text(S("[server]\nshutdown_delay = 10m\n"), &c));
    T_INT(c->shutdown_delay_ms, LIMIT_SHUTDOWN_DELAY_MS);
    config_unref(&c);
}

TEST(test_config_read_reads_each_type)
{
    struct config *c;

    put_file("secret", S("from a file ;#\r\n"));
    T_OK(read_text(
        S("\xEF\xBB\xBF# a comment\r\n; another\r\n\r\n"
          "[server]\r\n"
          "  listen = 127.0.0.1:0, [::]:8080\tunix:run/sock?mode=0600&group=0\r\n"
          "public_url: https://a.example/caldock/\r\n"
          "name = Müller & Söhne " NAME_183 "\r\n"
          "trusted_proxies = 10.0.0.0/8 ::1, unix\r\n"
          "cors_origins = https://app.example http://localhost:3000\r\n"
          "metrics_listen = off\r\n"
          "request_timeout = 1m\r\n"
          "[ google ]\r\n"
          "client_id = id\r\n"
          "client_secret_file = secret\r\n"
          "client_secret_next = a ;b #c = d\r\n"
          "client_secret_expires = 1970-01-02\r\n"
          "scopes = openid,email\r\n"
          "accounts = work\r\n"
          "revoke = off\r\n"
          "[jwt acme]\r\n"
          "issuer = https://acme.example\r\n"
          "audience = *\r\n"
          "providers = 7, 42\r\n"
          "secret = " SECRET "\r\n"
          "claim_user = uid\r\n"
          "[limits]\r\n"
          "rate = 5"),
        &c));
    const struct source_settings *google = &c->settings.sources[SOURCE_GOOGLE - 1];
    const struct jwt_issuer *issuer = &c->settings.auth.issuers.at[0];

    T_INT(c->metrics_listen.n, 0);
    T_INT(c->listen.n, 3);
    T_STR(c->listen.at[1], S("[::]:8080"));
    T_STR(
        c->listen.at[2],
        str_cat(
            &t_cx()->mem, S("unix:"),
            str_cat(&t_cx()->mem, str_from_z(folder), S("/run/sock?mode=0600&group=0"))));
    T_STR(c->settings.public_url, S("https://a.example/caldock"));
    T_STR(c->settings.public_path, S("/caldock"));
    T_STR(c->settings.name, S("Müller & Söhne " NAME_183));
    T_INT(c->trusted_proxies.n, 3);
    T_INT(c->settings.n_cors_origins, 2);
    T_INT(c->request_timeout_ms, 60000);
    T_TRUE(google->is_on && google->jwks != NULL && !google->revoke);
    T_STR(google->client.client_secret, S("from a file ;#"));
    T_STR(google->client.client_secret_next, S("a ;b #c = d"));
    T_INT(google->secret_expires_s, 24 * 3600);
    T_STR(google->client.scopes, S("openid email"));
    T_STR(
        google->client.redirect_uri,
        S("https://a.example/caldock/oauth2/callback/google"));
    T_INT(google->accounts, ACCOUNTS_WORK);
    T_TRUE(google->client.token_url.n > 0);
    T_INT(c->settings.auth.issuers.n, 1);
    T_STR(issuer->name, S("acme"));
    T_INT(issuer->n_providers, 2);
    T_INT(issuer->providers[1], 42);
    T_TRUE(issuer->keys != NULL && issuer->algs == JWS_HS256);
    T_STR(issuer->claim_user, S("uid"));
    T_STR(issuer->claim_modes, S("modes"));
    T_TRUE(c->settings.auth.rates != NULL);
    config_unref(&c);
}

TEST(test_config_read_takes_sync_to_its_edges)
{
    static const struct {
        Str text;
        int64_t horizon_days, poll_s, pushed_s, polls, workers;
    } rows[] = {
        {SI("[sync]\nhorizon = 7d\npoll = 60s\npoll_pushed = 60s\ndaily_polls = 1000\n"
            "workers = 1\npush_workers = 1\n"),
         7, 60, 60, 1000, 1},
        {SI("[sync]\nhorizon = 366d\npoll = 1d\npoll_pushed = 1d\n"
            "daily_polls = 1000000000\nworkers = 16\npush_workers = 16\n"),
         366, 86400, 86400, 1000000000, 16},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c;

        T_OK(read_text(rows[i].text, &c));
        T_INT(c->settings.sync.horizon_ms, rows[i].horizon_days * 24 * 3600 * 1000);
        T_INT(c->settings.sync.poll_ms, rows[i].poll_s * 1000);
        T_INT(c->settings.sync.poll_pushed_ms, rows[i].pushed_s * 1000);
        T_INT(c->settings.sync.daily_polls, rows[i].polls);
        T_INT(c->sync_workers, rows[i].workers);
        T_INT(c->push_workers, rows[i].workers);
        config_unref(&c);
    }
}

TEST(test_config_read_takes_webhooks_to_their_edges)
{
    static const struct {
        Str text;
        int64_t timeout_s, workers, keep_h;
        size_t open;
    } rows[] = {
        {SI("[webhooks]\ntimeout = 1s\nworkers = 1\nkeep = 1h\n"), 1, 1, 1, 0},
        {SI("[webhooks]\ntimeout = 30s\nworkers = 16\nkeep = 90d\n"
            "private_networks = 127.0.0.0/8, fd00::/8 ::1\n"),
         30, 16, 90 * 24, 3},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c;

        T_OK(read_text(rows[i].text, &c));
        T_INT(c->settings.hooks.net.timeout_ms, rows[i].timeout_s * 1000);
        T_INT(c->settings.hooks.workers, rows[i].workers);
        T_INT(c->settings.hooks.keep_ms, rows[i].keep_h * 3600 * 1000);
        T_INT(c->settings.hooks.net.guard->n_open, rows[i].open);
        config_unref(&c);
    }
}

TEST(test_config_read_lets_the_environment_win)
{
    static const char *const vars[][2] = {
        {"CALDOCK_SERVER_WORKERS", "7"},
        {"CALDOCK_GOOGLE_CLIENT_SECRET_FILE", "secret"},
        {"CALDOCK_LOG_LEVEL", ""},
        {"CALDOCK_JWT_ACME_CORP_ISSUER", "https://acme.example"},
        {"CALDOCK_JWT_ACME_CORP_AUDIENCE", "b"},
        {"CALDOCK_JWT_ACME_CORP_PROVIDERS", "*"},
        {"CALDOCK_JWT_ACME_CORP_SECRET", SECRET},
        {"CALDOCK_JWT_ACME_CORP_CLAIM_PROVIDERS", "p"},
        {"CALDOCK_SERVER_PORT", "tcp://10.0.0.1:80"},
        {"CALDOCK_STORE_SERVICE_HOST", "10.0.0.1"},
        {"CALDOCK_PORT_80_TCP", "x"},
        {"CALDOCK_LISTEN_SERVICE_HOST", "10.0.0.7"},
        {"CALDOCK_URL", "https://caldock.example"},
        {"CALDOCK_TEST_SECRET", "s"},
        {"CALDOCK_STORE_POSTGRESQL_SERVICE_HOST", "10.0.0.7"},
        {"CALDOCK_STORE_POSTGRESQL_SERVICE_PORT", "5432"},
        {"CALDOCK_STORE_POSTGRESQL_SERVICE_PORT_TCP_POSTGRESQL", "5432"},
        {"CALDOCK_LOG_COLLECTOR_PORT", "tcp://10.0.0.7:5432"},
        {"CALDOCK_LOG_COLLECTOR_PORT_5432_TCP", "tcp://10.0.0.7:5432"},
        {"CALDOCK_SERVER_METRICS_PORT_53_UDP_PROTO", "udp"},
        {"CALDOCK_JWT_ISSUER_PORT_5432_TCP_PORT", "5432"},
        {"CALDOCK_JWT_ISSUER_PORT_5432_TCP_ADDR", "10.0.0.7"},
    };
    struct config *c;

    for (size_t i = 0; i < COUNT(vars); i++) {
        T_INT(setenv(vars[i][0], vars[i][1], 1), 0);
    }
    put_file("secret", S("s"));
    T_OK(read_text(
        S("[server]\nworkers=1\n[google]\nclient_id=a\nclient_secret=b\n"
          "[log]\nlevel=warn\n[jwt Acme-Corp]\nissuer=x\nclaim_user=u\n"),
        &c));
    T_INT(c->workers, 7);
    T_STR(c->settings.sources[SOURCE_GOOGLE - 1].client.client_secret, S("s"));
    T_INT(c->log_level, LEVEL_WARN); /* an empty variable is as if it were not set */
    T_INT(c->settings.auth.issuers.n, 1);
    T_STR(c->settings.auth.issuers.at[0].name, S("acme_corp"));
    T_STR(c->settings.auth.issuers.at[0].issuer, S("https://acme.example"));
    T_STR(c->settings.auth.issuers.at[0].claim_user, S("u"));
    T_STR(c->settings.auth.issuers.at[0].claim_providers, S("p"));
    config_unref(&c);
    for (size_t i = 0; i < COUNT(vars); i++) {
        T_INT(unsetenv(vars[i][0]), 0);
    }
}

TEST(test_config_read_names_the_variable_that_is_wrong)
{
    static const char *const rows[][3] = {
        {"CALDOCK_SERVER_WORKERS", "many", "from 1 to 4096"},
        {"CALDOCK_SERVER_WORKER", "1", "no such key"},
        {"CALDOCK_SERVER_PORTS", "1", "no such key"},
        {"CALDOCK_SERVER_PORT_TCP", "1", "no such key"},
        {"CALDOCK_SERVER_PORT_80_TCP_NAME", "1", "no such key"},
        {"CALDOCK_STORE_SERVICE_HOSTS", "1", "no such key"},
        {"CALDOCK_JWT_ACME_FOO", "1", "no such section"},
        {"CALDOCK_GOGGLE_CLIENT_ID", "1", "no such section"},
        {"CALDOCK_GOGGLE_CLIENT_SECRET_FILE", "x", "no such section"},
        {"CALDOCK_SERVERR_LISTEN", "1", "no such section"},
        {"CALDOCK_PUBLIC_URL", "1", "no such section"},
        {"CALDOCK_JWT_ACME_SECRET", "x", "wants issuer"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c;

        T_INT(setenv(rows[i][0], rows[i][1], 1), 0);
        T_FAIL(FAIL_CONFIG, read_text(S(""), &c));
        T_INT(unsetenv(rows[i][0]), 0);
        Str why = str_from_z(t_cx()->why.text);

        T_TRUE(str_starts(why, str_from_z(rows[i][0])));
        T_TRUE(str_contains(why, str_from_z(rows[i][2])));
    }
}

TEST(test_config_read_finds_its_file)
{
    struct config *c;
    char *old = getcwd(NULL, 0);

    T_FAIL(FAIL_CONFIG, config_read(t_cx(), "/nowhere/c.conf", &c));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("/nowhere/c.conf")));
    T_INT(setenv("CALDOCK_CONFIG", "/nowhere/d.conf", 1), 0);
    T_FAIL(FAIL_CONFIG, config_read(t_cx(), NULL, &c));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("/nowhere/d.conf")));
    put_file("c.conf", S("[server]\nworkers = 3\n"));
    T_INT(setenv("CALDOCK_CONFIG", path, 1), 0);
    T_OK(config_read(t_cx(), NULL, &c));
    T_INT(c->workers, 3);
    config_unref(&c);
    T_INT(unsetenv("CALDOCK_CONFIG"), 0);
    T_INT(chdir(folder), 0);
    T_OK(config_read(t_cx(), "c.conf", &c)); /* a file without a folder */
    T_STR(c->folder, S(""));
    T_STR(str_from_z(c->key_file), S("caldock.keys"));
    config_unref(&c);
    T_INT(chdir(old), 0);
    free(old);
}

#define REREAD(url)                                                                      \
    "[google]\nclient_id = g\nclient_secret = x\n[limits]\nrate = 5\n"                   \
    "[jwt a]\nissuer = i\naudience = b\nproviders = *\njwks_url = " url "\n"

TEST(test_config_reread_keeps_what_was_learnt)
{
    struct config *first;
    struct config *second;

    T_OK(read_text(S(REREAD("https://a.example")), &first));
    put_file("c.conf", S(REREAD("https://b.example")));
    T_OK(config_reread(t_cx(), first, &second));
    T_TRUE(second->settings.sources[0].jwks == first->settings.sources[0].jwks);
    T_TRUE(first->settings.auth.rates != NULL);
    T_TRUE(second->settings.auth.rates == first->settings.auth.rates);
    T_TRUE(
        second->settings.auth.issuers.at[0].jwks
        != first->settings.auth.issuers.at[0].jwks);
    struct jwks *kept = second->settings.auth.issuers.at[0].jwks;

    config_unref(&first);
    put_file("c.conf", S(REREAD("https://b.example")));
    T_OK(config_reread(t_cx(), second, &first));
    T_TRUE(first->settings.auth.issuers.at[0].jwks == kept);
    config_unref(&second);
    T_TRUE(jwks_needs_fetch(first->settings.auth.issuers.at[0].jwks, S("")));
    config_unref(&first);
}

static Str changes_between(Str before, Str now, enum config_takes when)
{
    struct config *first;
    struct config *second;

    T_OK(read_text(before, &first));
    put_file("c.conf", now);
    T_OK(config_reread(t_cx(), first, &second));
    Str changes = config_changes(&t_cx()->mem, first, second, when);

    config_unref(&first);
    config_unref(&second);
    return changes;
}

#define ISSUER(name, secret)                                                             \
    "[jwt " name "]\nissuer = " name "\naudience = b\nproviders = *\nsecret = " secret   \
    "\n"

TEST(test_config_changes_names_keys_and_no_values)
{
    /* clang-format off */
    static const struct {
        const char *name;
        Str before, now;
        Str changed, waiting;
    } rows[] = {
        {"the same", SI("[log]\nlevel = info\n"), SI("[log]\nlevel = info\n"), SI(""),
         SI("")},
        {"a default written down", SI(""), SI("[log]\nlevel = info\n"), SI(""), SI("")},
        {"of both kinds", SI(""),
         SI("[server]\nlisten = [::]:1\nqueue = 7\npublic_url = https://a.example\n"
            "[log]\nlevel = warn\n"),
         SI("[server] public_url, [log] level"), SI("[server] listen, [server] queue")},
        {"a secret", SI("[google]\nclient_id = a\nclient_secret = before\n"),
         SI("[google]\nclient_id = a\nclient_secret = now\n"),
         SI("[google] client_secret"), SI("")},
        {"a key that is gone", SI("[oauth]\ntimeout = 9s\n"), SI(""),
         SI("[oauth] timeout"), SI("")},
        {"sections",
         SI(ISSUER("a", SECRET) ISSUER("b", SECRET)),
         SI(ISSUER("c", SECRET) ISSUER("b", "x" SECRET)),
         SI("[jwt c] issuer, [jwt c] audience, [jwt c] providers, [jwt c] secret, "
            "[jwt c] claim_user, [jwt c] claim_providers, [jwt c] claim_modes, "
            "[jwt b] secret, [jwt a] issuer, [jwt a] audience, [jwt a] providers, "
            "[jwt a] secret, [jwt a] claim_user, [jwt a] claim_providers, "
            "[jwt a] claim_modes"),
         SI("")},
    };

    /* clang-format on */

    for (size_t i = 0; i < COUNT(rows); i++) {
        print_message("%s\n", rows[i].name);
        T_STR(
            changes_between(rows[i].before, rows[i].now, CONFIG_AT_ONCE),
            rows[i].changed);
        T_STR(
            changes_between(rows[i].before, rows[i].now, CONFIG_AT_RESTART),
            rows[i].waiting);
    }
}

TEST(test_config_changes_sees_into_a_secret_s_file)
{
    const Str text = S("[google]\nclient_id = a\nclient_secret_file = secret\n");
    struct config *first;
    struct config *second;

    put_file("secret", S("before"));
    T_OK(read_text(text, &first));
    put_file("secret", S("now"));
    T_OK(config_reread(t_cx(), first, &second));
    T_STR(
        config_changes(&t_cx()->mem, first, second, CONFIG_AT_ONCE),
        S("[google] client_secret"));
    config_unref(&first);
    config_unref(&second);
}

#define OCT(k)                                                                           \
    "{\"kty\": \"oct\", \"k\": \"" k "0123456789012345678901234567890123456789AA\"}"

/* The same name with another content: a reload reads it, and says so. */
TEST(test_config_changes_sees_into_a_named_file)
{
    static const struct {
        Str text;
        Str changed;
    } rows[] = {
        {SI("[oauth]\nca_file = jwk\n"), SI("[oauth] ca_file")},
        {SI("[jwt a]\nissuer = i\naudience = b\nproviders = *\nkey_file = jwk\n"),
         SI("[jwt a] key_file")},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *first;
        struct config *second;
        struct config *third;

        put_file("jwk", S(OCT("A")));
        T_OK(read_text(rows[i].text, &first));
        T_OK(config_reread(t_cx(), first, &second));
        put_file("jwk", S(OCT("B")));
        T_OK(config_reread(t_cx(), second, &third));
        T_STR(config_changes(&t_cx()->mem, first, second, CONFIG_AT_ONCE), S(""));
        T_STR(
            config_changes(&t_cx()->mem, second, third, CONFIG_AT_ONCE), rows[i].changed);
        T_TRUE(first->settings.net.ca_mark == second->settings.net.ca_mark);
        T_TRUE((i == 0) == (second->settings.net.ca_mark != third->settings.net.ca_mark));
        config_unref(&first);
        config_unref(&second);
        config_unref(&third);
    }
}

static void put_zeros(const char *name, off_t bytes)
{
    char full[sizeof(folder) + 32];

    put_file(name, S(""));
    (void)snprintf(full, sizeof(full), "%s/%s", folder, name);
    T_INT(truncate(full, bytes), 0);
}

TEST(test_config_read_takes_named_files_up_to_their_limit)
{
    struct config *c;

    put_zeros("jwk", LIMIT_NAMED_FILE_BYTES);
    T_OK(read_text(S("[oauth]\nca_file = jwk\n"), &c));
    T_TRUE(c->settings.net.ca_mark != 0);
    config_unref(&c);
    put_zeros("jwk", LIMIT_NAMED_FILE_BYTES + 1);
    T_FAIL(FAIL_CONFIG, read_text(S("[oauth]\nca_file = jwk\n"), &c));
}

/* Also what comes after the value that is refused, and a file that can't be read. */
TEST(test_config_changes_knows_what_was_refused)
{
    static const struct {
        Str now;
        Str changed;
    } rows[] = {
        {SI("[server]\nqueue = none\nlisten = [::]:1\n[log]\nlevel = warn\n"
            "[jwt a]\nissuer = i\n"),
         SI("[server] listen, [server] queue, [google] client_id, "
            "[google] client_secret, [log] level, [jwt a] issuer, [jwt a] claim_user, [jwt a] claim_providers, [jwt a] claim_modes")},
        {SI("[google]\nclient_id = a\nclient_secret_file = none\n[log]\nlevel = warn\n"),
         SI("[google] client_secret, [log] level")},
        {SI("[google]\nclient_id = a\n"), SI("[google] client_secret")},
        {SI("[server]\nno_such_key = 1\n[log]\nlevel = warn\n"), SI("")},
    };
    struct config *first;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *second;

        T_OK(read_text(S("[google]\nclient_id = a\nclient_secret = b\n"), &first));
        put_file("c.conf", rows[i].now);
        T_FAIL(FAIL_CONFIG, config_reread(t_cx(), first, &second));
        T_STR(config_changes(&t_cx()->mem, first, second, CONFIG_EVER), rows[i].changed);
        config_unref(&first);
        config_unref(&second);
    }
}

TEST(test_config_changes_ends_where_it_gets_long)
{
    struct buf b = {.mem = &t_cx()->mem, .max = TEXT_BYTES};

    for (char name = 'a'; name <= 'p'; name++) {
        Str section = str_cat(&t_cx()->mem, S("[jwt "), (Str){&name, 1});

        buf_add(&b, section);
        buf_add(&b, S("]\nissuer = "));
        buf_add_char(&b, name);
        buf_add(&b, S("\naudience = b\nproviders = *\nsecret = " SECRET "\n"));
    }
    Str changes = changes_between(S(""), buf_text(&b), CONFIG_AT_ONCE);

    T_TRUE(changes.n > 900 && changes.n <= 1000);
    T_TRUE(str_starts(changes, S("[jwt a] issuer, ")) && str_ends(changes, S(", …")));
}

TEST(test_config_read_holds_its_limits)
{
    static const struct {
        size_t line; /* of the long line */
        bool ok;
    } rows[] = {
        {LIMIT_CONFIG_LINE_BYTES, true},
        {LIMIT_CONFIG_LINE_BYTES + 1, false},
    };

    static char text[TEXT_BYTES];

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c;
        int n = snprintf(
            text, sizeof(text), "[google]\nclient_id=%0*d\nclient_secret=x\n",
            (int)rows[i].line - 10, 7);
        Res res = read_text((Str){text, (size_t)n}, &c);

        T_INT(res.code, rows[i].ok ? FAIL_NONE : FAIL_CONFIG);
        if (rows[i].ok) {
            Str id = c->settings.sources[SOURCE_GOOGLE - 1].client.client_id;

            T_INT(id.n, rows[i].line - 10);
            config_unref(&c);
        } else {
            T_TRUE(str_contains(
                str_from_z(t_cx()->why.text), S(":2: the line is too long")));
        }
    }
}

TEST(test_config_read_takes_no_more_than_the_file_may_have)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_CONFIG_BYTES + 1};
    struct config *c;

    while (b.n < LIMIT_CONFIG_BYTES) {
        buf_add(&b, b.n % 2 == 0 ? S("#") : S("\n"));
    }
    T_OK(read_text(buf_text(&b), &c));
    config_unref(&c);
    buf_add_char(&b, '\n');
    T_FAIL(FAIL_CONFIG, read_text(buf_text(&b), &c));
}

TEST(test_config_read_takes_secrets_up_to_their_limit)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_SECRET_FILE_BYTES + 1};
    Str text = S("[google]\nclient_id=a\nclient_secret_file=secret\n");
    struct config *c;

    while (b.n < LIMIT_SECRET_FILE_BYTES) {
        buf_add_char(&b, 's');
    }
    put_file("secret", buf_text(&b));
    T_OK(read_text(text, &c));
    T_INT(
        c->settings.sources[SOURCE_GOOGLE - 1].client.client_secret.n,
        LIMIT_SECRET_FILE_BYTES);
    config_unref(&c);
    buf_add_char(&b, 's');
    put_file("secret", buf_text(&b));
    T_FAIL(FAIL_CONFIG, read_text(text, &c));
}

TEST(test_config_read_takes_a_secret_file_as_it_is)
{
    static const struct {
        const char *name;
        Str file;
        Str want; /* empty: refused */
        Str says;
    } rows[] = {
        {"no line ending", SI("s3cret"), SI("s3cret"), SI("")},
        {"a line ending", SI("s3cret\n"), SI("s3cret"), SI("")},
        {"Windows' line ending", SI("s3cret\r\n"), SI("s3cret"), SI("")},
        {"white space and quotes inside", SI(" a\"b\" \n"), SI(" a\"b\" "), SI("")},
        {"a quote alone", SI("\"\n"), SI("\""), SI("")},
        {"a byte order mark", SI("\xEF\xBB\xBFs3cret\n"), SI(""), SI("byte order mark")},
        {"UTF-16, little end first", SI("\xFF\xFEs\0\n\0"), SI(""), SI("is UTF-16")},
        {"UTF-16, big end first", SI("\xFE\xFF\0s\0\n"), SI(""), SI("is UTF-16")},
        {"UTF-16 without a mark", SI("s\0e\0"), SI(""), SI("NUL")},
        {"a NUL at the end", SI("s3cret\0"), SI(""), SI("NUL")},
        {"two lines", SI("s3cret\nmore\n"), SI(""), SI("more than one line")},
        {"two line endings", SI("s3cret\n\n"), SI(""), SI("more than one line")},
        {"quotes", SI("\"s3cret\"\n"), SI(""), SI("has quotes")},
        {"single quotes", SI("'s3cret'"), SI(""), SI("has quotes")},
    };

    Str text = S("[google]\nclient_id=a\nclient_secret_file=secret\n");

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c = NULL;

        print_message("%s\n", rows[i].name);
        put_file("secret", rows[i].file);
        Res res = read_text(text, &c);

        T_INT(res.code, rows[i].want.n > 0 ? FAIL_NONE : FAIL_CONFIG);
        if (c == NULL) {
            Str why = str_from_z(t_cx()->why.text);

            T_TRUE(str_contains(why, rows[i].says));
            T_TRUE(str_contains(why, S("secret\"")) && str_contains(why, S(":3:")));
            T_TRUE(!str_contains(why, S("s3cret")));
            continue;
        }
        T_STR(c->settings.sources[SOURCE_GOOGLE - 1].client.client_secret, rows[i].want);
        config_unref(&c);
    }
}

/* The rule itself is tested with the key file. */
TEST(test_config_read_refuses_a_secret_file_that_others_may_use)
{
    static const struct {
        mode_t mode;
        const char *says; /* NULL: it is taken */
    } rows[] = {
        {0600, NULL},
        {0400, NULL},
        {0440, NULL},
        {0640, NULL},
        {0644, "all users may use the secret file (mode 0644): chmod 600"},
        {0604, "all users may use the secret file (mode 0604): chmod 600"},
        {0660, "may write the secret file (mode 0660): chmod 600"},
        {0602, "may write the secret file (mode 0602): chmod 600"},
    };

    char full[sizeof(folder) + 32];
    struct statfs fs;

    (void)snprintf(full, sizeof(full), "%s/secret", folder);
    must_be(statfs(folder, &fs) == 0);
    if (geteuid() == 0 && fs.f_type == TMPFS_MAGIC) {
        skip(); /* there it may be a container's secret */
    }
    put_file("secret", S("s3cret"));
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c = NULL;

        T_INT(chmod(full, rows[i].mode), 0);
        Res res = read_text(S("[google]\nclient_id=a\nclient_secret_file=secret\n"), &c);

        T_INT(res.code, rows[i].says == NULL ? FAIL_NONE : FAIL_CONFIG);
        if (c == NULL) {
            Str why = str_from_z(t_cx()->why.text);

            T_TRUE(str_contains(why, str_from_z(rows[i].says)));
            T_TRUE(str_contains(why, S(":3: [google] client_secret")));
        }
        config_unref(&c);
    }
    T_INT(unlink(full), 0);
}

/* None of them is waited for, and the reason is its own. */
TEST(test_config_read_says_why_a_secret_file_cannot_be_read)
{
    static char large[LIMIT_SECRET_FILE_BYTES + 1];

    const struct {
        const char *file;
        const char *says;
    } rows[] = {
        {"nowhere", "nowhere\" cannot be read by user "},
        {"nowhere", "): No such file or directory"},
        {"nowhere/secret", "): No such file or directory"},
        {".", "): Is a directory"},
        {"pipe", "): it must be a plain file"},
        {"large", "): it is larger than "},
    };

    char pipe[sizeof(folder) + 32];

    (void)snprintf(pipe, sizeof(pipe), "%s/pipe", folder);
    T_INT(mkfifo(pipe, 0600), 0);
    memset(large, 'x', sizeof(large));
    put_file("large", (Str){large, sizeof(large)});
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c = NULL;
        Str text = str_cat(
            &t_cx()->mem, S("[google]\nclient_id=a\nclient_secret_file="),
            str_from_z(rows[i].file));

        T_FAIL(FAIL_CONFIG, read_text(text, &c));
        T_TRUE(str_contains(str_from_z(t_cx()->why.text), str_from_z(rows[i].says)));
    }
    T_INT(unlink(pipe), 0);
    (void)snprintf(pipe, sizeof(pipe), "%s/large", folder);
    T_INT(unlink(pipe), 0);
}

TEST(test_config_read_takes_1000_values)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_CONFIG_BYTES};
    struct config *c;

    for (int i = 0; i < LIMIT_CONFIG_VALUES; i++) {
        buf_add(&b, S("[log]\n"));
    }
    T_OK(read_text(buf_text(&b), &c));
    config_unref(&c);
    buf_add(&b, S("[log]\n"));
    T_FAIL(FAIL_CONFIG, read_text(buf_text(&b), &c));
}

TEST(test_config_read_takes_names_up_to_their_limit)
{
    static char text[TEXT_BYTES];
    struct config *c;

    for (int over = 0; over <= 1; over++) {
        int n = snprintf(
            text, sizeof(text),
            "[jwt %0*d]\nissuer=i\naudience=a\nproviders=*\nsecret=" SECRET "\n",
            LIMIT_CONFIG_NAME_BYTES - 6 + over, 7);
        Res res = read_text((Str){text, (size_t)n}, &c);

        T_INT(res.code, over == 0 ? FAIL_NONE : FAIL_CONFIG);
        if (over == 0) {
            T_INT(c->settings.auth.issuers.at[0].name.n, LIMIT_CONFIG_NAME_BYTES - 6);
            config_unref(&c);
        }
    }
}

TEST(test_sample_config_is_a_configuration_of_defaults)
{
    struct config *c;
    Str text;

    T_OK(sample_config(t_cx(), &text));
    T_OK(read_text(text, &c));
    T_INT(c->workers, 64);
    config_unref(&c);
}

/* A line of the sample is a valid setting without its comment sign. */
TEST(test_sample_config_shows_defaults_that_can_be_read)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_CONFIG_BYTES};
    struct config *c;
    Str text, line;

    T_OK(sample_config(t_cx(), &text));
    while (str_next_part(&text, '\n', &line)) {
        bool is_shown = str_starts(line, S("#")) && !str_starts(line, S("# "))
                        && !str_starts(line, S("#[")) && !str_starts(line, S("#claim"));

        buf_add(&b, is_shown ? str_sub(line, 1, line.n) : line);
        buf_add_char(&b, '\n');
    }
    T_TRUE(str_contains(buf_text(&b), S("\nworkers = 64\n")));
    T_TRUE(str_contains(buf_text(&b), S("calendar.events\n")));
    text = buf_text(&b);
    size_t end = 0;

    while (!str_starts(str_sub(text, end, text.n), S("\n#[jwt"))) {
        end++;
    }
    T_OK(read_text(str_sub(text, 0, end), &c)); /* a jwt section has no default */
    config_unref(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_config_read_says_where_and_what_would_be_right),
        T(test_config_read_never_says_a_secret),
        T(test_config_read_has_a_default_for_everything),
        T(test_config_read_takes_the_longest_shutdown_delay),
        T(test_config_read_reads_each_type),
        T(test_config_read_takes_sync_to_its_edges),
        T(test_config_read_takes_webhooks_to_their_edges),
        T(test_config_read_lets_the_environment_win),
        T(test_config_read_names_the_variable_that_is_wrong),
        T(test_config_read_finds_its_file),
        T(test_config_reread_keeps_what_was_learnt),
        T(test_config_changes_names_keys_and_no_values),
        T(test_config_changes_sees_into_a_secret_s_file),
        T(test_config_changes_sees_into_a_named_file),
        T(test_config_read_takes_named_files_up_to_their_limit),
        T(test_config_changes_knows_what_was_refused),
        T(test_config_changes_ends_where_it_gets_long),
        T(test_config_read_holds_its_limits),
        T(test_config_read_takes_no_more_than_the_file_may_have),
        T(test_config_read_takes_a_secret_file_as_it_is),
        T(test_config_read_refuses_a_secret_file_that_others_may_use),
        T(test_config_read_says_why_a_secret_file_cannot_be_read),
        T(test_config_read_takes_secrets_up_to_their_limit),
        T(test_config_read_takes_1000_values),
        T(test_config_read_takes_names_up_to_their_limit),
        T(test_sample_config_is_a_configuration_of_defaults),
        T(test_sample_config_shows_defaults_that_can_be_read),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
