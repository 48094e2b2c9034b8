/* SPDX-License-Identifier: Apache-2.0 */
/*
 * post.h - one attempt: a message, signed, to the URL of an endpoint.
 */
#pragma once

#include "config/settings.h"
#include "hooks/sign.h"

struct post {
    Str url;
    Str id; /* of the message */
    Str body;
    const struct sign_secrets *secrets;
};

struct post_result {
    int status;  /* 0: there was no answer */
    Str failure; /* then the name of its kind, which lives for ever */
    int64_t took_ms;
    int64_t retry_after_s; /* -1: not said */
};

/* Always comes to a result; where it is a failure, the context has the reason. */
void post_send(
    struct cx *cx, struct net *net, const struct hook_settings *settings,
    const struct post *post, struct post_result *ret);
bool post_has_succeeded(const struct post_result *r);
/* For the command line: whether the guard would refuse every address that the name of the
 * URL has now. FAIL_ADDRESS_REFUSED, and FAIL_NOT_FOUND: the name has none. */
Res post_look(struct cx *cx, const struct hook_settings *settings, Str url) MUST;
