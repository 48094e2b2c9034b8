# SPDX-License-Identifier: Apache-2.0
"""The peer in Python: Django REST Framework with nothing switched on that this doesn't need.

No middleware, no database, no log. State is signed with django.core.signing; the PKCE verifier and the nonce are
derived from the flow's id, as in Caldock, since a signature hides nothing.
"""
import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import django
from django.conf import settings
from django.core import signing
from django.core.wsgi import get_wsgi_application
from django.urls import path

BENCH = json.loads(os.environ["BENCH"])

# For gunicorn: a process per CPU, and threads, so that connections are kept; the cheapest of its own workers.
bind = f"127.0.0.1:{BENCH['port']}"
worker_class, workers, threads, keepalive, loglevel = "gthread", 1, 4, 75, "warning"

settings.configure(
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=[],
    ROOT_URLCONF=__name__,
    SECRET_KEY=BENCH["key"],
    USE_I18N=False,
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
)
django.setup()

from rest_framework import authentication, exceptions, permissions, serializers  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

TOKENS = {BENCH["token_hash"]: {"id": 1, "providers": [BENCH["provider"]]}}
PROVIDERS = {BENCH["provider"]: {"features": {"external_calendars"}, "patterns": [BENCH["pattern"]]}}
SOURCES = {"GOOG": "Google"}


class TokenAuthentication(authentication.BaseAuthentication):
    def authenticate(self, request):
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "token" or not text:
            raise exceptions.NotAuthenticated()
        token = TOKENS.get(hashlib.sha256(text.encode()).hexdigest())
        if token is None:
            raise exceptions.AuthenticationFailed()
        return None, token

    def authenticate_header(self, request):
        return "Token"


class FeatureIsOn(permissions.BasePermission):
    def has_permission(self, request, view):
        request.provider = int(request.headers.get("TeamUp-Provider-ID", request.auth["providers"][0]))
        if request.provider not in request.auth["providers"]:
            return False
        return "external_calendars" in PROVIDERS[request.provider]["features"]


class InitiateSerializer(serializers.Serializer):
    calendar_source = serializers.ChoiceField(choices=list(SOURCES.items()))
    redirect_uri = serializers.CharField(max_length=512)

    def validate_redirect_uri(self, text):
        url = urlsplit(text)
        if url.scheme != "https" or not url.hostname or url.username or url.fragment:
            raise serializers.ValidationError("Not a redirect URI.")
        if {"success", "error", "account"} & parse_qs(url.query).keys():
            raise serializers.ValidationError("These query parameters are ours.")
        patterns = PROVIDERS[self.context["request"].provider]["patterns"]
        if not any(text.startswith(pattern) for pattern in patterns):
            raise serializers.ValidationError("Not a registered redirect URI.")
        return text


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def derive(flow_id, purpose):
    return b64url(hmac.digest(BENCH["key"].encode(), purpose + flow_id, "sha256"))


class InitiateView(APIView):
    authentication_classes = [TokenAuthentication]
    permission_classes = [FeatureIsOn]

    def post(self, request):
        serializer = InitiateSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        wish = serializer.validated_data
        flow_id = secrets.token_bytes(24)
        expires = int(time.time()) + BENCH["timeout_seconds"]
        flow = [request.auth["id"], request.provider, wish["calendar_source"], wish["redirect_uri"], expires]
        challenge = hashlib.sha256(derive(flow_id, b"verifier").encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": BENCH["client_id"],
            "redirect_uri": BENCH["callback"],
            "scope": BENCH["scopes"],
            "state": signing.dumps([b64url(flow_id), *flow]),
            "nonce": derive(flow_id, b"nonce"),
            "code_challenge": b64url(challenge),
            "code_challenge_method": "S256",
            "access_type": "offline",
            "prompt": "select_account consent",
        }
        uri = f"{BENCH['authorize_url']}?{urlencode(parameters, quote_via=quote)}"
        headers = {
            "X-Request-Id": secrets.token_urlsafe(12),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept, Authorization",
        }
        return Response({"uri": uri, "timeout_seconds": BENCH["timeout_seconds"]}, headers=headers)


urlpatterns = [path("api/v2/external_calendars/accounts/oauth2/initiate", InitiateView.as_view())]
application = get_wsgi_application()
