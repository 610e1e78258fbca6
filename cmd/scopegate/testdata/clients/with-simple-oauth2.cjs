// simple-oauth2 fetches a token in both ways and uses it.
const { ClientCredentials } = require('simple-oauth2')

const url = process.env.GW_URL
async function main () {
  for (const [name, authorizationMethod] of [['client_secret_basic', 'header'], ['client_secret_post', 'body']]) {
    const client = new ClientCredentials({
      client: { id: process.env.CLIENT_ID, secret: process.env.CLIENT_SECRET },
      auth: { tokenHost: url, tokenPath: '/oauth/token' },
      options: { authorizationMethod }
    })
    const { token } = await client.getToken({ scope: 'invoices.read' })
    if (token.scope !== 'invoices.read') throw new Error(JSON.stringify(token))
    const answer = await fetch(url + '/partner/invoices', { headers: { Authorization: `Bearer ${token.access_token}` } })
    console.log(name, answer.status)
  }
}
main().catch(e => { console.error(e); process.exit(1) })
