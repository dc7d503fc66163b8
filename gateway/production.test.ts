import t from 'tap'
import { sandboxSecret } from '../openapi/varco-call.ts'
import { findProductionFaults } from './production.ts'

type Judged = Parameters<typeof findProductionFaults>[0]

const good: Judged = {
  pdnd: { environment: 'produzione' },
  publicUrl: 'https://api.comune.example.it',
  registry: '/etc/varco/registry.yaml',
  listeners: { operations: { token: 'an-operations-token-of-our-own' } },
  eservices: { things: { upstream: { url: 'http://10.0.0.7:8090', secret: 'k'.repeat(32) } } }
}
const pdnd = (changes: Partial<Judged['pdnd']>): Judged => ({ ...good, pdnd: { ...good.pdnd, ...changes } })
const upstream = (changes: Partial<Judged['eservices'][string]['upstream']>): Judged => ({ ...good, eservices: { ...good.eservices, other: { upstream: { ...good.eservices['things']!.upstream, ...changes } } } })

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
  'no operations token': [{ ...good, listeners: {} }, [['listeners', /listeners\.operations\.token is not set/]]],
  'no listeners': [{ ...good, listeners: { operations: {} } }, [['listeners', /token is not set/]]],
  'the sandbox secret': [upstream({ secret: sandboxSecret }), [['eservices.other.upstream.secret', /is the sandbox secret, which everybody knows/]]],
  'a short secret': [upstream({ secret: 'k'.repeat(31) }), [['eservices.other.upstream.secret', /is shorter than 32 characters; make one with: openssl rand -base64 48/]]],
  'an upstream that is no URL': [upstream({ url: 'http://[::1' }), [['eservices.other.upstream.url', /is not a URL/]]],
  'everything at once': [
    { pdnd: { environment: 'produzione', issuer: 'sandbox.varco.localhost', jwksUri: 'http://127.0.0.1:8081/jwks.json' }, publicUrl: 'http://127.0.0.1:8080', registry: 'sandbox/registry.yaml', eservices: { things: { upstream: { url: 'http://127.0.0.1', secret: sandboxSecret } } } },
    [['pdnd.jwksUri', /https/], ['pdnd.issuer', /sandbox/], ['publicUrl', /https/], ['registry', /sandbox/], ['listeners', /token/], ['eservices.things.upstream.secret', /sandbox/]]
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
