/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print.h - prints objects, written by render/writer.h, as JSON or as lines.
 */
#pragma once

#include "base/json.h"
#include "cli/cli.h"
#include "render/writer.h"

/* Hands on what was printed. FAIL_UNAVAILABLE when some of it went nowhere. */
Res print_flush(struct cli *cli) MUST;
/* More than the stream keeps, where print_flush couldn't say why it failed. */
Res print_long_text(struct cli *cli, Str text) MUST;

/* A writer for one object. */
struct writer *print_open(struct cli *cli);
/* The object as a tree, which the caller ends with j_done. FAIL_LIMIT past
 * LIMIT_ANSWER_BYTES. */
Res print_read(struct cli *cli, struct writer *w, json_t **ret) MUST;
/* Prints the object. FAIL_LIMIT past LIMIT_ANSWER_BYTES. */
Res print_one(struct cli *cli, struct writer *w) MUST;

/* Adds the object to `rows`, an array. FAIL_LIMIT as above. */
Res print_add(struct cli *cli, json_t *rows, struct writer *w) MUST;
/* Prints all of them, which have the same members. */
void print_list(const struct cli *cli, json_t *rows);

/*
 * Prints a list that may be long, a page at a time and in the memory of one page. `page`
 * prints its objects with print_item; *more: another page follows. Its context is its
 * own.
 */
typedef Res print_page(struct cli *cli, void *arg, bool *more);
Res print_pages(struct cli *cli, print_page *page, void *arg) MUST;
/* FAIL_LIMIT as above. */
Res print_item(struct cli *cli, struct writer *w) MUST;
