/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve.h - the handler of the HTTP server, and the functions that begin and end each of
 * its threads.
 */
#pragma once

#include "http/server.h"

void serve_handle(struct http_exchange *ex);
/* How large the body of such a request may be. */
size_t serve_body_limit(const struct http_request *req, void *loop_data);

/* `service` is a struct service; `loop_data` is what serve_thread_start returned. */
void *serve_thread_start(void *service, struct http_loop *http);
void serve_thread_stop(void *service, void *loop_data);
