/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept.c - a table with a place for each setting, by its id: of two settings with the
 * same place one is kept.
 */
#include "calendars/kept.h"

#include <pthread.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "seal/seal.h"

struct kept_image {
    int64_t settings;
    int64_t asked_ms; /* clock_mono_ms */
    size_t n_digest;
    size_t n;     /* of the text */
    char bytes[]; /* the digest, and the text */
};

struct kept_images {
    pthread_mutex_t lock;
    struct kept_image *at[LIMIT_KEPT_IMAGES];
    size_t bytes; /* of all texts */
    size_t hand;  /* the place that is emptied next where room is wanted */
};

struct kept_images *kept_open(void)
{
    struct kept_images *k = heap_alloc(sizeof(*k));

    *k = (struct kept_images){0};
    must_be(pthread_mutex_init(&k->lock, NULL) == 0);
    return k;
}

static void kept_drop(struct kept_images *k, size_t place)
{
    struct kept_image *image = k->at[place];

    if (image != NULL) {
        k->at[place] = NULL;
        k->bytes -= image->n;
        seal_wipe(image->bytes, image->n_digest + image->n);
        heap_free(image);
    }
}

void kept_close(struct kept_images **k)
{
    if (*k == NULL) {
        return;
    }
    for (size_t i = 0; i < LIMIT_KEPT_IMAGES; i++) {
        kept_drop(*k, i);
    }
    (void)pthread_mutex_destroy(&(*k)->lock);
    heap_free(*k);
    *k = NULL;
}

static size_t kept_place(int64_t settings)
{
    return (size_t)settings % LIMIT_KEPT_IMAGES;
}

static struct kept_image *kept_image_make(int64_t settings, Str digest, Str text)
{
    struct kept_image *image = heap_alloc(sizeof(*image) + digest.n + text.n);

    *image = (struct kept_image){
        .settings = settings,
        .asked_ms = clock_mono_ms(),
        .n_digest = digest.n,
        .n = text.n};
    memcpy(image->bytes, digest.p, digest.n);
    memcpy(image->bytes + digest.n, text.p, text.n);
    return image;
}

static void kept_make_room(struct kept_images *k, size_t n)
{
    while (k->bytes + n > LIMIT_KEPT_IMAGES_BYTES) {
        kept_drop(k, k->hand);
        k->hand = (k->hand + 1) % LIMIT_KEPT_IMAGES;
    }
}

void kept_put(struct kept_images *k, int64_t settings, Str digest, Str text)
{
    if (k == NULL || digest.n == 0 || text.n > LIMIT_KEPT_IMAGES_BYTES) {
        return;
    }
    struct kept_image *image = kept_image_make(settings, digest, text);
    size_t place = kept_place(settings);

    must_be(pthread_mutex_lock(&k->lock) == 0);
    kept_drop(k, place);
    kept_make_room(k, text.n);
    k->at[place] = image;
    k->bytes += text.n;
    must_be(pthread_mutex_unlock(&k->lock) == 0);
}

static bool kept_is(const struct kept_image *image, int64_t settings, Str digest)
{
    return image != NULL && image->settings == settings && digest.n > 0
           && str_eq(digest, (Str){image->bytes, image->n_digest});
}

bool kept_get(
    struct kept_images *k, struct arena *mem, int64_t settings, Str digest, Str *ret)
{
    if (k == NULL) {
        return false;
    }
    must_be(pthread_mutex_lock(&k->lock) == 0);
    struct kept_image *image = k->at[kept_place(settings)];
    bool is_there = kept_is(image, settings, digest);

    if (is_there) {
        image->asked_ms = clock_mono_ms();
        *ret = str_dup(mem, (Str){image->bytes + image->n_digest, image->n});
    }
    must_be(pthread_mutex_unlock(&k->lock) == 0);
    return is_there;
}

void kept_forget(struct kept_images *k, int64_t mono_ms)
{
    if (k == NULL) {
        return;
    }
    must_be(pthread_mutex_lock(&k->lock) == 0);
    for (size_t i = 0; i < LIMIT_KEPT_IMAGES; i++) {
        if (k->at[i] != NULL && k->at[i]->asked_ms < mono_ms) {
            kept_drop(k, i);
        }
    }
    must_be(pthread_mutex_unlock(&k->lock) == 0);
}
