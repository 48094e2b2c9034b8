/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/limits.h"
#include "base/testing.h"
#include "oauth/authorize.h"

static struct flow_secrets t_flow_secrets(void)
{
    struct flow_secrets s;

    memset(s.verifier, 'v', sizeof(s.verifier));
    memset(s.nonce, 'n', sizeof(s.nonce));
    memset(s.challenge, 'c', sizeof(s.challenge));
    return s;
}

#define N43 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"
#define C43 "ccccccccccccccccccccccccccccccccccccccccccc"

/* SECURITY 4: the authorize URL has response_type=code, exactly the configured
 * redirect_uri, an S256 challenge, and never the verifier; 6: whatever a source's
 * metadata say of PKCE. SECURITY 10: what comes from outside is percent-encoded and
 * cannot add or override parameters. */
TEST(test_authorize_url_has_exactly_the_parameters)
{
    const struct flow_secrets secrets = t_flow_secrets();
    const struct oauth_client client = {
        .client_id = S("a&b=c"),
        .client_secret = S("s3cret"),
        .redirect_uri = S("https://caldock.example/oauth2/callback/google"),
        .authorize_url = S("https://source.example/auth"),
        .scopes = S("openid https://a/b.c"),
    };
    Str url;

    T_OK(authorize_url(
        t_cx(), &client, S("st-a_te"), &secrets, S("&access_type=offline"), &url));
    T_STR(
        url, S("https://source.example/auth?response_type=code&client_id=a%26b%3Dc"
               "&redirect_uri=https%3A%2F%2Fcaldock.example%2Foauth2%2Fcallback%2Fgoogle"
               "&scope=openid%20https%3A%2F%2Fa%2Fb.c&state=st-a_te&nonce=" N43
               "&code_challenge=" C43 "&code_challenge_method=S256&access_type=offline"));
}

TEST(test_authorize_url_appends_to_a_query)
{
    const struct flow_secrets secrets = t_flow_secrets();
    const struct oauth_client client = {
        .client_id = S("id"), .authorize_url = S("https://source.example/auth?x=1")};
    Str url;

    T_OK(authorize_url(t_cx(), &client, S("s"), &secrets, S(""), &url));
    T_TRUE(str_starts(
        url, S("https://source.example/auth?x=1&response_type=code&client_id=id&")));
}

TEST(test_authorize_url_stops_at_its_limit)
{
    static char x[LIMIT_AUTHORIZE_URL_BYTES];
    const struct flow_secrets secrets = t_flow_secrets();
    struct oauth_client client = {
        .client_id = S("id"), .authorize_url = S("https://source.example/auth")};
    Str url = S("");

    memset(x, 'x', sizeof(x));
    T_OK(authorize_url(t_cx(), &client, S(""), &secrets, S(""), &url));
    size_t room = LIMIT_AUTHORIZE_URL_BYTES - url.n;

    T_OK(authorize_url(t_cx(), &client, (Str){x, room}, &secrets, S(""), &url));
    T_INT(url.n, LIMIT_AUTHORIZE_URL_BYTES);
    url = S("untouched");
    T_FAIL(
        FAIL_LIMIT,
        authorize_url(t_cx(), &client, (Str){x, room + 1}, &secrets, S(""), &url));
    T_STR(url, S("untouched"));
}

T_MAIN(
    T(test_authorize_url_has_exactly_the_parameters),
    T(test_authorize_url_appends_to_a_query), T(test_authorize_url_stops_at_its_limit))
