"""requests-oauthlib fetches a token in both ways and uses it."""
import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the test speaks plain HTTP on loopback

from oauthlib.oauth2 import BackendApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

url, client_id, secret = (os.environ[name] for name in ("GW_URL", "CLIENT_ID", "CLIENT_SECRET"))
for name, arguments in (
    ("client_secret_basic", {"auth": HTTPBasicAuth(client_id, secret)}),
    ("client_secret_post", {"client_secret": secret, "include_client_id": True}),
):
    session = OAuth2Session(client=BackendApplicationClient(client_id=client_id, scope=["invoices.read"]))
    token = session.fetch_token(url + "/oauth/token", **arguments)
    assert list(token["scope"]) == ["invoices.read"], token
    print(name, session.get(url + "/partner/invoices").status_code)
