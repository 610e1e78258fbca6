"""Authlib fetches a token in both ways and uses it."""
import os
from authlib.integrations.requests_client import OAuth2Session

url = os.environ["GW_URL"]
for method in ("client_secret_basic", "client_secret_post"):
    session = OAuth2Session(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], scope="invoices.read",
                            token_endpoint_auth_method=method)
    token = session.fetch_token(url + "/oauth/token", grant_type="client_credentials")
    assert token["scope"] == "invoices.read" and token["token_type"] == "Bearer", token
    print(method, session.get(url + "/partner/invoices").status_code)
