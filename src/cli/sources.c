/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources.c - what an operator has to tell the sources about this service.
 */
#include "cli/sources.h"

#include "base/json.h"
#include "cli/print.h"

/* Of all sources, on or off: a client is registered before it is configured. */
Res sources_uris_run(struct cli *cli)
{
    CLEANUP(j_done) json_t *rows = json_array();

    for (int id = 1; id <= SOURCE_COUNT; id++) {
        const struct settings *settings = &cli->app.config->settings;
        struct writer *w = print_open(cli);

        writer_text(w, S("source"), source_get((enum source_id)id)->name);
        writer_text(
            w, S("redirect_uri"),
            settings_source(settings, (enum source_id)id)->client.redirect_uri);
        TRY(print_add(cli, rows, w));
    }
    print_list(cli, rows);
    return OK;
}
