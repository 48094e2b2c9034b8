/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_template.h - for tests: a migrated SQLite store, made once for each process and
 * copied for each test after that. All migrations take longer than most tests.
 */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/testing.h"
#include "store/store.h"

static char t_template[64]; /* the path; empty: not made yet */
static pid_t t_template_owner;

static inline void t_template_remove(void)
{
    if (getpid() == t_template_owner) { /* a forked test leaves it to its parent */
        (void)unlink(t_template);
    }
}

static inline void t_template_copy(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct stat st;

    must_be(in >= 0 && out >= 0 && fstat(in, &st) == 0);
    must_be(sendfile(out, in, NULL, (size_t)st.st_size) == st.st_size);
    must_be(close(in) == 0 && close(out) == 0);
}

/* Puts a migrated store at `path`, where nothing is yet. false: there is none to copy, or
 * something is there. */
static inline bool t_template_use(const char *path)
{
    if (t_template[0] == 0 || access(path, F_OK) == 0) {
        return false;
    }
    t_template_copy(t_template, path);
    return true;
}

/* Keeps the store at `path`, which was migrated and has nothing else, and is closed. */
static inline void t_template_keep(const char *path)
{
    if (t_template[0] == 0) {
        (void)snprintf(t_template, sizeof(t_template), "/tmp/caldock-template-XXXXXX");
        int fd = mkstemp(t_template);

        must_be(fd >= 0 && close(fd) == 0 && atexit(t_template_remove) == 0);
        t_template_owner = getpid();
        t_template_copy(path, t_template);
    }
}

/* `name` in this folder, migrated. */
static inline struct store *t_template_store(const char *folder, const char *name)
{
    struct store_options options = {.folder = str_from_z(folder), .pool = 2};
    struct store *s = NULL;
    char path[128];

    options.url = str_cat(&t_cx()->mem, S("sqlite:"), str_from_z(name));
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (!t_template_use(path)) {
        T_OK(store_open(t_cx(), &options, &s));
        T_OK(store_migrate(t_cx(), s));
        store_close(&s);
        t_template_keep(path);
    }
    T_OK(store_open(t_cx(), &options, &s));
    return s;
}
