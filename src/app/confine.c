/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine.c - lists the places that the service opens while it runs, and closes all
 * others.
 *
 * Configuration, keys, certificates and secrets are replaced by renaming, so the whole
 * folder of each is open for reading. Libraries read files of their own at any time: the
 * resolver's, certificates, locales, libpq's. All other places are closed: homes, the
 * data of other services, temporary files.
 */
#include "app/confine.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/sandbox_calls.h"
#include "base/sandbox_files.h"
#include "base/unix_address.h"
#include "base/uri.h"

enum { FIRST_ROOM = 64 };

static const struct sandbox_place of_system[] = {
    {"/etc", SANDBOX_READ},
    {"/usr", SANDBOX_READ},
    {"/lib", SANDBOX_READ},
    {"/lib32", SANDBOX_READ},
    {"/lib64", SANDBOX_READ},
    {"/opt", SANDBOX_READ},
    {"/nix/store", SANDBOX_READ},
    {"/gnu/store", SANDBOX_READ},
    {"/var/lib/ca-certificates", SANDBOX_READ},
    {"/proc", SANDBOX_READ},
    {"/sys", SANDBOX_READ},
    {"/run/systemd", SANDBOX_READ},
    {"/run/resolvconf", SANDBOX_READ},
    {"/run/NetworkManager", SANDBOX_READ},
    {"/dev/null", SANDBOX_DEVICE},
    {"/dev/zero", SANDBOX_DEVICE},
    {"/dev/random", SANDBOX_READ},
    {"/dev/urandom", SANDBOX_READ},
};

/* These are often links that lead out of /etc. */
static const char *const system_files[] = {
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/localtime"};

/* Variables that name files for libraries. */
static const char *const library_variables[] = {
    "SSL_CERT_FILE", "SSL_CERT_DIR",  "OPENSSL_CONF", "OPENSSL_MODULES", "TZDIR",
    "PGPASSFILE",    "PGSERVICEFILE", "PGSYSCONFDIR", "PGSSLCERT",       "PGSSLKEY",
    "PGSSLROOTCERT", "PGSSLCRL",      "PGSSLCRLDIR",  "KRB5_CONFIG",
};

/* Files of libpq below the user's home. */
static const char *const home_files[] = {"/.pgpass", "/.pg_service.conf", "/.postgresql"};

struct places {
    struct arena *mem;
    struct sandbox_place *at;
    size_t n;
    size_t room;
};

static void places_add(struct places *p, const char *path, enum sandbox_use use)
{
    GROW(p->mem, p->at, p->n, p->room, FIRST_ROOM);
    p->at[p->n++] = (struct sandbox_place){path, use};
}

/* Returns the folder of a file, or the file itself when its folder is the root. */
static const char *place_folder(struct arena *mem, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        return ".";
    }
    return slash == path ? path : str_zdup(mem, (Str){path, (size_t)(slash - path)});
}

/* Adds the folder of a file, and the folder of the file that its links lead to. */
static void places_add_folder(struct places *p, const char *path, enum sandbox_use use)
{
    char real[PATH_MAX];

    places_add(p, place_folder(p->mem, path), use);
    if (realpath(path, real) != NULL) {
        places_add(p, place_folder(p->mem, str_zdup(p->mem, str_from_z(real))), use);
    }
}

/* Adds a file or folder that is named for a library, when there is one. */
static void places_add_found(struct places *p, const char *path)
{
    struct stat st;

    if (path == NULL || stat(path, &st) != 0) {
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        places_add(p, path, SANDBOX_READ);
    } else {
        places_add_folder(p, path, SANDBOX_READ);
    }
}

static void places_add_libraries(struct places *p)
{
    /* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread */
    const char *home = getenv("HOME");

    for (size_t i = 0; i < COUNT(library_variables); i++) {
        places_add_found(p, getenv(library_variables[i]));
    }
    /* NOLINTEND(concurrency-mt-unsafe) */
    for (size_t i = 0; home != NULL && i < COUNT(home_files); i++) {
        Str path = str_cat(p->mem, str_from_z(home), str_from_z(home_files[i]));

        places_add(p, str_zdup(p->mem, path), SANDBOX_READ);
    }
    for (size_t i = 0; i < COUNT(system_files); i++) {
        places_add_found(p, system_files[i]);
    }
}

/* Decodes the percent escapes of a parameter's value as libpq does. */
static const char *parameter_decoded(struct arena *mem, Str value)
{
    char *text = str_zdup(mem, value);
    size_t n = 0;

    for (size_t i = 0; i < value.n; i++, n++) {
        int high = i + 2 < value.n ? char_hex((unsigned char)value.p[i + 1]) : -1;
        int low = i + 2 < value.n ? char_hex((unsigned char)value.p[i + 2]) : -1;

        text[n] = value.p[i];
        if (value.p[i] == '%' && high >= 0 && low >= 0) {
            text[n] = (char)(unsigned char)(high * 16 + low);
            i += 2;
        }
    }
    text[n] = 0;
    return text;
}

/* Adds each file that the URL names, as in sslrootcert=/etc/ca.pem. */
static void places_add_store_url(struct places *p, Str url)
{
    Str rest = uri_split(url).query;
    Str part;

    while (str_next_part(&rest, '&', &part)) {
        size_t at = part.n;

        (void)str_find(part, '=', &at);
        places_add_found(p, parameter_decoded(p->mem, str_sub(part, at + 1, part.n)));
    }
}

static void places_add_sockets(struct places *p, const struct text_list *listen)
{
    for (size_t i = 0; i < listen->n; i++) {
        struct unix_address address;

        if (unix_address_parse(listen->at[i], &address) == NULL) {
            const char *path = str_zdup(p->mem, address.path);

            places_add(p, place_folder(p->mem, path), SANDBOX_SOCKET);
        }
    }
}

static void places_add_configured(struct places *p, const struct config *c)
{
    if (c->path != NULL) {
        places_add_folder(p, c->path, SANDBOX_READ);
    }
    for (const struct config_file *f = c->files; f != NULL; f = f->next) {
        places_add_folder(p, f->path, SANDBOX_READ);
    }
    places_add_sockets(p, &c->listen);
    places_add_sockets(p, &c->metrics_listen);
}

static const char *places_close(const struct app *app)
{
    CLEANUP(cx_done) struct cx cx = {0};
    struct places p = {.mem = &cx.mem};
    const char *store;

    if (store_file(&cx, &app->config->store, &store).code != FAIL_NONE) {
        return "the store's file is not known";
    }
    if (store != NULL && !app->store_is_there) {
        return "the store's disk may yet be mounted";
    }
    for (size_t i = 0; i < COUNT(of_system); i++) {
        places_add(&p, of_system[i].path, of_system[i].use);
    }
#ifdef COVERAGE_FOLDER /* counts are written there when the process ends */
    places_add(&p, COVERAGE_FOLDER, SANDBOX_STORE);
#endif
    places_add_libraries(&p);
    places_add_configured(&p, app->config);
    if (store != NULL) {
        places_add_folder(&p, store, SANDBOX_STORE);
    } else {
        places_add_store_url(&p, app->config->store.url);
    }
    return sandbox_files(p.at, p.n);
}

struct confined confine_process(const struct app *app)
{
    struct confined state = {"off", "off"};

    if (app->config->has_sandbox) {
        state.files = places_close(app);
        state.calls = sandbox_calls();
    }
    return state;
}

void confine_log(struct confined state)
{
    log_event(
        LEVEL_INFO, EVENT_SERVICE_CONFINED,
        KZ("calls", state.calls == NULL ? "on" : state.calls),
        KZ("files", state.files == NULL ? "on" : state.files));
}
