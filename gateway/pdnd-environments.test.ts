import t from 'tap'
import { environmentNames, pdndEnvironments, sandboxEnvironment } from './pdnd-environments.ts'

t.test('production is found at the addresses that the platform publishes', async (t) => {
  t.strictSame(pdndEnvironments.produzione, {
    issuer: 'interop.pagopa.it',
    jwksUri: 'https://interop.pagopa.it/.well-known/jwks.json',
    apiBase: 'https://api.interop.pagopa.it',
    tracingBase: 'https://api.tracing.interop.pagopa.it',
    tokenUrl: 'https://auth.interop.pagopa.it/token.oauth2',
    clientAssertionAudience: 'auth.interop.pagopa.it/client-assertion'
  })
  t.equal(pdndEnvironments.collaudo.tokenUrl, 'https://auth.uat.interop.pagopa.it/token.oauth2')
  t.equal(pdndEnvironments.collaudo.tracingBase, 'https://api.uat.tracing.interop.pagopa.it')
  t.equal(pdndEnvironments.attestazione.clientAssertionAudience, 'auth.att.interop.pagopa.it/client-assertion')
})

t.test('no two environments share an issuer or an audience', async (t) => {
  const presets = environmentNames.map((name) => pdndEnvironments[name])
  t.equal(new Set(presets.map(({ issuer }) => issuer)).size, environmentNames.length)
  t.equal(new Set(presets.map(({ clientAssertionAudience }) => clientAssertionAudience)).size, environmentNames.length)
})

t.test('the sandbox moves with its port, its issuer does not', async (t) => {
  t.equal(pdndEnvironments.sandbox.tokenUrl, 'http://127.0.0.1:8081/token.oauth2')
  t.equal(sandboxEnvironment(9001).jwksUri, 'http://127.0.0.1:9001/.well-known/jwks.json')
  t.equal(sandboxEnvironment(9001).issuer, pdndEnvironments.sandbox.issuer)
})
