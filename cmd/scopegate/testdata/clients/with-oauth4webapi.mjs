// oauth4webapi discovers the server, fetches a token in both ways, uses, asks about and revokes it.
import * as oauth from 'oauth4webapi'

const url = process.env.GW_URL
const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(url)
const server = await oauth.processDiscoveryResponse(issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }))
const client = { client_id: process.env.CLIENT_ID }
const ways = { client_secret_basic: oauth.ClientSecretBasic, client_secret_post: oauth.ClientSecretPost }
for (const [name, way] of Object.entries(ways)) {
  const auth = way(process.env.CLIENT_SECRET)
  const token = await oauth.processClientCredentialsResponse(server, client,
    await oauth.clientCredentialsGrantRequest(server, client, auth, { scope: 'invoices.read' }, insecure))
  const use = () => oauth.protectedResourceRequest(token.access_token, 'GET', new URL(url + '/partner/invoices'), undefined, undefined, insecure)
  const answer = await use()
  const known = await oauth.processIntrospectionResponse(server, client,
    await oauth.introspectionRequest(server, client, auth, token.access_token, insecure))
  if (known.active !== true || known.client_id !== client.client_id) throw new Error(JSON.stringify(known))
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, auth, token.access_token, insecure))
  let refused
  try { refused = (await use()).status } catch (e) { refused = e.status ?? e.cause?.[0]?.parameters?.error ?? String(e) }
  if (![401, 'invalid_token'].includes(refused)) throw new Error(`after revocation: ${refused}`)
  console.log(name, answer.status)
}
