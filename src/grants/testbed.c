/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testbed.c - makes and clears away a test bed.
 */
#include "grants/testbed.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "seal/keyedit.h"
#include "store/test_template.h"

struct bed bed;

Res bed_add(struct cx *cx, struct db *db, void *tenant)
{
    static const struct feature features[] = {{SI(FEATURE_CALENDARS), true}};
    struct bed_tenant *b = tenant;
    const struct provider p = {
        .id = b->provider,
        .name = S("Example"),
        .patterns = b->patterns,
        .n_patterns = b->n_patterns,
        .features = features,
        .n_features = COUNT(features),
    };
    const struct api_token t = {
        .modes = MODE_PROVIDER, .providers = &b->provider, .n_providers = 1};

    TRY(provider_add(cx, db, &p));
    return token_add(cx, db, &t, b->token_hash, &b->token);
}

static void bed_source(enum source_id id)
{
    struct source_settings *s = &bed.settings.sources[id - 1];

    *s = (struct source_settings){
        .id = id,
        .is_on = true,
        .revoke = true,
        .client =
            {
                .client_id = S("client"),
                .client_secret = S("secret"),
                .redirect_uri = S("https://caldock.example/oauth2/callback"),
            },
    };
    source_get(id)->defaults(&t_cx()->mem, S(""), s);
}

int bed_open(void **state)
{
    static const Str patterns[] = {SI(BED_PATTERN)};
    struct bed_tenant tenant = {
        .provider = BED_PROVIDER,
        .patterns = patterns,
        .n_patterns = COUNT(patterns),
        .token_hash = S("01234567890123456789012345678901"),
    };
    struct cx *cx = t_cx();
    const char *keys;

    (void)state;
    memset(&bed, 0, sizeof(bed));
    (void)snprintf(bed.folder, sizeof(bed.folder), "/tmp/caldock-test-XXXXXX");
    T_TRUE(mkdtemp(bed.folder) != NULL);
    T_TRUE(seal_start());
    T_OK(str_z(cx, str_cat(&cx->mem, str_from_z(bed.folder), S("/keys")), &keys));
    T_OK(keyedit_create(cx, keys));
    T_OK(keyring_open(cx, keys, &bed.keyring));
    bed.store = t_template_store(bed.folder, "store.db");
    T_OK(store_write(cx, bed.store, bed_add, &tenant));
    bed.token = tenant.token;
    bed.settings = (struct settings){
        .node = S("node"),
        .total_timeout_ms = BED_TIMEOUT_MS,
        .net = {.connect_timeout_ms = BED_TIMEOUT_MS, .timeout_ms = BED_TIMEOUT_MS},
        .keyring = bed.keyring,
    };
    bed_source(SOURCE_GOOGLE);
    bed_source(SOURCE_MICROSOFT);
    bed.worker = (struct worker){.store = bed.store, .net = net_open()};
    bed.work = (struct work){.settings = &bed.settings, .worker = &bed.worker};
    return 0;
}

static int bed_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

int bed_close(void **state)
{
    net_close(&bed.worker.net);
    store_close(&bed.store);
    keyring_close(&bed.keyring);
    (void)nftw(bed.folder, bed_remove, 8, FTW_DEPTH | FTW_PHYS);
    return t_end(state);
}
