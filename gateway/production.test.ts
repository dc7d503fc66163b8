import { createHash } from 'node:crypto'
import t from 'tap'
import { sandboxSecret } from '../openapi/varco-call.ts'
import { findProductionFaults, findSandboxFaults } from './production.ts'

interface Judged {
  readonly pdnd: Readonly<Partial<Record<string, string | object>>>
  readonly publicUrl: string
  readonly keychain?: string
  readonly registry: string
  readonly localRegistry?: string
  readonly listeners?: { readonly operations?: { readonly token?: string }, readonly internal?: Readonly<Record<string, string | object>> }
  readonly eservices: Readonly<Record<string, { readonly upstream: { readonly url: string, readonly secret: string, readonly plain?: string }, readonly keychain?: string, readonly evidence?: { readonly keys: readonly string[] } }>>
}

const good: Judged = {
  pdnd: { environment: 'produzione' },
  publicUrl: 'https://api.comune.example.it',
  registry: '/etc/varco/registry.yaml',
  listeners: { operations: { token: 'an-operations-token-of-our-own' } },
  eservices: { things: { upstream: { url: 'https://10.0.0.7:8090', secret: 'k'.repeat(32) } } }
}
const pdnd = (changes: Partial<Judged['pdnd']>): Judged => ({ ...good, pdnd: { ...good.pdnd, ...changes } })
const upstream = (changes: Partial<Judged['eservices'][string]['upstream']>): Judged => ({ ...good, eservices: { ...good.eservices, other: { upstream: { ...good.eservices['things']!.upstream, ...changes } } } })

const internal = (changes: Readonly<Record<string, string | object>>): Judged => ({ ...good, listeners: { ...good.listeners, internal: changes } })

const cases: Readonly<Record<string, readonly [document: Judged, faults: readonly (readonly [path: string, message: RegExp])[]]>> = {
  'a good one': [good, []],
  'a good one of collaudo': [pdnd({ environment: 'collaudo' }), []],
  'an address of its own, over https': [pdnd({ jwksUri: 'https://proxy.example.it/jwks.json' }), []],
  'keys without TLS': [pdnd({ jwksUri: 'http://interop.pagopa.it/.well-known/jwks.json' }), [['pdnd.jwksUri', /must be https/]]],
  'a token endpoint and an API without TLS': [pdnd({ tokenUrl: 'http://a.example', apiBase: 'http://b.example' }), [['pdnd.tokenUrl', /must be https/], ['pdnd.apiBase', /must be https/]]],
  'the sandbox issuer': [pdnd({ issuer: 'sandbox.varco.localhost' }), [['pdnd.issuer', /belongs to sandbox, not to produzione: vouchers of two environments never share a gateway/]]],
  'the keys of another environment': [pdnd({ jwksUri: 'https://uat.interop.pagopa.it/.well-known/jwks.json' }), [['pdnd.jwksUri', /belongs to collaudo, not to produzione/]]],
  'the issuer of production in collaudo': [pdnd({ environment: 'collaudo', issuer: 'interop.pagopa.it' }), [['pdnd.issuer', /belongs to produzione, not to collaudo/]]],
  'a public URL without TLS': [{ ...good, publicUrl: 'http://api.comune.example.it' }, [['publicUrl', /must be https/]]],
  'the sandbox registry': [{ ...good, registry: '../sandbox/registry.yaml' }, [['registry', /is the sandbox registry/]]],
  'the sandbox registry beside the platform': [{ ...good, registry: 'platform', localRegistry: 'sandbox/registry.yaml' }, [['localRegistry', /is the sandbox registry/]]],
  'a key of the sandbox': [{ ...good, pdnd: { ...good.pdnd, api: { privateKey: '.varco/sandbox/client-1.pem' } } }, [['pdnd.api.privateKey', /is a key of the sandbox/]]],
  'the folder of the sandbox as keychain': [{ ...good, keychain: '../.varco/sandbox', eservices: { things: { ...good.eservices['things']!, keychain: 'sandbox/keys' } } }, [['keychain', /platform knows none of its keys/], ['eservices.things.keychain', /sandbox/]]],
  'a key for evidence that can be guessed': [{ ...good, eservices: { things: { ...good.eservices['things']!, evidence: { keys: [createHash('sha256').update('x').digest('base64'), Buffer.alloc(32).toString('base64')] } } } }, [['eservices.things.evidence.keys.1', /is no random key/]]],
  'a listener for applications on this machine': [internal({ port: '8083' }), []],
  'one on the network, with TLS': [internal({ host: '10.0.0.2', tls: { certificate: 'a.pem', key: 'a.key' }, url: 'https://varco.comune.lan' }), []],
  'one behind a proxy on this machine': [internal({ url: 'https://varco.comune.lan' }), []],
  'one on the network, without TLS': [internal({ host: '0.0.0.0', url: 'http://varco.comune.lan:8083' }), [['listeners.internal.host', /must be 127\.0\.0\.1 outside the sandbox, unless tls/], ['listeners.internal.url', /must be https/]]],
  'one with the keys of the sandbox': [internal({ publicKeys: '.varco/sandbox' }), [['listeners.internal.publicKeys', /is the folder of the sandbox/]]],
  'no operations token': [{ ...good, listeners: {} }, [['listeners.operations.token', /^is not set/]]],
  'no listeners': [{ ...good, listeners: { operations: {} } }, [['listeners.operations.token', /^is not set/]]],
  'the sandbox secret': [upstream({ secret: sandboxSecret }), [['eservices.other.upstream.secret', /is the sandbox secret, which everybody knows/]]],
  'a short secret': [upstream({ secret: 'k'.repeat(31) }), [['eservices.other.upstream.secret', /is shorter than 32 characters; make one with: openssl rand -base64 48/]]],
  'an upstream that is no URL': [upstream({ url: 'http://[::1' }), [['eservices.other.upstream.url', /is not a URL/]]],
  'an upstream without TLS': [upstream({ url: 'http://10.0.0.7:8090' }), [['eservices.other.upstream.url', /must be https.*plain: <reason>/]]],
  'an upstream without TLS that is named like this machine': [upstream({ url: 'http://127.0.0.1.example.it' }), [['eservices.other.upstream.url', /must be https/]]],
  'an upstream without TLS, on a network that is trusted for a reason': [upstream({ url: 'http://10.0.0.7:8090', plain: 'a cable between two machines' }), []],
  'upstreams without TLS on this machine': [{ ...good, eservices: Object.fromEntries(['127.0.0.1', '127.8.0.1:1', 'localhost:8090', '[::1]:8090'].map((host, index) => [`e${index}`, { upstream: { url: `http://${host}`, secret: 'k'.repeat(32) } }])) }, []],
  'an upstream of which everything is wrong': [upstream({ url: 'http://10.0.0.7', secret: 'short' }), [['eservices.other.upstream.url', /https/], ['eservices.other.upstream.secret', /shorter/]]],
  'everything at once': [
    { pdnd: { environment: 'produzione', issuer: 'sandbox.varco.localhost', jwksUri: 'http://127.0.0.1:8081/jwks.json' }, publicUrl: 'http://127.0.0.1:8080', registry: 'sandbox/registry.yaml', eservices: { things: { upstream: { url: 'http://10.0.0.1', secret: sandboxSecret } }, other: { upstream: { url: 'http://10.0.0.2', secret: 'x' } } } },
    [['pdnd.jwksUri', /https/], ['pdnd.issuer', /sandbox/], ['publicUrl', /https/], ['registry', /sandbox/], ['listeners.operations.token', /not set/], ['eservices.things.upstream.url', /https/], ['eservices.things.upstream.secret', /sandbox/], ['eservices.other.upstream.url', /https/], ['eservices.other.upstream.secret', /shorter/]]
  ]
}

for (const [name, [document, expected]] of Object.entries(cases)) {
  t.test(`a production start with ${name}: ${expected.length === 0 ? 'goes' : 'is refused'}`, async (t) => {
    const faults = findProductionFaults(document)
    t.strictSame(faults.map(({ path }) => path.join('.')), expected.map(([path]) => path))
    for (const [index, [, message]] of expected.entries()) t.match(faults[index]?.message, message)
    t.notMatch(JSON.stringify(faults), /kkkk|sandbox-only-secret/, 'no secret is repeated')
  })
}

t.test('what has not the expected shape is passed over: the schema tells of it', async (t) => {
  for (const document of [undefined, null, 7, 'x', [], {}, { pdnd: null, publicUrl: 1, registry: {}, listeners: [], eservices: { a: null, b: { upstream: 1 }, c: { upstream: { url: 5, secret: [] } } } }]) {
    t.strictSame(findProductionFaults(document).map(({ path }) => path.join('.')), ['listeners.operations.token'])
    t.strictSame(findSandboxFaults(document), [])
  }
})
