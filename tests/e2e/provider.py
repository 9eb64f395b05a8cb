"""A small OpenID provider on loopback that signs everybody in at once, with the claims it is told.

It does what the code flow needs (OpenID Connect Core 1.0, 3.1) and refuses what does not fit it:
an unknown code, a wrong client secret, a redirect to another address.
"""

import base64
import secrets
import threading
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import RedirectResponse

CLIENT_ID = "dashboard"
CLIENT_SECRET = "the dashboard's own secret"


class Provider:
    """Runs in a thread; `claims` are what it says of whoever signs in."""

    def __init__(self, port: int, redirect_uri: str) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.claims: dict[str, Any] = {"sub": "u1"}
        self._redirect_uri = redirect_uri
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, str] = {}
        config = uvicorn.Config(self._app(), host="127.0.0.1", port=port, log_config=None)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    @property
    def metadata_url(self) -> str:
        return f"{self.issuer}/.well-known/openid-configuration"

    def _app(self) -> FastAPI:
        app = FastAPI()
        app.get("/.well-known/openid-configuration")(self._metadata)
        app.get("/jwks")(self._jwks)
        app.get("/authorize")(self._authorize)
        app.post("/token")(self._token)
        return app

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _jwks(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    def _authorize(
        self, client_id: str, redirect_uri: str, state: str, nonce: str = ""
    ) -> RedirectResponse:
        if (client_id, redirect_uri) != (CLIENT_ID, self._redirect_uri):
            raise HTTPException(400, "unknown client or redirect")
        code = secrets.token_urlsafe(12)
        self._codes[code] = nonce
        return RedirectResponse(f"{redirect_uri}?{urlencode({'code': code, 'state': state})}")

    def _token(self, request: Request, code: str = Form()) -> dict[str, Any]:
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}" or code not in self._codes:
            raise HTTPException(400, "invalid client or code")
        now = int(time.time())
        standard = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 600}
        claims = {**standard, "nonce": self._codes.pop(code), **self.claims}
        id_token = jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "k1"})
        return {"access_token": "at", "token_type": "Bearer", "id_token": id_token}
