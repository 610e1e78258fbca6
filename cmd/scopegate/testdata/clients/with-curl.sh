# curl fetches a token in both ways and uses it.
set -euo pipefail
token() { sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p'; }
use() { curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "$GW_URL/partner/invoices"; }

basic=$(curl -sS -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials -d scope=invoices.read "$GW_URL/oauth/token" | token)
echo "client_secret_basic $(use "$basic")"
post=$(curl -sS -d grant_type=client_credentials -d scope=invoices.read --data-urlencode "client_id=$CLIENT_ID" \
  --data-urlencode "client_secret=$CLIENT_SECRET" "$GW_URL/oauth/token" | token)
echo "client_secret_post $(use "$post")"
