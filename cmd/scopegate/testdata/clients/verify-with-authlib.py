"""A backend that verifies X-Principal-Assertion with Authlib, as docs/backends.md shows it."""
import os
import urllib.request
import json
from authlib.jose import JsonWebKey, JsonWebToken

key_set = JsonWebKey.import_key_set(json.load(urllib.request.urlopen(os.environ["GW_URL"] + "/oauth/jwks.json")))


def principal(assertion, method, path):
    claims = JsonWebToken(["ES256", "EdDSA"]).decode(assertion, key_set, claims_options={
        "iss": {"essential": True, "value": os.environ["ISSUER"]},
        "aud": {"essential": True, "value": os.environ["AUDIENCE"]},
        "exp": {"essential": True}, "htm": {"essential": True, "value": method}, "htu": {"essential": True, "value": path},
    })
    claims.validate()
    if claims.header["typ"] != "principal-assertion+jwt":
        raise ValueError("another kind of token")
    return claims["client_id"], claims["scope"].split()


method, path = os.environ["METHOD"], os.environ["REQUEST_PATH"]
assertion = os.environ["ASSERTION"]
print("valid", *principal(assertion, method, path))
parts = assertion.split(".")
for what, text, m, p in (
    ("other method", assertion, "DELETE", path), ("other path", assertion, method, path + "x"),
    ("other payload", ".".join((parts[0], parts[1][:-2] + "AA", parts[2])), method, path),
    ("no signature", parts[0] + "." + parts[1] + ".", method, path),
):
    try:
        principal(text, m, p)
    except Exception as e:
        print("refused", what, type(e).__name__)
    else:
        print("taken", what)
