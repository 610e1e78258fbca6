// openid-client discovers the server, fetches a token in both ways and uses it.
import * as client from 'openid-client'

const url = process.env.GW_URL
const ways = { client_secret_basic: client.ClientSecretBasic, client_secret_post: client.ClientSecretPost }
for (const [name, way] of Object.entries(ways)) {
  const secret = process.env.CLIENT_SECRET
  const config = await client.discovery(new URL(url), process.env.CLIENT_ID, { client_secret: secret }, way(secret),
    { algorithm: 'oauth2', execute: [client.allowInsecureRequests] })
  const token = await client.clientCredentialsGrant(config, { scope: 'invoices.read' })
  if (token.scope !== 'invoices.read') throw new Error(JSON.stringify(token))
  const answer = await client.fetchProtectedResource(config, token.access_token, new URL(url + '/partner/invoices'), 'GET')
  console.log(name, answer.status)
}
