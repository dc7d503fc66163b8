import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { certifiedKey, certifiedToken, thumbprint } from '../policies/certificate-fixture.ts'
import type { AsyncScope } from '../policies/demands.ts'
import { denials, denialType } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'
import { agreedClaims, evidenceDigestOf, makeEvidence } from '../policies/evidence-fixture.ts'
import type { EvidenceChanges } from '../policies/evidence-fixture.ts'
import { ecKey, jktOf, jwkOf, makeProof, rsaKey } from '../policies/proof-fixture.ts'
import type { ProvenCall } from '../policies/proof-fixture.ts'
import { clientKeysOf, digestOf, otherClientKey, otherClientKid, signMessage } from '../policies/signature-fixture.ts'
import { openInteractions } from './adapters/interactions-file.ts'
import { selfSigned } from './harness/certificates.ts'
import { custodyOptions, keeping, signedCall, withCustody } from './harness/custody.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { CallOptions, Harness, HarnessOptions } from './harness/gateway.ts'
import { granting, withoutCitizen, writtenGrant } from './harness/grants.ts'
import { archiveContract, audience, basePath, ids, registryContent } from './harness/platform.ts'
import type { RegistryContent } from './harness/platform.ts'
import { checkProblem } from './harness/refusal.ts'
import { reportsOptions, stepRequest, withProperties } from './harness/reports.ts'
import type { WireAnswer } from './harness/wire.ts'
import { viaOf } from './via.ts'

/** What brings a refusal about: how the gateway is started, and what is sent to it. */
interface Golden { readonly options?: HarnessOptions, readonly send: (gateway: Harness) => Promise<WireAnswer> }

const call = (path: string, options: CallOptions = {}): Golden => ({ send: async (gateway) => gateway.call(path, options) })
const lines = (...more: string[]): Golden => ({ send: async (gateway) => gateway.raw([`GET ${basePath}/items HTTP/1.1`, `Host: ${gateway.host}`, ...more]) })
const claims = (changes: object): Golden => ({ send: async (gateway) => gateway.call('/items', { voucher: gateway.voucher({ claims: { ...changes } }) }) })
const registry = (change: (content: RegistryContent) => object): Golden => ({ options: { registry: (content) => ({ ...content, ...change(content) }) }, send: async (gateway) => gateway.call('/items') })
const proven = (headers: (call: ProvenCall) => Readonly<Record<string, string>>, times = 1): Golden => ({ send: async (gateway) => {
  const bound = gateway.voucher({ claims: { cnf: { jkt: jktOf(ecKey.publicKey) } } })
  const more = headers({ method: 'GET', url: `${gateway.config.publicUrl}${basePath}/items`, voucher: bound, now: gateway.clock.now })
  const send = async (): Promise<WireAnswer> => gateway.call('/items', { voucher: null, headers: { Authorization: `DPoP ${bound}`, ...more } })
  for (let count = 1; count < times; count++) await send()
  await gateway.takeRecords(times - 1)
  return send()
} })
const upstream = (answer: Harness['upstream']['answer']): Golden => ({ send: async (gateway) => {
  gateway.upstream.answer = answer
  return gateway.call('/items', { method: 'POST', body: { name: 'x' } })
} })
const twice = (options: HarnessOptions, path = '/items'): Golden => ({ options, send: async (gateway) => {
  await gateway.call(path)
  await gateway.takeRecords(1)
  return gateway.call(path)
} })

const seconds = Math.floor(Date.parse('2026-03-02T10:00:00Z') / 1000)
const [agreement] = registryContent().agreements
const [purpose] = registryContent().purposes
const limits = (changes: object): HarnessOptions => ({ config: (config) => ({ ...config, limits: { ...config.limits, ...changes } }) })
const one = { requests: 1, seconds: 60 }
const post = (body: unknown, type = 'application/json'): Golden => call('/items', { method: 'POST', body: body as object, headers: { 'Content-Type': type } })

const machine = await selfSigned('machine', { notBefore: (seconds - 60) * 1000, notAfter: (seconds + 60) * 1000 })
const behindProxy = (pattern: string, headers: Readonly<Record<string, string>>): Golden => ({
  ...call('/items', { headers }),
  options: {
    contract: { ...archiveContract, 'x-modi': { patterns: [pattern] } },
    config: (config) => ({ ...config, trustedProxies: ['127.0.0.1'] }),
    registry: (content) => ({ ...content, tenants: content.tenants.map((tenant) => ({ ...tenant, certificates: [{ subject: 'CN=another' }] })) })
  }
})

/** A call with a token signed with a certificate, good but for the claims, where such callers are taken. */
const certified = (changes: object, { header = {}, clients = {}, once = false, ...options }: { readonly header?: object, readonly clients?: object, readonly once?: boolean } & Pick<HarnessOptions, 'replay'> = {}): Golden => ({
  options: {
    contract: { ...archiveContract, 'x-modi': { trust: ['x509'], ...once && { patterns: ['ID_AUTH_REST_02'] } } },
    certificates: { find: () => ({ key: certifiedKey.publicKey, clientId: ids.client, thumbprint }) },
    registry: (content) => ({ ...content, clients: content.clients.map((client) => ({ ...client, ...clients })) }),
    ...options
  },
  send: async (gateway) => gateway.call('/items', { voucher: certifiedToken({ header: { ...header }, claims: { iss: ids.client, sub: ids.client, aud: audience, iat: seconds, nbf: seconds, exp: seconds + 60, purposeId: ids.purpose, ...changes } }) })
})
const repeated = ({ options, send }: Golden): Golden => ({ ...options && { options }, send: async (gateway) => {
  await send(gateway)
  await gateway.takeRecords(1)
  return send(gateway)
} })

const evidenceWith = (changes: EvidenceChanges = {}) => (now: number): string => makeEvidence({ clientId: ids.client, purposeId: ids.purpose, audience, now }, changes)
const audited = (evidence: (now: number) => string, digest: (evidence: string) => unknown = evidenceDigestOf): Golden => ({
  options: { contract: { ...archiveContract, 'x-modi': { patterns: ['AUDIT_REST_02'], audit: { claims: agreedClaims } } }, clientKeys: clientKeysOf(ids.client, ids.consumer) },
  send: async (gateway) => {
    const sent = evidence(gateway.clock.now)
    return gateway.call('/items', { voucher: gateway.voucher({ claims: { digest: digest(sent) } }), headers: { 'Agid-JWT-TrackingEvidence': sent } })
  }
})

const integral = (changes: Parameters<typeof signMessage>[2], times = 1): Golden => ({
  options: { contract: { ...archiveContract, 'x-modi': { patterns: ['INTEGRITY_REST_02'] } }, clientKeys: clientKeysOf(ids.client, ids.consumer) },
  send: async (gateway) => {
    const body = '{"name":"x"}'
    const send = async (): Promise<WireAnswer> => gateway.call('/items', { method: 'POST', body, headers: signMessage(body, { clientId: ids.client, audience, now: gateway.clock.now }, changes) })
    for (let count = 1; count < times; count++) await send()
    await gateway.takeRecords(times - 1)
    return send()
  }
})

const granted = (path: string, grant: object): Golden => ({ ...call(path), options: granting([writtenGrant(grant)]) })

/** Steps of one asynchronous exchange, each so many seconds after the one before; the last is answered. */
const exchanging = (scopes: readonly AsyncScope[], { after = 0, ...options }: HarnessOptions & { readonly after?: number } = {}): Golden => ({ options: { ...reportsOptions, ...options }, send: async (gateway) => {
  const steps = [...scopes]
  const last = steps.pop() as AsyncScope
  for (const scope of steps) {
    await gateway.raw(stepRequest(gateway, scope, ids.agreement))
    await gateway.takeRecords(1)
    gateway.clock.now += after * 1000
  }
  return gateway.raw(stepRequest(gateway, last, ids.agreement))
} })
const pushed = (to: string, options: HarnessOptions = {}): Golden => ({ ...call('/pushes', { method: 'POST', headers: { 'X-ReplyTo': to } }), options: { ...reportsOptions, ...options } })

/** One request over the wire for every code in the table: TypeScript sees to it that none is missing. */
const golden: Readonly<Record<DenialCode, Golden>> = {
  'malformed-request': lines('Authorization: a', 'Authorization: b'),
  'invalid-parameter': call('/items?limit=0x10'),
  'invalid-body': post({ name: 7 }),
  'route-not-found': call('/nothing'),
  'method-not-allowed': call('/items', { method: 'DELETE' }),
  'not-acceptable': call('/items', { headers: { Accept: 'text/csv' } }),
  'request-timeout': { options: { patience: { headersMs: 500, requestMs: 1000, checkEveryMs: 50 } }, send: async (gateway) => {
    const wire = gateway.connect()
    wire.write(`GET ${basePath}/items HTTP/1.1\r\nHost: `)
    return wire.answer()
  } },
  'content-too-large': { ...post('x'.repeat(2000)), options: limits({ bodyBytes: 1024 }) },
  'uri-too-long': call(`/items?q=${'x'.repeat(8192)}`),
  'unsupported-media-type': post('x', 'text/plain'),
  'expectation-failed': call('/items', { headers: { Expect: 'the-unexpected' } }),
  'headers-too-large': lines(`X-Long: ${'x'.repeat(9000)}`),

  'voucher-missing': call('/items', { voucher: null }),
  'voucher-malformed': call('/items', { voucher: 'a.b.c' }),
  'voucher-unverifiable': { send: async (gateway) => gateway.call('/items', { voucher: gateway.voucher({ header: { kid: 'another' } }) }) },
  'voucher-claims-invalid': claims({ jti: 7 }),
  'voucher-issuer-mismatch': claims({ iss: 'uat.platform.test' }),
  'voucher-audience-mismatch': claims({ aud: 'https://other.example' }),
  'voucher-expired': claims({ exp: 1 }),
  'voucher-not-yet-valid': claims({ nbf: seconds + 60 }),
  'voucher-lifetime-exceeded': claims({ exp: seconds + 100_000 }),
  'dpop-required': claims({ cnf: { jkt: 'x'.repeat(43) } }),
  'dpop-missing': proven(() => ({ DPoP: '' })),
  'dpop-malformed': proven(() => ({ DPoP: 'a.b.c' })),
  'dpop-unverifiable': proven((call) => ({ DPoP: makeProof(call, { header: { jwk: jwkOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey) } }) })),
  'dpop-proof-invalid': proven((call) => ({ DPoP: makeProof(call, { claims: { htm: 'POST' } }) })),
  'dpop-binding-mismatch': proven((call) => ({ DPoP: makeProof(call, { key: rsaKey }) })),
  'dpop-nonce-required': { ...proven((call) => ({ DPoP: makeProof(call) })), options: { config: (config) => ({ ...config, eservices: config.eservices.map((eservice) => ({ ...eservice, dpopNonces: true })) }) } },
  'dpop-replayed': proven((call) => ({ DPoP: makeProof(call, { claims: { jti: 'once' } }) }), 2),
  'caller-kind-not-trusted': { ...certified({}), send: async (gateway) => gateway.call('/items') },
  'token-malformed': certified({}, { header: { alg: 'none' } }),
  'token-unverifiable': certified({}, { header: { alg: 'RS384' } }),
  'token-claims-invalid': certified({ sub: 'another' }),
  'token-audience-mismatch': certified({ aud: 'https://other.example' }),
  'token-expired': certified({ exp: seconds }),
  'token-not-yet-valid': certified({ nbf: seconds + 60 }),
  'token-replayed': repeated(certified({}, { once: true })),
  'replay-filter-unavailable': { options: { replay: { note: () => 'unavailable' } }, ...proven((call) => ({ DPoP: makeProof(call) })) },
  'tls-required': behindProxy('ID_AUTH_CHANNEL_01', {}),
  'client-certificate-missing': behindProxy('ID_AUTH_CHANNEL_02', { 'X-Forwarded-Proto': 'https' }),
  'client-certificate-untrusted': behindProxy('ID_AUTH_CHANNEL_02', { 'X-Forwarded-Proto': 'https', 'Client-Cert': ':AAAA:' }),
  'client-certificate-mismatch': behindProxy('ID_AUTH_CHANNEL_02', { 'X-Forwarded-Proto': 'https', 'Client-Cert': `:${machine.certificate.raw.toString('base64')}:` }),
  'evidence-missing': audited(() => ''),
  'evidence-malformed': audited(() => 'a.b.c'),
  'evidence-unverifiable': audited(evidenceWith({ key: otherClientKey.privateKey })),
  'evidence-claims-invalid': audited(evidenceWith({ claims: { dnonce: 1 } })),
  'evidence-agreed-claims-invalid': audited(evidenceWith({ claims: { userID: undefined } })),
  'evidence-audience-mismatch': audited(evidenceWith({ claims: { aud: 'https://other.example' } })),
  'evidence-expired': audited(evidenceWith({ claims: { exp: seconds } })),
  'evidence-not-yet-valid': audited(evidenceWith({ claims: { nbf: seconds + 60 } })),
  'evidence-signer-mismatch': audited(evidenceWith({ header: { kid: otherClientKid }, key: otherClientKey.privateKey })),
  'evidence-purpose-mismatch': audited(evidenceWith({ claims: { purposeId: ids.client } })),
  'evidence-digest-missing': audited(evidenceWith(), () => undefined),
  'evidence-digest-mismatch': audited(evidenceWith(), () => evidenceDigestOf('another')),
  'signature-missing': integral({ sent: { 'Agid-JWT-Signature': undefined } }),
  'signature-malformed': integral({ header: { typ: 'x' } }),
  'signature-unverifiable': integral({ header: { kid: 'another' } }),
  'signature-claims-invalid': integral({ claims: { jti: 7 } }),
  'signature-audience-mismatch': integral({ claims: { aud: 'https://other.example' } }),
  'signature-expired': integral({ claims: { exp: seconds } }),
  'signature-not-yet-valid': integral({ claims: { nbf: seconds + 60 } }),
  'signature-signer-mismatch': integral({ key: otherClientKey, header: { kid: otherClientKid } }),
  'signature-headers-mismatch': integral({ claims: { signed_headers: [] } }),
  'signature-replayed': integral({ claims: { jti: 'once' } }, 2),
  'digest-missing': integral({ sent: { Digest: undefined } }),
  'digest-malformed': integral({ headers: { Digest: 'x' } }),
  'digest-mismatch': integral({ headers: { Digest: digestOf('x') } }),
  'record-store-unavailable': {
    options: { ...custodyOptions, contract: keeping(), trail: { works: false, add: (_text, _endedAt, _durability, told) => { setImmediate(told, false) } } },
    send: async (gateway) => gateway.call('/items', signedCall(gateway))
  },
  'evidence-store-unavailable': {
    options: { ...custodyOptions, contract: keeping(), config: (config) => {
      mkdirSync(config.state, { mode: 0o700 })
      writeFileSync(join(config.state, 'evidence'), 'a file where a folder should be')
      return withCustody(config)
    } },
    send: async (gateway) => gateway.call('/items', signedCall(gateway))
  },
  'registry-unavailable': { ...call('/items'), options: { config: (config) => ({ ...config, registry: 'platform' }) } },
  'trust-source-unavailable': { ...call('/items'), options: { jwks: () => ({ keys: [] }) } },

  'producer-mismatch': claims({ producerId: ids.client }),
  'eservice-mismatch': claims({ eserviceId: ids.client }),
  'descriptor-mismatch': claims({ descriptorId: ids.client }),
  'descriptor-not-usable': registry(({ eservices }) => ({ eservices: eservices.map((eservice) => ({ ...eservice, descriptors: eservice.descriptors.map((descriptor) => ({ ...descriptor, state: 'Archived' })) })) })),
  'client-unknown': certified({}, { clients: { id: ids.eservice } }),
  'agreement-missing': registry(() => ({ agreements: [] })),
  'agreement-not-active': registry(() => ({ agreements: [{ ...agreement, state: 'Suspended' }] })),
  'agreement-mismatch': registry(({ eservices }) => {
    const [descriptor] = eservices[0]!.descriptors
    return { eservices: [{ ...eservices[0], descriptors: [descriptor, { ...descriptor, id: ids.client, version: 2 }] }], agreements: [{ ...agreement, descriptorId: ids.client }] }
  }),
  'purpose-unknown': claims({ purposeId: ids.client }),
  'purpose-mismatch': registry(() => ({ purposes: [{ ...purpose, consumerId: ids.producer }] })),
  'purpose-not-active': registry(() => ({ purposes: [{ ...purpose, versions: [{ ...purpose!.versions[0], state: 'Suspended' }] }] })),

  'delegation-not-active': registry(() => ({
    purposes: [{ ...purpose, delegationId: ids.client }],
    delegations: [{ id: ids.client, kind: 'DelegatedConsumer', delegatorId: ids.consumer, delegateId: ids.producer, eserviceId: ids.eservice, state: 'Revoked' }]
  })),

  'grant-missing': granted('/items', { purpose: ids.client }),
  'grant-expired': granted('/items', { expires: '2026-03-01' }),
  'operation-not-granted': granted('/items', { operations: ['getItem'] }),
  'field-withheld': granted('/items?sort=-fiscalCode', { fields: withoutCitizen }),

  'scope-mismatch': claims({ scope: 'get_resource', interactionId: ids.agreement }),
  'async-exchange-not-enabled': exchanging(['start_interaction'], { registry: (content) => withProperties(content, undefined) }),
  'interaction-unknown': exchanging(['get_resource']),
  'interaction-state-mismatch': exchanging(['start_interaction', 'start_interaction']),
  'interaction-expired': exchanging(['start_interaction', 'get_resource'], { after: 200 }),
  'interactions-unavailable': { ...exchanging([]), send: async (gateway) => {
    const another = await openInteractions(gateway.config.state, Date.now)
    await another.close()
    return gateway.raw(stepRequest(gateway, 'start_interaction'))
  } },
  'reply-to-invalid': pushed('https://evil.example/'),
  'name-resolution-unavailable': pushed('https://fruitore.example.it/', { resolver: { resolve: () => 'unavailable' } }),

  'address-limit-exceeded': twice(limits({ unproven: one }), '/nothing'),
  'burst-exceeded': twice({ config: (config) => ({ ...config, eservices: config.eservices.map((eservice) => ({ ...eservice, burst: one })) }) }),
  'quota-exceeded': twice({ registry: (content) => ({ ...content, purposes: [{ ...purpose, versions: [{ ...purpose!.versions[0], dailyCalls: 1 }] }] }) }),

  'overloaded': { options: { config: (config) => ({ ...config, eservices: config.eservices.map((eservice) => ({ ...eservice, concurrency: 1 })) }) }, send: async (gateway) => {
    gateway.upstream.answer = () => undefined
    gateway.connect().write(gateway.request('/items'))
    await until(() => gateway.upstream.requests.length === 1)
    return gateway.call('/items')
  } },
  'not-cached': { send: async (gateway) => gateway.call('/items', { headers: { 'Cache-Control': 'only-if-cached' } }) },
  'eservice-refused': upstream((_request, response) => { response.writeHead(400, { 'content-type': 'text/plain' }).end('no') }),
  'internal-error': { send: async (gateway) => {
    gateway.gateway.keys.find = () => { throw new Error('at /srv/app/node_modules/x.js:1:1') }
    return gateway.call('/items')
  } },
  'method-not-implemented': { send: async (gateway) => gateway.raw(['BREW /coffee HTTP/1.1', `Host: ${gateway.host}`]) },
  'upstream-unreachable': upstream((_request, response) => { response.destroy() }),
  'upstream-invalid': upstream((_request, response) => { response.writeHead(500).end() }),
  'loop-detected': { send: async (gateway) => gateway.call('/items', { headers: { Via: viaOf(gateway.config) } }) },
  'upstream-timeout': { ...upstream(() => undefined), options: { config: (config) => ({ ...config, eservices: config.eservices.map((eservice) => ({ ...eservice, upstream: { ...eservice.upstream, timeoutMs: 100 } })) }) } }
}

/** Cases that need nothing special share one gateway. */
const shared = await startGateway(t)

for (const [code, { options, send }] of Object.entries(golden) as [DenialCode, Golden][]) {
  t.test(`${code}: ${denials[code].status}`, async (t) => {
    const gateway = options || code === 'internal-error' ? await startGateway(t, options) : shared
    const { status, mend } = denialType(code)
    const answer = await send(gateway)
    await checkProblem(t, gateway, answer, { status, code })
    t.equal(answer.json.type, `http://${gateway.host}/problems/${code}`)
    t.ok(answer.json.detail.endsWith(mend), 'the detail says how to mend it')
    t.equal(answer.headers['retry-after'] !== undefined, status === 429 || status === 503, 'Retry-After exactly where repeating helps')
    t.equal(answer.headers['cache-control'], 'no-store')
    const page = await shared.raw([`GET /problems/${code} HTTP/1.1`, `Host: ${shared.host}`])
    t.match(page, { status: 200, body: code }, 'the type leads to a page')
    await shared.takeRecords(1)
  })
}
