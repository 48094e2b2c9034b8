/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.c - datagrams to the socket of NOTIFY_SOCKET, a path or an abstract name.
 *
 * Each datagram names the socket anew, since a supervisor that starts again makes another
 * one at the same place.
 */
#include "base/supervisor.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/process.h"

enum { SUPERVISOR_WAIT_MS = 1000 };

/* false: an address of another family, or longer than there is room. */
static bool supervisor_read_address(struct supervisor *s, Str at)
{
    bool is_abstract = str_starts(at, S("@"));

    if ((!is_abstract && !str_starts(at, S("/"))) || at.n >= sizeof(s->to.sun_path)) {
        return false;
    }
    s->to = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(s->to.sun_path, at.p, at.n);
    s->to_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + at.n);
    if (is_abstract) {
        s->to.sun_path[0] = 0;
    }
    return true;
}

static int64_t watchdog_read_ms(Str usec, Str pid)
{
    int64_t us;
    int64_t whose = getpid();

    if (!str_to_int(usec, &us) || us <= 0 || (pid.n > 0 && !str_to_int(pid, &whose))) {
        return 0;
    }
    return whose == getpid() ? (us + 999) / 1000 : 0;
}

static int supervisor_open(void)
{
    const struct timeval wait = {
        .tv_sec = SUPERVISOR_WAIT_MS / 1000, .tv_usec = SUPERVISOR_WAIT_MS % 1000 * 1000};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    return fd;
}

void supervisor_find(struct supervisor *ret)
{
    Str at = process_take_variable("NOTIFY_SOCKET");
    Str usec = process_take_variable("WATCHDOG_USEC");
    Str pid = process_take_variable("WATCHDOG_PID");

    *ret = (struct supervisor){.fd = -1};
    if (at.n == 0) {
        return;
    }
    if (supervisor_read_address(ret, at)) {
        ret->watchdog_ms = watchdog_read_ms(usec, pid);
        ret->fd = supervisor_open();
    } else {
        log_event(
            LEVEL_WARN, EVENT_SUPERVISOR_UNREACHABLE,
            KZ("reason", "NOTIFY_SOCKET is neither a path nor an abstract name"));
    }
}

void supervisor_tell(struct supervisor *s, Str lines)
{
    const struct sockaddr *to = (const struct sockaddr *)&s->to;

    if (s->fd >= 0 && sendto(s->fd, lines.p, lines.n, MSG_NOSIGNAL, to, s->to_bytes) < 0
        && !atomic_exchange(&s->has_said, true)) {
        log_event(
            LEVEL_WARN, EVENT_SUPERVISOR_UNREACHABLE,
            KZ("reason", strerrordesc_np(errno)));
    }
}

void supervisor_close(struct supervisor *s)
{
    if (s->fd >= 0) {
        (void)close(s->fd);
    }
    s->fd = -1;
}
