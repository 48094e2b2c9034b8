/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli.c - what was typed: options, IDs, and the refusal of wrong usage.
 */
#include "cli/cli.h"

enum { MISUSE_VALUE_BYTES = 200 };

Res cli_misuse(struct cli *cli, const char *what, Str value)
{
    Str shown = str_sub(value, 0, MISUSE_VALUE_BYTES);

    return fail(
        cli->cx, FAIL_PARSE_ERROR, "%s%s%.*s", what, value.n > 0 ? ": " : "",
        STR_ARG(shown));
}

bool cli_next(const struct cli *cli, Str option, size_t *at, Str *ret)
{
    while (*at < cli->n_options) {
        const struct cli_option *o = &cli->options[(*at)++];

        if (str_eq(o->name, option)) {
            *ret = o->value;
            return true;
        }
    }
    return false;
}

bool cli_has(const struct cli *cli, Str option)
{
    size_t at = 0;
    Str value;

    return cli_next(cli, option, &at, &value);
}

Str cli_value(const struct cli *cli, Str option)
{
    size_t at = 0;
    Str value = S("");

    (void)cli_next(cli, option, &at, &value);
    return value;
}

const char *cli_config_path(const struct cli *cli)
{
    Str value = cli_value(cli, S("--config"));

    return value.n == 0 ? NULL : value.p; /* argv's: ends in NUL */
}

Res cli_take_back(struct cli *cli, const struct cli_undo *u, Res why)
{
    struct cx *cx = cli->cx;
    Str reason = str_dup(&cx->mem, str_from_z(cx->why.text));
    Res res = store_write(cx, cli->app.store, u->work, u->arg);

    if (res.code != FAIL_NONE) {
        return fail(
            cx, res.code, "%.*s: so run `caldock %s %lld`, since nobody knows %s",
            STR_ARG(reason), u->advice, (long long)u->id, u->secret);
    }
    return fail(
        cx, why.code, "%.*s: so %s %lld %s", STR_ARG(reason), u->thing, (long long)u->id,
        u->end);
}

Res cli_id(struct cli *cli, Str text, int64_t *ret)
{
    int64_t v;

    if (!str_to_int(text, &v) || v <= 0) {
        return cli_misuse(cli, "an ID is a positive number, not", text);
    }
    *ret = v;
    return OK;
}
