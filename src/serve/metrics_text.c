/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics_text.c - the families of base/metric_table.h, as text that Prometheus reads
 * (Exposition formats, "Text-based format", version 0.0.4).
 *
 * Names, labels and values are words of our own, so that nothing needs to be escaped.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/cx.h"
#include "base/limits.h"
#include "base/metric.h"
#include "serve/metrics.h"

/* A family that is being written. */
struct scrape {
    struct buf *out;
    const struct metric_family *family;
    enum metric m;
};

static Str kind_text(enum metric_kind kind)
{
    static const Str texts[] = {
        [METRIC_COUNTER] = SI("counter"),   [METRIC_LEVEL] = SI("gauge"),
        [METRIC_TOTAL] = SI("counter"),     [METRIC_GAUGE] = SI("gauge"),
        [METRIC_INFO] = SI("gauge"),        [METRIC_HISTOGRAM] = SI("histogram"),
        [METRIC_SAMPLED] = SI("histogram"),
    };

    return texts[kind];
}

static void scrape_add_head(const struct scrape *p)
{
    const Str parts[] = {
        S("# HELP "),   p->family->name, S(" "), p->family->help,
        S("\n# TYPE "), p->family->name, S(" "), kind_text(p->family->kind),
        S("\n")};

    for (size_t i = 0; i < COUNT(parts); i++) {
        buf_add(p->out, parts[i]);
    }
}

/* Of microseconds: "12.3456". */
static void buf_add_seconds(struct buf *b, int64_t us)
{
    if (us < 0) {
        buf_add_char(b, '-');
        us = -us;
    }
    buf_add_int(b, us / CLOCK_SECOND_US);
    int64_t rest = us % CLOCK_SECOND_US;

    for (int64_t unit = CLOCK_SECOND_US / 10; rest > 0; unit /= 10) {
        if (unit == CLOCK_SECOND_US / 10) {
            buf_add_char(b, '.');
        }
        buf_add_int(b, rest / unit);
        rest %= unit;
    }
}

/* A value, its labels, and what stands behind the family's name. */
struct sample {
    Str suffix;
    metric_place place;
    Str le; /* of a bucket: its upper bound */
    int64_t value;
    bool is_time;
};

static void scrape_add_label(const struct scrape *p, bool is_first, Str name, Str value)
{
    buf_add_char(p->out, is_first ? '{' : ',');
    buf_add(p->out, name);
    buf_add(p->out, S("=\""));
    buf_add(p->out, value);
    buf_add_char(p->out, '"');
}

static void scrape_add_labels(const struct scrape *p, const struct sample *s)
{
    const struct metric_label *const *labels = p->family->labels;
    size_t below = metric_places(p->m);
    size_t rest = s->place;
    size_t n = 0;

    for (; n < METRIC_LABELS && labels[n] != NULL; n++) {
        below /= labels[n]->n;
        scrape_add_label(p, n == 0, labels[n]->name, labels[n]->values[rest / below]);
        rest %= below;
    }
    if (s->le.n > 0) {
        scrape_add_label(p, n == 0, S("le"), s->le);
        n++;
    }
    buf_add(p->out, n > 0 ? S("}") : S(""));
}

static void scrape_add(const struct scrape *p, const struct sample *s)
{
    buf_add(p->out, p->family->name);
    buf_add(p->out, s->suffix);
    scrape_add_labels(p, s);
    buf_add_char(p->out, ' ');
    if (s->is_time) {
        buf_add_seconds(p->out, s->value);
    } else {
        buf_add_int(p->out, s->value);
    }
    buf_add_char(p->out, '\n');
}

static Str bucket_bound(struct arena *mem, const struct metric_buckets *b, size_t i)
{
    struct buf text = {.mem = mem, .max = STR_INT_BYTES + 1};

    if (i == b->n) {
        return S("+Inf");
    }
    buf_add_seconds(&text, b->us[i]);
    return buf_text(&text);
}

/* The buckets, as counted alone; then the rest, and the sum. */
static void scrape_add_histogram(
    const struct scrape *p, metric_place place, const int64_t *cells)
{
    size_t n = p->family->buckets->n + 1;
    int64_t count = 0;

    for (size_t i = 0; i < n; i++) {
        count += cells[i];
    }
    if (count == 0 && p->family->is_sparse) {
        return;
    }
    int64_t below = 0;

    for (size_t i = 0; i < n; i++) {
        Str le = bucket_bound(p->out->mem, p->family->buckets, i);

        below += cells[i];
        scrape_add(p, &(struct sample){S("_bucket"), place, le, below, false});
    }
    scrape_add(p, &(struct sample){S("_sum"), place, S(""), cells[n], true});
    scrape_add(p, &(struct sample){S("_count"), place, S(""), count, false});
}

static void scrape_add_place(
    const struct scrape *p, metric_place place, const int64_t *cells)
{
    const struct metric_family *f = p->family;

    if (*cells == METRIC_UNKNOWN) {
        return;
    }
    if (f->buckets != NULL) {
        scrape_add_histogram(p, place, cells);
    } else if (!(f->is_sparse && *cells == 0)) {
        scrape_add(p, &(struct sample){S(""), place, S(""), *cells, f->is_time});
    }
}

static void scrape_add_family(const struct scrape *p, struct arena *mem)
{
    size_t n = metric_places(p->m);
    size_t each = metric_cells_each(p->m);
    int64_t *cells = arena_alloc(mem, n * each * sizeof(*cells));

    metric_read(p->m, cells);
    for (size_t i = 0; i < n; i++) {
        scrape_add_place(p, i, cells + i * each);
    }
}

static void scrape_add_build(const struct scrape *p, Str build)
{
    buf_add(p->out, p->family->name);
    buf_add_char(p->out, '{');
    buf_add(p->out, build);
    buf_add(p->out, S("} 1\n"));
}

Str metrics_text(struct arena *mem, Str build)
{
    struct buf out = {.mem = mem, .max = LIMIT_ANSWER_BYTES};

    for (enum metric m = 0; m < METRICS; m++) {
        const struct scrape p = {&out, &metric_families[m], m};

        scrape_add_head(&p);
        if (p.family->kind == METRIC_INFO) {
            scrape_add_build(&p, build);
        } else {
            scrape_add_family(&p, mem);
        }
    }
    return buf_text(&out);
}
