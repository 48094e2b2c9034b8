/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_config.c - any bytes as a configuration file: it is refused with a reason that
 * names the file, or every value is within its limits.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "config/config.h"
#include "net/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct config *c)
{
    must_be(c->workers >= 1 && c->workers <= 4096 && c->threads >= 1);
    must_be(c->listen.n >= 1 && c->settings.public_url.n > 0);
    must_be(c->settings.flow_timeout_s >= 1 && c->settings.net.timeout_ms >= 1000);
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        const struct source_settings *s = &c->settings.sources[i];

        must_be(!s->is_on || (s->client.client_secret.n > 0 && s->jwks != NULL));
        must_be(net_url_is_allowed(s->client.token_url));
    }
    for (size_t i = 0; i < c->settings.auth.issuers.n; i++) {
        const struct jwt_issuer *issuer = &c->settings.auth.issuers.at[i];

        must_be((issuer->keys != NULL) != (issuer->jwks != NULL) && issuer->algs != 0);
        must_be(issuer->all_providers || issuer->n_providers > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct cx cx = {.deadline_ms = 0};
    struct config *c;
    int fd = memfd_create("config", MFD_CLOEXEC);

    must_be(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    Res res = config_read(&cx, path, &c);

    if (res.code == FAIL_NONE) {
        check(c);
        config_unref(&c);
    } else {
        must_be(res.code == FAIL_CONFIG);
        must_be(str_starts(str_from_z(cx.why.text), str_from_z(path)));
    }
    cx_done(&cx);
    (void)close(fd);
    return 0;
}
