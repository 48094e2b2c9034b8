/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi_webhooks.c - describes the requests that hooks/post.c sends (docs/webhooks.md
 * §1 and §3).
 */
#include "serve/openapi_webhooks.h"

#include "api/webhook_view.h"
#include "serve/openapi_parts.h"
#include "serve/openapi_schemas.h"

/* clang-format off */
static const struct header {
    const char *name;
    const char *about;
} headers[] = {
    {"webhook-id", "The id of the message: the same at each attempt."},
    {"webhook-timestamp", "When this attempt was made, in seconds since 1970."},
    {"webhook-signature", "`v1,` and an HMAC-SHA256 in base64; two while a secret changes."},
};

/* clang-format on */

static json_t *header_parameters(void)
{
    json_t *j = json_array();

    for (size_t i = 0; i < COUNT(headers); i++) {
        openapi_add(
            j, json_pack(
                   "{ss ss sb ss s{ss}}", "name", headers[i].name, "in", "header",
                   "required", 1, "description", headers[i].about, "schema", "type",
                   "string"));
    }
    return j;
}

json_t *openapi_webhooks(struct arena *mem)
{
    json_t *content = openapi_content(
        mem, webhook_view_message.name, openapi_example(&webhook_view_message), false);

    return json_pack(
        "{s{s{ss s[s] ss s[] so s{sb so} s{s{ss} s{ss}}}}}", "message", "post",
        "operationId", "webhook_message", "tags", "Webhooks", "summary",
        "Tell the application what happened", "security", "parameters",
        header_parameters(), "requestBody", "required", 1, "content", content,
        "responses", "2XX", "description", "It is taken.", "4XX", "description",
        "It is not believed; it is sent again later.");
}
