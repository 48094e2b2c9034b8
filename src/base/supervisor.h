/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supervisor.h - tells the program that started the service how it does, as sd_notify(3)
 * and systemd's services do. Without such a program, it does nothing.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/str.h"

struct supervisor {
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un to;
    socklen_t to_bytes;
    int64_t watchdog_ms; /* it ends a process that is silent for so long; 0: it doesn't */
    atomic_bool has_said; /* that it can't be told */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, and takes them from the
 * environment, so that they are this process's alone. Call it while there is one thread,
 * and before the process confines itself. */
void supervisor_find(struct supervisor *ret);
/* Sends lines as "READY=1\nSTATUS=…", from any thread; the log hears of the first
 * failure. Waits for a second at most. */
void supervisor_tell(struct supervisor *s, Str lines);
void supervisor_close(struct supervisor *s);
