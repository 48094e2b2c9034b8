/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "app/config.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/testing.h"

enum { TEXT_BYTES = 16 * 1024 };

static char folder[] = "/tmp/caldock-config-XXXXXX";
static char path[sizeof(folder) + 32];

#define SECRET "01234567890123456789012345678901"

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

/* What must be in the reason: line, key, and what would be right. */
static void test_config_read_says_where_and_what_would_be_right(void **state)
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
        {"store", SI("[store]\nurl = mysql://a\n"), ":2: [store] url", "sqlite:FILE"},
        {"ca_file", SI("[oauth]\nca_file = none\n"), ":2: [oauth] ca_file", "can be read"},
        {"choice", SI("[log]\nlevel = loud\n"), ":2:", "one of error warn info debug"},
        {"switch", SI("[google]\nrevoke = yes\n"), ":2:", "on or off"},
        {"listen", SI("[server]\nlisten = nowhere\n"), ":2:", "127.0.0.1:8080"},
        {"listen port", SI("[server]\nlisten = 127.0.0.1:65536\n"), ":2:", "addresses"},
        {"listen name", SI("[server]\nlisten = localhost:80\n"), ":2:", "addresses"},
        {"listen IPv6", SI("[server]\nlisten = ::1:80\n"), ":2:", "addresses"},
        {"listen brackets", SI("[server]\nlisten = [1.2.3.4]:80\n"), ":2:", "addresses"},
        {"listen network", SI("[server]\nlisten = 10.0.0.0/8:80\n"), ":2:", "addresses"},
        {"listen unix", SI("[server]\nlisten = unix:\n"), ":2:", "unix:/path"},
        {"public_url", SI("[server]\npublic_url = http://example.com\n"), ":2:", "https"},
        {"public_url query", SI("[server]\npublic_url = https://a.example/?x\n"), ":2:",
         "without query"},
        {"proxies", SI("[server]\ntrusted_proxies = 10.0.0.0/33\n"), ":2:", "networks"},
        {"origin path", SI("[server]\ncors_origins = https://a.example/\n"), ":2:",
         "origins"},
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
        {"jwt two keys",
         SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nsecret=" SECRET
            "\njwks_url=https://a.example\n"),
         ":1:", "exactly one of secret"},
        {"jwt short secret", SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nsecret=x\n"),
         ":5: [jwt a] secret", "32"},
        {"jwt key file", SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nkey_file=x\n"),
         ":5: [jwt a] key_file", "cannot be read"},
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

    (void)state;
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

static void test_config_read_never_says_a_secret(void **state)
{
    static const Str rows[] = {
        SI("[google]\nclient_secret = hunter2\x01\n"),
        SI("[google]\nclient_secret = hunter2\nclient_secret = hunter2\n"),
        SI("[google]\nclient_secret hunter2\n"),
        SI("[jwt a]\nissuer=i\naudience=b\nproviders=*\nsecret=hunter2\n"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config *c;

        T_FAIL(FAIL_CONFIG, read_text(rows[i], &c));
        T_TRUE(!str_contains(str_from_z(t_cx()->why.text), S("hunter2")));
    }
}

static void test_config_read_has_a_default_for_everything(void **state)
{
    struct config *c;

    (void)state;
    T_OK(read_text(S(""), &c));
    T_INT(c->listen.n, 1);
    T_STR(c->listen.at[0], S("127.0.0.1:8080"));
    T_STR(c->settings.public_url, S("http://127.0.0.1:8080"));
    T_STR(c->settings.public_path, S(""));
    T_TRUE(c->threads >= 1);
    T_INT(c->workers, 64);
    T_INT(c->queue, 1024);
    T_INT(c->max_connections, 10000);
    T_INT(c->request_timeout_ms, 15000);
    T_INT(c->idle_timeout_ms, 75000);
    T_INT(c->shutdown_timeout_ms, 25000);
    T_STR(c->store.url, S("sqlite:caldock.db"));
    T_STR(c->store.folder, str_from_z(folder));
    T_INT(c->store.pool, 8);
    T_INT(c->settings.flow_timeout_s, 600);
    T_INT(c->settings.total_timeout_ms, 20000);
    T_INT(c->settings.net.connect_timeout_ms, 3000);
    T_INT(c->settings.net.timeout_ms, 10000);
    T_TRUE(c->settings.net.ca_file == NULL);
    T_INT(c->settings.auth.rate, 0);
    T_INT(c->settings.auth.burst, 100);
    T_TRUE(c->settings.auth.rates == NULL);
    T_INT(c->settings.auth.issuers.n, 0);
    T_INT(c->log_level, LEVEL_INFO);
    T_INT(c->log_format, FORMAT_LOGFMT);
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        T_TRUE(!c->settings.sources[i].is_on && c->settings.sources[i].jwks == NULL);
    }
    config_free(&c);
    T_TRUE(c == NULL);
}

static void test_config_read_reads_each_type(void **state)
{
    struct config *c;

    (void)state;
    put_file("secret", S("from a file ;#\r\n"));
    T_OK(read_text(
        S("\xEF\xBB\xBF# a comment\r\n; another\r\n\r\n"
          "[server]\r\n"
          "  listen = 127.0.0.1:0, [::]:8080\tunix:run/sock\r\n"
          "public_url: https://a.example/caldock/\r\n"
          "trusted_proxies = 10.0.0.0/8 ::1, unix\r\n"
          "cors_origins = https://app.example http://localhost:3000\r\n"
          "request_timeout = 1m\r\n"
          "[ google ]\r\n"
          "client_id = id\r\n"
          "client_secret_file = secret\r\n"
          "client_secret_next = a ;b #c = d\r\n"
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

    T_INT(c->listen.n, 3);
    T_STR(c->listen.at[1], S("[::]:8080"));
    T_STR(
        c->listen.at[2], str_cat(
                             &t_cx()->mem, S("unix:"),
                             str_cat(&t_cx()->mem, str_from_z(folder), S("/run/sock"))));
    T_STR(c->settings.public_url, S("https://a.example/caldock"));
    T_STR(c->settings.public_path, S("/caldock"));
    T_INT(c->trusted_proxies.n, 3);
    T_INT(c->settings.n_cors_origins, 2);
    T_INT(c->request_timeout_ms, 60000);
    T_TRUE(google->is_on && google->jwks != NULL && !google->revoke);
    T_STR(google->client.client_secret, S("from a file ;#"));
    T_STR(google->client.client_secret_next, S("a ;b #c = d"));
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
    config_free(&c);
}

static void test_config_read_lets_the_environment_win(void **state)
{
    static const char *const vars[][2] = {
        {"CALDOCK_SERVER_WORKERS",                "7"                   },
        {"CALDOCK_GOOGLE_CLIENT_SECRET_FILE",     "secret"              },
        {"CALDOCK_LOG_LEVEL",                     ""                    },
        {"CALDOCK_JWT_ACME_CORP_ISSUER",          "https://acme.example"},
        {"CALDOCK_JWT_ACME_CORP_AUDIENCE",        "b"                   },
        {"CALDOCK_JWT_ACME_CORP_PROVIDERS",       "*"                   },
        {"CALDOCK_JWT_ACME_CORP_SECRET",          SECRET                },
        {"CALDOCK_JWT_ACME_CORP_CLAIM_PROVIDERS", "p"                   },
        {"CALDOCK_SERVER_PORT",                   "tcp://10.0.0.1:80"   },
        {"CALDOCK_STORE_SERVICE_HOST",            "10.0.0.1"            },
        {"CALDOCK_PORT_80_TCP",                   "x"                   },
    };
    struct config *c;

    (void)state;
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
    T_INT(c->log_level, LEVEL_WARN); /* an empty variable says nothing */
    T_INT(c->settings.auth.issuers.n, 1);
    T_STR(c->settings.auth.issuers.at[0].name, S("acme_corp"));
    T_STR(c->settings.auth.issuers.at[0].issuer, S("https://acme.example"));
    T_STR(c->settings.auth.issuers.at[0].claim_user, S("u"));
    T_STR(c->settings.auth.issuers.at[0].claim_providers, S("p"));
    config_free(&c);
    for (size_t i = 0; i < COUNT(vars); i++) {
        T_INT(unsetenv(vars[i][0]), 0);
    }
}

static void test_config_read_names_the_variable_that_is_wrong(void **state)
{
    static const char *const rows[][3] = {
        {"CALDOCK_SERVER_WORKERS",  "many", "from 1 to 4096" },
        {"CALDOCK_SERVER_WORKER",   "1",    "no such key"    },
        {"CALDOCK_JWT_ACME_FOO",    "1",    "no such section"},
        {"CALDOCK_JWT_ACME_SECRET", "x",    "wants issuer"   },
    };

    (void)state;
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

static void test_config_read_finds_its_file(void **state)
{
    struct config *c;
    char *old = getcwd(NULL, 0);

    (void)state;
    T_FAIL(FAIL_CONFIG, config_read(t_cx(), "/nowhere/c.conf", &c));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("/nowhere/c.conf")));
    T_INT(setenv("CALDOCK_CONFIG", "/nowhere/d.conf", 1), 0);
    T_FAIL(FAIL_CONFIG, config_read(t_cx(), NULL, &c));
    T_TRUE(str_contains(str_from_z(t_cx()->why.text), S("/nowhere/d.conf")));
    put_file("c.conf", S("[server]\nworkers = 3\n"));
    T_INT(setenv("CALDOCK_CONFIG", path, 1), 0);
    T_OK(config_read(t_cx(), NULL, &c));
    T_INT(c->workers, 3);
    config_free(&c);
    T_INT(unsetenv("CALDOCK_CONFIG"), 0);
    T_INT(chdir(folder), 0);
    T_OK(config_read(t_cx(), "c.conf", &c)); /* a file without a folder */
    T_STR(c->folder, S(""));
    T_STR(str_from_z(c->key_file), S("caldock.keys"));
    config_free(&c);
    T_INT(chdir(old), 0);
    free(old);
}

static void test_config_read_holds_its_limits(void **state)
{
    static const struct {
        size_t line; /* of the long line */
        bool ok;
    } rows[] = {
        {LIMIT_CONFIG_LINE_BYTES,     true },
        {LIMIT_CONFIG_LINE_BYTES + 1, false},
    };

    static char text[TEXT_BYTES];

    (void)state;
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
            config_free(&c);
        } else {
            T_TRUE(str_contains(
                str_from_z(t_cx()->why.text), S(":2: the line is too long")));
        }
    }
}

static void test_config_read_takes_no_more_than_the_file_may_have(void **state)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_CONFIG_BYTES + 1};
    struct config *c;

    (void)state;
    while (b.n < LIMIT_CONFIG_BYTES) {
        buf_add(&b, b.n % 2 == 0 ? S("#") : S("\n"));
    }
    T_OK(read_text(buf_text(&b), &c));
    config_free(&c);
    buf_add_char(&b, '\n');
    T_FAIL(FAIL_CONFIG, read_text(buf_text(&b), &c));
}

static void test_config_read_takes_secrets_up_to_their_limit(void **state)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_SECRET_FILE_BYTES + 1};
    Str text = S("[google]\nclient_id=a\nclient_secret_file=secret\n");
    struct config *c;

    (void)state;
    while (b.n < LIMIT_SECRET_FILE_BYTES) {
        buf_add_char(&b, 's');
    }
    put_file("secret", buf_text(&b));
    T_OK(read_text(text, &c));
    T_INT(
        c->settings.sources[SOURCE_GOOGLE - 1].client.client_secret.n,
        LIMIT_SECRET_FILE_BYTES);
    config_free(&c);
    buf_add_char(&b, 's');
    put_file("secret", buf_text(&b));
    T_FAIL(FAIL_CONFIG, read_text(text, &c));
}

static void test_config_read_takes_1000_values(void **state)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_CONFIG_BYTES};
    struct config *c;

    (void)state;
    for (int i = 0; i < LIMIT_CONFIG_VALUES; i++) {
        buf_add(&b, S("[log]\n"));
    }
    T_OK(read_text(buf_text(&b), &c));
    config_free(&c);
    buf_add(&b, S("[log]\n"));
    T_FAIL(FAIL_CONFIG, read_text(buf_text(&b), &c));
}

static void test_config_read_takes_names_up_to_their_limit(void **state)
{
    static char text[TEXT_BYTES];
    struct config *c;

    (void)state;
    for (int over = 0; over <= 1; over++) {
        int n = snprintf(
            text, sizeof(text),
            "[jwt %0*d]\nissuer=i\naudience=a\nproviders=*\nsecret=" SECRET "\n",
            LIMIT_CONFIG_NAME_BYTES - 6 + over, 7);
        Res res = read_text((Str){text, (size_t)n}, &c);

        T_INT(res.code, over == 0 ? FAIL_NONE : FAIL_CONFIG);
        if (over == 0) {
            T_INT(c->settings.auth.issuers.at[0].name.n, LIMIT_CONFIG_NAME_BYTES - 6);
            config_free(&c);
        }
    }
}

static void test_config_sample_is_a_configuration_of_defaults(void **state)
{
    struct config *c;
    Str text;

    (void)state;
    T_OK(config_sample(t_cx(), &text));
    T_OK(read_text(text, &c));
    T_INT(c->workers, 64);
    config_free(&c);
}

/* What is commented out shows what could be written. */
static void test_config_sample_shows_defaults_that_can_be_read(void **state)
{
    struct buf b = {.mem = &t_cx()->mem, .max = LIMIT_CONFIG_BYTES};
    struct config *c;
    Str text, line;

    (void)state;
    T_OK(config_sample(t_cx(), &text));
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
    config_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_config_read_says_where_and_what_would_be_right),
        T(test_config_read_never_says_a_secret),
        T(test_config_read_has_a_default_for_everything),
        T(test_config_read_reads_each_type),
        T(test_config_read_lets_the_environment_win),
        T(test_config_read_names_the_variable_that_is_wrong),
        T(test_config_read_finds_its_file),
        T(test_config_read_holds_its_limits),
        T(test_config_read_takes_no_more_than_the_file_may_have),
        T(test_config_read_takes_secrets_up_to_their_limit),
        T(test_config_read_takes_1000_values),
        T(test_config_read_takes_names_up_to_their_limit),
        T(test_config_sample_is_a_configuration_of_defaults),
        T(test_config_sample_shows_defaults_that_can_be_read),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
