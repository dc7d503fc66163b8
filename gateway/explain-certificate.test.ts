import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { Line } from '../policies/check.ts'
import { signProof } from '../policies/proof-fixture.ts'
import { runCommandLine } from './command-line.ts'
import { freePort } from './harness/free-port.ts'
import { makeAuthority } from './harness/certificates.ts'
import type { Issued } from './harness/certificates.ts'
import { archiveContract, audience, ids, registryContent, upstreamSecret } from './harness/platform.ts'

/** `varco explain` of a token that a consumer outside the platform signed with its certificate. */

const root = await makeAuthority('root')
const leaf = await root.issue('leaf')
const revoked = await root.issue('revoked')
const unlisted = await root.issue('unlisted')
const seconds = Math.floor(Date.now() / 1000)

function makeToken (by: Issued, claims: object = {}): string {
  const header = { alg: 'ES256', typ: 'JWT', x5c: [by.certificate.raw.toString('base64')] }
  return signProof(header, { iss: ids.client, aud: audience, jti: randomUUID(), iat: seconds, exp: seconds + 120, ...claims }, by.privateKey)
}

async function explain (t: Test, token: string, x509: string) {
  const registry = { ...registryContent(), clients: registryContent().clients.map((client) => ({ ...client, certificates: [{ file: 'leaf.pem' }, { subject: 'CN=revoked,O=Ente,C=IT' }] })) }
  const nobody = await freePort()
  const folder = t.testdir({
    'registry.yaml': JSON.stringify(registry), 'contract.json': JSON.stringify(archiveContract), 'ca.pem': root.pem, 'leaf.pem': leaf.pem, 'list.pem': await root.revoke([revoked]),
    'gateway.yaml': `pdnd: { environment: sandbox, jwksUri: 'http://127.0.0.1:${nobody}/jwks.json' }
publicUrl: http://127.0.0.1:8080
registry: registry.yaml
${x509}
eservices:
  archive:
    contract: contract.json
    upstream: { url: 'http://127.0.0.1:9', secret: '${upstreamSecret}' }
    producer: ${ids.producer}
    eserviceId: ${ids.eservice}
    descriptorIds: [${ids.descriptor}]
    audience: ['${audience}']
`
  })
  let out = ''
  const code = await runCommandLine(['explain', '--config', join(folder, 'gateway.yaml'), '--json'], { out: (text) => { out += text }, err: (text) => { out += text }, stdin: async () => Buffer.from(`Authorization: Bearer ${token}\n`), env: {}, now: Date.now })
  t.notOk(out.includes(token.split('.')[2]!.slice(0, 20)), 'the signature is not shown')
  return { code, ...JSON.parse(out) as { verdict: string, eservice: string, lines: readonly Line[] } }
}

const authorities = 'x509: { mode: ca, ca: [ca.pem], crl: [list.pem] }'
const failed = ({ lines }: { lines: readonly Line[] }): readonly unknown[] => lines.filter(({ outcome }) => outcome === 'fail').map(({ check, code, got }) => ({ check, code, got }))

t.test('a good token is accepted, offline too: its certificate is judged by the configuration', async (t) => {
  const explained = await explain(t, makeToken(leaf), authorities)
  t.match(explained, { code: 0, verdict: 'accepted', eservice: 'archive' })
  t.strictSame(failed(explained), [])
  for (const check of ['Authorization typ', 'Authorization signature', 'Authorization aud', 'client', 'purpose of the client', 'agreement', 'purpose state']) t.ok(explained.lines.some((line) => line.check === check && line.outcome === 'pass'), check)
})

t.test('every fault is listed, with how to mend it', async (t) => {
  const explained = await explain(t, makeToken(leaf, { exp: seconds - 1, aud: 'https://other.example', sub: 'another' }), authorities)
  t.match(explained, { code: 1, verdict: 'refused' })
  t.match(failed(explained), [{ check: 'Authorization exp', code: 'token-expired' }, { check: 'Authorization aud', code: 'token-audience-mismatch' }, { check: 'Authorization sub', code: 'token-claims-invalid' }])
})

t.test('whoever holds the token is told what is wrong with its certificate', async (t) => {
  t.match(failed(await explain(t, makeToken(revoked), authorities)), [{ check: 'Authorization signature', code: 'token-unverifiable', got: 'it was revoked' }])
  t.match(failed(await explain(t, makeToken(unlisted), authorities)).at(0), { check: 'client', code: 'client-unknown' })
  t.match(failed(await explain(t, makeToken(leaf), '')), [{ got: 'no certificate is trusted: there is no x509 in the configuration' }])
})
