import t from 'tap'
import { toContract } from '../openapi/contract.ts'
import type { JsonObject } from '../openapi/document.ts'
import { noDemands } from '../policies/demands.ts'
import { demandsOf } from './demands.ts'
import { archiveContract } from './harness/platform.ts'

type Changed = Record<string, unknown> & { paths: Record<string, Record<string, Record<string, unknown>>> }

/** The contract of the tests with `x-modi` at the root and on operations, by path and method. */
function contractWith (root: unknown, operations: Readonly<Record<string, unknown>> = {}, change: (contract: Changed) => void = () => undefined) {
  const contract = structuredClone(archiveContract) as unknown as Changed
  if (root !== undefined) contract['x-modi'] = root
  for (const [place, declared] of Object.entries(operations)) {
    const [method = '', path = ''] = place.split(' ')
    contract.paths[path]![method]!['x-modi'] = declared
  }
  change(contract)
  return toContract(contract as unknown as JsonObject, 'archive.yaml')
}

const demanding = (...contract: Parameters<typeof contractWith>): readonly string[] => [...demandsOf(contractWith(...contract))].filter(([, { dpop }]) => dpop).map(([id]) => id)

t.test('without x-modi nothing more is demanded', async (t) => {
  t.strictSame(demanding(undefined), [])
  t.strictSame(demanding({}, { 'get /items': {} }), [])
})

t.test('one at the root holds for every operation that is not public', async (t) => {
  t.strictSame(demanding({ dpop: 'required' }).toSorted(), ['createItem', 'deleteItem', 'getBlob', 'getItem', 'getPart', 'listItems', 'putBlob'])
})

t.test('one on an operation adds to it, and takes nothing away', async (t) => {
  t.strictSame(demanding(undefined, { 'post /items': { dpop: 'required' } }), ['createItem'])
  t.ok(demanding({ dpop: 'required' }, { 'get /items': {} }).includes('listItems'))
  const claims = (name: string) => ({ claims: { type: 'object', required: [name], properties: { [name]: { type: 'string' } } } })
  const root = { patterns: ['INTEGRITY_REST_02', 'AUDIT_REST_01'], integrity: { headers: ['X-Note'], emptyBody: 'signed' }, audit: claims('userID') }
  const own = { integrity: { headers: ['X-Other', 'x-note'], emptyBody: 'unsigned' }, audit: claims('LoA') }
  const { integrity, evidence } = demandsOf(contractWith(root, { 'get /items': own })).get('listItems') ?? {}
  t.match(integrity, { headers: ['x-note', 'x-other'], emptyBody: 'signed' })
  t.strictSame(evidence?.claims?.names, ['userID', 'LoA'])
  t.strictSame(evidence?.claims?.findFaults({ userID: 'a' }), ['claim LoA is missing'])
  t.strictSame(evidence?.claims?.findFaults({ LoA: 'a' }), ['claim userID is missing'])
  t.strictSame(evidence?.claims?.findFaults({ userID: 'a', LoA: 'a' }), [])
})

t.test('options of a signature that is not demanded are a boot error', async (t) => {
  const message = (place: string): string => `archive.yaml: ${place}x-modi.integrity: is about signed messages, which are not demanded: add INTEGRITY_REST_01 or INTEGRITY_REST_02 to patterns`
  t.throws(() => demandsOf(contractWith({ integrity: { emptyBody: 'signed' } })), { message: message('') })
  t.throws(() => demandsOf(contractWith(undefined, { 'post /items': { integrity: { headers: ['X-Note'] } } })), { message: message('operation "createItem": ') })
  t.doesNotThrow(() => demandsOf(contractWith({ integrity: { emptyBody: 'signed' } }, { 'post /items': { patterns: ['INTEGRITY_REST_02'] } })))
})

const wrong: Readonly<Record<string, readonly [contract: Parameters<typeof contractWith>, message: string]>> = {
  'a misspelt member': [[{ dpob: 'required' }], 'archive.yaml: x-modi.dpob: unknown key "dpob". Did you mean "dpop"?'],
  'a member of an operation that is none': [[undefined, { 'get /items': { signature: 'required' } }], 'archive.yaml: operation "listItems": x-modi.signature: unknown key "signature".'],
  'another value': [[{ dpop: true }], 'archive.yaml: x-modi.dpop: "true" is not one of required.'],
  'a demand taken back': [[{ dpop: 'required' }, { 'get /items': { dpop: 'optional' } }], 'archive.yaml: operation "listItems": x-modi.dpop: "optional" is not one of required.'],
  'a pattern that is none': [[{ patterns: ['INTEGRITY_REST_03'] }], 'archive.yaml: x-modi.patterns.0: "INTEGRITY_REST_03" is not one of ID_AUTH_CHANNEL_01, ID_AUTH_CHANNEL_02, ID_AUTH_REST_01, ID_AUTH_REST_02, INTEGRITY_REST_01, INTEGRITY_REST_02, AUDIT_REST_01, AUDIT_REST_02, PROFILE_CONF_ID_AUTH_01, PROFILE_NON_REPUDIATION_01. Did you mean "INTEGRITY_REST_01"?'],
  'a header that is none': [[{ patterns: ['INTEGRITY_REST_02'], integrity: { headers: ['x y'] } }], 'archive.yaml: x-modi.integrity.headers.0: is not of the form that is expected here: the name of a header'],
  'nobody is trusted': [[{ trust: [] }], 'archive.yaml: x-modi.trust: must not be empty'],
  'a scope at the root': [[{ async: 'start_interaction' }], 'archive.yaml: x-modi.async: belongs on an operation, not at the root'],
  'no object': [['dpop'], 'archive.yaml: x-modi: must be object'],
  'a name that every object has': [[{ constructor: 'required' }], 'archive.yaml: x-modi.constructor: unknown key "constructor".'],
  'a public operation': [[undefined, { 'get /open': { dpop: 'required' } }], 'archive.yaml: operation "getOpen": x-modi demands something of a call that needs no voucher (security: []); take one of the two out'],
  'one on a path': [[undefined, {}, ({ paths }) => { Object.assign(paths['/items']!, { 'x-modi': { dpop: 'required' } }) }], 'archive.yaml: path "/items": x-modi holds for nothing there; put it at the root or on an operation'],
  'one in info': [[undefined, {}, (contract) => { Object.assign(contract['info'] as object, { 'x-modi': {} }) }], 'archive.yaml: info: x-modi holds for nothing there; put it at the root or on an operation'],
  'everything at once': [[{ dpob: 1, dpop: 2 }], 'archive.yaml: x-modi.dpob: unknown key "dpob". Did you mean "dpop"?\narchive.yaml: x-modi.dpop: "2" is not one of required.']
}

for (const [name, [contract, message]] of Object.entries(wrong)) {
  t.test(`${name} is a boot error that says what to mend`, async (t) => { t.throws(() => demandsOf(contractWith(...contract)), { message }) })
}

const contradictory: Readonly<Record<string, readonly [declared: object, message: RegExp]>> = {
  'single use of nothing': [{ patterns: ['ID_AUTH_REST_02'] }, /needs something that can be used once/],
  'single use of a signature that a call without a body has not': [{ patterns: ['ID_AUTH_REST_02', 'INTEGRITY_REST_02'] }, /needs integrity\.emptyBody: signed/],
  'evidence of an unsigned request': [{ patterns: ['PROFILE_NON_REPUDIATION_01'], dpop: 'required' }, /keeps the signed request/],
  'a key on the platform of somebody outside it': [{ patterns: ['INTEGRITY_REST_02'], trust: ['pdnd', 'x509'] }, /has no key on the platform/],
  'evidence bound to no voucher': [{ patterns: ['AUDIT_REST_02'], trust: ['x509'] }, /bound to a voucher/],
  'an answer to two places': [{ nonBlocking: 'push', async: 'start_interaction' }, /the answer to nonBlocking: push goes to X-ReplyTo/],
  'an exchange without a voucher': [{ async: 'get_resource', trust: ['x509'] }, /async needs the scope of a voucher/],
  'DPoP without a voucher': [{ dpop: 'required', trust: ['x509'] }, /binds a voucher/]
}

for (const [name, [declared, message]] of Object.entries(contradictory)) {
  t.test(`${name} is a boot error`, async (t) => {
    t.throws(() => demandsOf(contractWith(undefined, { 'post /items': declared })), { message })
    t.throws(() => demandsOf(contractWith(undefined, { 'post /items': declared })), { message: /^archive\.yaml: operation "createItem": x-modi: / })
  })
}

t.test('patterns become what admission asks of a call', async (t) => {
  const all = { patterns: ['ID_AUTH_CHANNEL_01', 'INTEGRITY_REST_02', 'AUDIT_REST_02'], integrity: { headers: ['X-Note'] }, audit: { claims: { type: 'object' } } }
  const own = { patterns: ['INTEGRITY_REST_01', 'PROFILE_NON_REPUDIATION_01'], trust: ['pdnd'], integrity: { emptyBody: 'signed' }, nonBlocking: 'push' }
  const demands = demandsOf(contractWith(all, { 'post /items': own }))
  t.match(demands.get('createItem'), {
    trust: ['pdnd'], channel: 'tls', dpop: false, singleUse: true, signedResponse: true, nonRepudiation: true, scope: undefined, nonBlocking: 'push',
    integrity: { trust: ['pdnd', 'x509'], headers: ['x-note'], emptyBody: 'signed', contentCodings: [] },
    evidence: { trust: ['pdnd'], bound: true, claims: { schema: { type: 'object' } } }
  })
  t.match(demands.get('listItems'), { singleUse: false, signedResponse: false, nonRepudiation: false, integrity: { trust: ['pdnd'], emptyBody: 'unsigned' } })
  t.strictSame(demands.get('getOpen'), noDemands)
})
