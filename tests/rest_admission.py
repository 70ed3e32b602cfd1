# SPDX-License-Identifier: Apache-2.0
"""Who may ask rest_server.py: credentials, tokens that it gives, and signatures, checked as their specifications have it."""
import base64
import calendar
import hashlib
import hmac
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.parse

USER, PASSWORD, TOKEN, KEY = "reader", "pass word:1", "canary-bearer-7f3a", "canary-key-91bc"
JWT_ISSUER, JWT_SECRET, JWT_KEY_ID = "loader", "canary-hmac-2b8e", "key-7"
AWS_KEY, AWS_SECRET, AWS_SESSION, AWS_REGION = "AKIACANARY", "canary-aws-77d1/+x", "canary-session-0c4d", "eu-test-1"
CLIENT, CLIENT_SECRET = "client-1", "canary-client-55d0"


class Admission:
    def __init__(self, scheme, keys_folder):
        self.tokens, self.token_seconds = {}, 3600
        self.keys_folder, self.claims_seen = keys_folder, set()
        self.refresh_token = "canary-refresh-1"
        self.scheme = scheme

    def admitted(self, kind, request):
        got = request.headers.get("authorization", "")
        if kind == "basic":
            return got == "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if kind == "bearer":
            return got == f"Bearer {TOKEN}"
        if kind == "header":
            return request.headers.get("x-api-key") == KEY
        if kind == "query":
            return request.params.get("api_key") == KEY
        if kind == "oauth":
            token = got.removeprefix("Bearer ")
            return self.tokens.get(token, 0) > time.monotonic()
        if kind == "jwt":
            return self.claims_good(got.removeprefix("Bearer "), "rows", False)
        if kind == "aws":
            return self.aws_good(request, got)
        return False

    def claims_good(self, token, audience, once):
        def plain(part):
            return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        parts = token.split(".")
        if len(parts) != 3 or "=" in token:
            return False
        head, claims, signature = json.loads(plain(parts[0])), json.loads(plain(parts[1])), plain(parts[2])
        data, kind = f"{parts[0]}.{parts[1]}".encode(), head["alg"]
        if kind == "HS256":
            signed = hmac.compare_digest(signature, hmac.new(JWT_SECRET.encode(), data, "sha256").digest())
        else:
            if kind == "ES256":
                if len(signature) != 64:
                    return False
                signature = self.der(signature[:32], signature[32:])
            with tempfile.TemporaryDirectory() as folder:
                for name, content in (("data", data), ("signature", signature)):
                    with open(os.path.join(folder, name), "wb") as out:
                        out.write(content)
                signed = subprocess.run(["openssl", "dgst", "-sha256", "-verify", os.path.join(self.keys_folder, kind + ".pem"), "-signature",
                                         os.path.join(folder, "signature"), os.path.join(folder, "data")],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0
        now = time.time()
        good = (signed and head["typ"] == "JWT" and head["kid"] == JWT_KEY_ID and claims["iss"] == JWT_ISSUER and claims["aud"] == audience
                and claims["iat"] <= now + 1 and now < claims["exp"] <= now + 3600 and not (once and claims["jti"] in self.claims_seen))
        self.claims_seen.add(claims["jti"])
        return good

    @staticmethod
    def der(*numbers):
        body = b""
        for number in numbers:
            number = number.lstrip(b"\0") or b"\0"
            number = b"\0" * (number[0] >> 7) + number
            body += bytes([2, len(number)]) + number
        return bytes([0x30, len(body)]) + body

    @staticmethod
    def aws_good(request, got):
        """As the documentation of Signature Version 4 has it, from what arrived."""
        found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})", got)
        if not found:
            return False
        key, day, region, service, names, signature = found.groups()
        headers, names = request.headers, names.split(";")
        quote = lambda text: urllib.parse.quote(text, safe="-_.~")
        split = urllib.parse.urlsplit(request.target)
        path = split.path if service == "s3" else "/".join(quote(part) for part in split.path.split("/"))
        pairs = sorted((quote(k), quote(v)) for k, v in ((urllib.parse.unquote(p.partition("=")[0]), urllib.parse.unquote(p.partition("=")[2]))
                                                         for p in split.query.split("&") if p))
        digest = hashlib.sha256(request.body).hexdigest()
        canonical = "\n".join([request.method, path, "&".join(f"{k}={v}" for k, v in pairs),
                               "".join(f"{name}:{headers.get(name, '')}\n" for name in names), ";".join(names), digest])
        stamp = headers.get("x-amz-date", "")
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, f"{day}/{region}/{service}/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
        secret = ("AWS4" + AWS_SECRET).encode()
        for step in (day, region, service, "aws4_request"):
            secret = hmac.new(secret, step.encode(), "sha256").digest()
        age = abs(time.time() - calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))) if stamp.startswith(day) else 1e9
        lent = headers.get("x-amz-security-token")
        return (key == AWS_KEY and region == AWS_REGION and age < 300 and "host" in names and headers.get("x-amz-content-sha256") == digest
                and (lent is None or (lent == AWS_SESSION and "x-amz-security-token" in names))
                and hmac.compare_digest(signature, hmac.new(secret, text.encode(), "sha256").hexdigest()))

    def token(self, request):
        form = request.params
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        known = request.headers.get("authorization") == basic or (form.get("client_id"), form.get("client_secret")) == (CLIENT, CLIENT_SECRET)
        grant, more = form.get("grant_type"), {}
        if grant == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            known = self.claims_good(form.get("assertion", ""), f"{self.scheme}://{request.headers.get('host')}/token", True)
        elif grant == "refresh_token":
            public = form.get("client_id") == CLIENT and "client_secret" not in form and "authorization" not in request.headers
            if not (known or public) or form.get("refresh_token") != self.refresh_token:
                return 400, {"content-type": "application/json"}, json.dumps({"error": "invalid_grant", "got": form.get("refresh_token")}).encode()
            known = True
            if "rotate" in request.query:
                self.refresh_token = f"canary-refresh-{os.urandom(6).hex()}"
                more = {"refresh_token": self.refresh_token}
        elif grant != "client_credentials":
            known = False
        if not known:
            return 401, {}, b'{"error":"invalid_client"}'
        token = f"canary-token-{len(self.tokens) + 1}-{os.urandom(6).hex()}"
        self.tokens[token] = time.monotonic() + self.token_seconds
        return 200, {"content-type": "application/json"}, json.dumps(
            {"access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds, "scope": form.get("scope"), **more}).encode()
