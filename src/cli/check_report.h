/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_report.h - what `caldock check` has found so far.
 */
#pragma once

#include "base/json.h"
#include "cli/cli.h"
#include "net/net.h"
#include "store/facts.h"
#include "store/nodes.h"

/* Only what is wrong fails the command, and with --strict also what is a warning. */
enum finding { FINDING_OK, FINDING_NOTE, FINDING_WARN, FINDING_WRONG };

/* Work that has been due for so long is late. */
enum { CHECK_LATE_MS = 10 * 60 * 1000 };

/* What the store says. */
struct check_facts {
    bool is_read;       /* the store answered, or there is none yet */
    bool is_missing;    /* there is none yet */
    bool is_read_only;  /* it answers, and takes no writes */
    Str why;            /* it can't be read or written, or is missing */
    struct node *nodes; /* that serve now */
    size_t n_nodes;
    uint32_t *keys; /* that something is sealed with, and the one that seals */
    size_t n_keys;
    struct store_facts store;
};

struct check_report {
    struct cli *cli;
    struct check_facts facts;
    struct net *net; /* NULL: nobody is asked (--offline) */
    json_t *rows;
    size_t n_warn, n_wrong;
    bool wants_all;   /* whatever --only says */
    bool wants_store; /* the same: what it says needs the store, which can't be read */
    Res res;          /* of the rows */
};

/* Whether `code` is `only`, or stands below it: "source" has "source.google.keys". In
 * `code`, NAME stands for any name. */
bool check_code_is_below(Str code, Str only);
/* Whether a finding with this code is asked for, by --only. */
bool check_report_wants(const struct check_report *c, Str code);
/* Adds a finding, if it is asked for. `code` is one of the table of check.c; `mend` says
 * what to do, and is empty where there is nothing. */
void check_report_add(
    struct check_report *c, Str code, enum finding finding, Str text, Str mend);
/* Adds the failure whose reason was just noted. */
void check_report_add_failure(struct check_report *c, Str code, Str mend);
/* The reason that was just noted. */
Str check_report_why(const struct check_report *c);
/* Whether the store was read and is there: else nothing of it can be said. */
bool check_report_has_store(const struct check_report *c);

/* The code of a source's finding: source.<name>.<what>, or source.<name>. */
Str check_report_source_code(const struct check_report *c, Str name, Str what);

/* Joins pieces of text. */
Str check_report_join(const struct check_report *c, const Str *parts, size_t n);
Str check_report_int(const struct check_report *c, int64_t v);

/* clang-format off */
#define CHECK_TEXT(c, ...) check_report_join((c), (const Str[]){__VA_ARGS__},            \
    sizeof((const Str[]){__VA_ARGS__}) / sizeof(Str))
/* clang-format on */
