// A backend that verifies X-Principal-Assertion with jose, as docs/backends.md shows it.
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { GW_URL, ISSUER, AUDIENCE, METHOD, REQUEST_PATH, ASSERTION } = process.env
const keys = createRemoteJWKSet(new URL(GW_URL + '/oauth/jwks.json'))

async function principal (assertion, method, path) {
  const { payload } = await jwtVerify(assertion, keys, {
    issuer: ISSUER, audience: AUDIENCE, typ: 'principal-assertion+jwt', algorithms: ['ES256', 'EdDSA'], requiredClaims: ['exp', 'jti']
  })
  if (payload.htm !== method || payload.htu !== path) throw new Error('for another request')
  return [payload.client_id, payload.scope.split(' ')]
}

console.log('valid', ...await principal(ASSERTION, METHOD, REQUEST_PATH))
const parts = ASSERTION.split('.')
for (const [what, text, method, path] of [
  ['other method', ASSERTION, 'DELETE', REQUEST_PATH], ['other path', ASSERTION, METHOD, REQUEST_PATH + 'x'],
  ['other payload', [parts[0], parts[1].slice(0, -2) + 'AA', parts[2]].join('.'), METHOD, REQUEST_PATH],
  ['no signature', parts[0] + '.' + parts[1] + '.', METHOD, REQUEST_PATH]
]) {
  try {
    await principal(text, method, path)
    console.log('taken', what)
  } catch (e) {
    console.log('refused', what, e.code ?? e.message)
  }
}
