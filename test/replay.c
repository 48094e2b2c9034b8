/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - the main function of a fuzz target as a plain test: feeds it every file of
 * the folders in its arguments, whole, and cut after each of the first CUTS bytes. A
 * replay that fed nothing fails.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 1024 * 1024, CUTS = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of exactly that size, so that a sanitizer sees a read past its end. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size == 0 ? 1 : size);

    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int replay_file(const char *path)
{
    static uint8_t bytes[FILE_BYTES];
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        return 0;
    }
    size_t n = fread(bytes, 1, sizeof(bytes), f);

    (void)fclose(f);
    feed(bytes, n);
    for (size_t cut = 0; cut < n && cut < CUTS; cut++) {
        feed(bytes, cut);
    }
    return 1;
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    int fed = 0;
    char path[4096];

    if (dir == NULL) {
        return 0;
    }
    for (struct dirent *e = readdir(dir); e != NULL;
         e = readdir(dir)) { /* NOLINT(concurrency-mt-unsafe): one thread */
        if (e->d_name[0] != '.') {
            (void)snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
            fed += replay_file(path);
        }
    }
    (void)closedir(dir);
    return fed;
}

int main(int argc, char **argv)
{
    int fed = 0;

    for (int i = 1; i < argc; i++) {
        fed += replay_folder(argv[i]);
    }
    (void)printf("replayed %d inputs\n", fed);
    return fed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
