/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - the words of sd_notify(3) for what the main thread knows.
 */
#include "app/status.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "http/server.h"

enum {
    TICK_MOST_MS = 1000,
    TICK_LEAST_MS = 10, /* whatever a supervisor asks for */
    WORDS_BYTES = 128,
};

static void status_say(struct status *s, const char *words)
{
    char room[WORDS_BYTES];

    if (s->said != words) {
        (void)snprintf(room, sizeof(room), "STATUS=%s", words);
        supervisor_tell(s->supervisor, str_from_z(room));
        s->said = words;
    }
}

void status_ready(struct supervisor *s)
{
    supervisor_tell(s, S("READY=1"));
}

/* The time tells which request for a reload is meant. */
void status_reloading(struct supervisor *s)
{
    char room[WORDS_BYTES];
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)snprintf(
        room, sizeof(room), "RELOADING=1\nMONOTONIC_USEC=%lld",
        (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    supervisor_tell(s, str_from_z(room));
}

void status_stopping(struct supervisor *s)
{
    supervisor_tell(s, S("STOPPING=1\nSTATUS=Stopping: ends what is under way"));
}

int64_t status_tick_ms(const struct status *s)
{
    int64_t ms = s->supervisor->watchdog_ms / 4;

    if (ms == 0 || ms > TICK_MOST_MS) {
        return TICK_MOST_MS;
    }
    return ms < TICK_LEAST_MS ? TICK_LEAST_MS : ms;
}

static const char *status_words(const struct readiness *r)
{
    if (!readiness_store_is_seen(r)) {
        return "Unready: the store is away";
    }
    return readiness_may_serve(r) ? "Serving" : "Unready: the key that seals is missing";
}

/* Once in half of the time, as sd_watchdog_enabled(3) advises. */
static void status_beat(struct status *s, struct http_server *server)
{
    int64_t now_ms = clock_mono_ms();
    bool is_alive = http_server_answers(server);

    if (is_alive && now_ms - s->beat_ms >= s->supervisor->watchdog_ms / 2) {
        s->beat_ms = now_ms;
        supervisor_tell(s->supervisor, S("WATCHDOG=1"));
    }
}

void status_tick(
    struct status *s, struct http_server *server, const struct readiness *readiness)
{
    if (!atomic_load(&readiness->is_draining)) {
        status_say(s, status_words(readiness));
    }
    if (s->supervisor->watchdog_ms > 0) {
        status_beat(s, server);
    }
}
