/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "base/metric.h"
#include "base/testing.h"

enum { THREADS = 4, ROUNDS = 20000 };

static int64_t read_one(enum metric m, metric_place place)
{
    int64_t *cells =
        NEW_N(&t_cx()->mem, int64_t, metric_places(m) * metric_cells_each(m));

    metric_read(m, cells);
    return cells[place];
}

static void *count_many(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        metric_add(METRIC_HTTP_REQUESTS, 0, 1);
    }
    return arg;
}

/* Another round begins on blocks that threads have left. */
TEST(test_metric_add_keeps_what_ended_threads_have_counted)
{
    int64_t before = read_one(METRIC_HTTP_REQUESTS, 0);

    for (int round = 1; round <= 2; round++) {
        pthread_t threads[THREADS];

        for (int i = 0; i < THREADS; i++) {
            T_INT(pthread_create(&threads[i], NULL, count_many, NULL), 0);
        }
        int64_t seen = read_one(METRIC_HTTP_REQUESTS, 0);

        T_TRUE(seen >= before && seen <= before + (int64_t)round * THREADS * ROUNDS);
        for (int i = 0; i < THREADS; i++) {
            T_INT(pthread_join(threads[i], NULL), 0);
        }
        T_INT(
            read_one(METRIC_HTTP_REQUESTS, 0),
            before + (int64_t)round * THREADS * ROUNDS);
    }
}

TEST(test_metric_place_of_tells_all_values_apart)
{
    size_t n = metric_places(METRIC_HTTP_REQUESTS);
    bool *is_used = NEW_N(&t_cx()->mem, bool, n);
    const struct metric_label *const *labels =
        metric_families[METRIC_HTTP_REQUESTS].labels;

    for (size_t i = 0; i < n; i++) {
        size_t third = labels[2]->n;
        const size_t at[] = {
            i / third / labels[1]->n, i / third % labels[1]->n, i % third};
        metric_place place = metric_place_of(METRIC_HTTP_REQUESTS, at);

        T_TRUE(place < n && !is_used[place]);
        is_used[place] = true;
    }
}

TEST(test_metric_value_of_takes_the_last_for_what_it_does_not_know)
{
    const struct metric_label *route = metric_families[METRIC_HTTP_REQUESTS].labels[0];

    T_INT(metric_value_of(route, S("initiate")), 0);
    T_STR(route->values[metric_value_of(route, S("never heard of"))], S("none"));
    T_STR(
        metric_families[METRIC_HTTP_REQUESTS].labels[2]->values[metric_status(299)],
        S("other"));
    T_STR(
        metric_families[METRIC_HTTP_REQUESTS].labels[2]->values[metric_status(204)],
        S("204"));
}

TEST(test_metric_observe_us_finds_the_bucket)
{
    const struct metric_buckets *b = metric_families[METRIC_HTTP_DURATION].buckets;
    size_t n = metric_cells_each(METRIC_HTTP_DURATION);

    T_INT(n, b->n + 2);
    for (size_t i = 0; i < b->n; i++) {
        metric_observe_us(METRIC_HTTP_DURATION, 1, b->us[i]);
        T_INT(read_one(METRIC_HTTP_DURATION, n + i), i == 0 ? 1 : 2);
        metric_observe_us(METRIC_HTTP_DURATION, 1, b->us[i] + 1);
        T_INT(read_one(METRIC_HTTP_DURATION, n + i + 1), 1);
    }
    T_INT(read_one(METRIC_HTTP_DURATION, 0), 0);
}

TEST(test_metric_set_is_unknown_before)
{
    T_TRUE(read_one(METRIC_FILES, 0) == METRIC_UNKNOWN);
    metric_set(METRIC_FILES, 0, 7);
    T_INT(read_one(METRIC_FILES, 0), 7);
}

TEST(test_metric_set_sample_replaces_the_one_before)
{
    size_t n = metric_cells_each(METRIC_SYNC_AGE);
    int64_t *cells = NEW_N(&t_cx()->mem, int64_t, n);

    T_TRUE(read_one(METRIC_SYNC_AGE, 0) == METRIC_UNKNOWN);
    for (int64_t round = 9; round > 7; round--) {
        for (size_t i = 0; i < n; i++) {
            cells[i] = round + (int64_t)i;
        }
        metric_set_sample(METRIC_SYNC_AGE, cells);
        T_INT(read_one(METRIC_SYNC_AGE, 0), round);
        T_INT(read_one(METRIC_SYNC_AGE, n - 1), round + (int64_t)n - 1);
    }
}

static void sample_of_a_counter(void)
{
    metric_set_sample(METRIC_THROTTLED, &(int64_t){1});
}

TEST(test_metric_set_sample_wants_a_family_of_samples)
{
    T_ABORTS(sample_of_a_counter);
}

static void place_that_is_none(void)
{
    (void)metric_place_of(METRIC_HTTP_DURATION, (const size_t[]){9999});
}

TEST(test_metric_place_of_wants_values_that_are_there)
{
    T_ABORTS(place_that_is_none);
}

/* Names as Prometheus wants them; every row of the enum has its row of the table. */
TEST(test_metric_families_are_whole)
{
    for (enum metric m = 0; m < METRICS; m++) {
        const struct metric_family *f = &metric_families[m];

        T_TRUE(f->name.n > 0 && f->help.n > 0 && str_ends(f->help, S(".")));
        T_TRUE(
            str_ends(f->name, S("_total"))
            == (f->kind == METRIC_COUNTER || f->kind == METRIC_TOTAL));
        bool is_sample = f->kind == METRIC_SAMPLED;

        T_TRUE((f->buckets != NULL) == (f->kind == METRIC_HISTOGRAM || is_sample));
        T_TRUE(!is_sample || f->labels[0] == NULL);
        for (enum metric other = 0; other < m; other++) {
            T_TRUE(!str_eq(f->name, metric_families[other].name));
        }
    }
}

/* What a node shows from its start, before anything sparse has happened. */
TEST(test_metric_families_leave_room_for_what_happens)
{
    size_t n = 0;

    for (enum metric m = 0; m < METRICS; m++) {
        const struct metric_family *f = &metric_families[m];
        size_t lines = f->buckets != NULL ? f->buckets->n + 3 : 1;

        n += f->is_sparse ? 0 : metric_places(m) * lines;
    }
    print_message("%zu series\n", n);
    T_TRUE(n > 100 && n <= 400);
}

T_MAIN(
    T(test_metric_families_leave_room_for_what_happens),
    T(test_metric_add_keeps_what_ended_threads_have_counted),
    T(test_metric_place_of_tells_all_values_apart),
    T(test_metric_value_of_takes_the_last_for_what_it_does_not_know),
    T(test_metric_observe_us_finds_the_bucket),
    T(test_metric_place_of_wants_values_that_are_there),
    T(test_metric_set_is_unknown_before),
    T(test_metric_set_sample_replaces_the_one_before),
    T(test_metric_set_sample_wants_a_family_of_samples),
    T(test_metric_families_are_whole))
