import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { runCommandLine } from '../command-line.ts'
import { planText } from '../commands/plan-text.ts'
import { loadConfig } from '../config.ts'
import { describeConfig } from '../described-config.ts'
import type { DescribedConfig } from '../described-config.ts'
import { temporaryFolder } from '../harness/process.ts'
import { planOf } from './plan.ts'

type Json = Record<string, any>

const uuid = (last: number): string => `30000000-0000-4000-8000-${String(last).padStart(12, '0')}`
const folder = await temporaryFolder(t)
process.env['NO_COLOR'] = '1'

/** All that a configuration is made of; a test changes some of it. */
interface Files { config: Json, things: Json, contract: Json, grants: Json | undefined, registry: Json, ca: string, secret: string }

function files (): Files {
  const things: Json = {
    contract: 'things.json', upstream: { url: 'https://127.0.0.1:9', secret: '${PLAN_SECRET}' }, eserviceId: uuid(2), descriptorIds: [uuid(3)], audience: ['https://api.example.it/things'],
    keychain: 'keychain', evidence: { keys: ['${EVIDENCE_KEY}'], retentionDays: 30 }, replyTo: [{ consumer: uuid(5), origins: ['https://reply.example.it'] }]
  }
  const person = { type: 'object', properties: { name: { type: 'string' }, code: { type: 'string' } } }
  const thing = { type: 'object', properties: { id: { type: 'integer' }, owner: person, notes: { type: 'object', additionalProperties: person } } }
  const content = (schema: Json): Json => ({ description: 'ok', content: { 'application/json': { schema } } })
  return {
    things,
    config: {
      pdnd: { environment: 'sandbox', api: { version: 'v3', clientId: uuid(90), privateKey: 'api.pem' } }, publicUrl: 'http://127.0.0.1:9', registry: 'registry.json', state: 'state', producer: uuid(1), eservices: { things },
      x509: { mode: 'ca', ca: ['ca.pem'] }, trustedProxies: ['10.0.0.1']
    },
    contract: {
      openapi: '3.0.3', info: { title: 'Things', version: '1' }, servers: [{ url: '/things/v1' }], components: {},
      paths: {
        '/things': {
          get: { operationId: 'findThings', parameters: [{ name: 'q', in: 'query', schema: { type: 'string' } }], responses: { 200: content({ type: 'object', properties: { items: { type: 'array', items: thing } } }) } },
          post: { operationId: 'addThing', requestBody: { content: { 'application/json': { schema: thing } } }, responses: { 200: content(thing) } }
        },
        '/things/{id}': { get: { operationId: 'readThing', parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }], responses: { 200: content(thing) } } }
      }
    },
    grants: undefined,
    registry: {
      tenants: [{ id: uuid(1), alias: 'producer', name: 'P', externalId: { origin: 'IPA', value: 'p' } }, { id: uuid(5), alias: 'consumer', name: 'C', externalId: { origin: 'IPA', value: 'c' } }],
      eservices: [{ id: uuid(2), alias: 'things', name: 'Things', producerId: uuid(1), descriptors: [{ id: uuid(3), version: 1, state: 'Published', audience: ['https://api.example.it/things'], voucherLifespan: 600, dailyCallsPerConsumer: 100, dailyCallsTotal: 1000 }] }],
      agreements: [{ id: uuid(6), eserviceId: uuid(2), descriptorId: uuid(3), consumerId: uuid(5), state: 'Active' }],
      purposes: [{ id: uuid(7), alias: 'counting', eserviceId: uuid(2), consumerId: uuid(5), title: 'To count', versions: [{ id: uuid(8), state: 'Active', dailyCalls: 50 }] }],
      clients: [{ id: uuid(9), alias: 'machine', consumerId: uuid(5), name: 'M', kind: 'Consumer', purposes: [uuid(7)] }]
    },
    ca: 'authority one',
    secret: 'a-secret-of-old-canary4711-canary4711'
  }
}

let written = 0

/** Writes a configuration into a folder of its own; gives its path and the secrets of its environment. */
async function write (change: (files: Files) => void = () => undefined): Promise<{ path: string, env: Record<string, string> }> {
  const all = files()
  change(all)
  if (all.grants) all.things['grants'] = 'grants.json'
  const own = join(folder, String(++written))
  await mkdir(own)
  for (const [name, content] of Object.entries({ 'gateway.yaml': all.config, 'things.json': all.contract, 'registry.json': all.registry, 'grants.json': all.grants })) if (content) await writeFile(join(own, name), JSON.stringify(content, undefined, 2))
  await writeFile(join(own, 'ca.pem'), all.ca)
  return { path: join(own, 'gateway.yaml'), env: { PLAN_SECRET: all.secret, EVIDENCE_KEY: Buffer.alloc(32, all.secret).toString('base64') } }
}

let usual: Promise<DescribedConfig> | undefined

async function described (change?: (files: Files) => void): Promise<DescribedConfig> {
  if (!change) return usual ??= described(() => undefined)
  const { path, env } = await write(change)
  return describeConfig(await loadConfig(path, env, { secrets: 'ignored' }))
}

/** The lines of a plan, each in one text. */
async function planned (before?: (files: Files) => void, after?: (files: Files) => void): Promise<readonly string[]> {
  return shown(await described(before), await described(after))
}

function shown (before: DescribedConfig, after: DescribedConfig): readonly string[] {
  return planOf(before, after).map(({ kind, eservice = '-', operation = '-', sentence }) => `${kind} ${eservice} ${operation} ${sentence}`)
}

/** What is planned one way, and the other. */
async function check (t: Test, one: ((files: Files) => void) | undefined, other: (files: Files) => void, there: readonly string[], back: readonly string[]): Promise<void> {
  const [before, after] = [await described(one), await described(other)]
  t.strictSame(shown(before, after), there)
  t.strictSame(shown(after, before), back)
}

t.test('the same configuration in another folder changes nothing', async (t) => {
  t.strictSame(await planned(() => undefined, () => undefined), [])
})

t.test('e-services: added, removed, moved, renamed', async (t) => {
  await check(t, undefined, ({ config, things }) => { config['eservices'].goods = { ...things, path: '/goods/v1', eserviceId: uuid(20), descriptorIds: [uuid(21)] } },
    ['added goods - is added: /goods/v1, 3 operations'], ['breaking goods - is removed: /goods/v1'])
  await check(t, undefined, ({ things }) => { things['path'] = '/things/v2' },
    ['breaking things - is moved from /things/v1 to /things/v2'], ['breaking things - is moved from /things/v2 to /things/v1'])
  t.strictSame(await planned(undefined, ({ config, things }) => { config['eservices'] = { goods: things } }), ['changed goods - its name was things, is goods'])
  t.strictSame(await planned(undefined, ({ config, things }) => { config['eservices'] = { 'things-v2': { ...things, path: '/things/v2', descriptorIds: [uuid(21)] }, 'things-v1': things } }), [
    'changed things-v1 - its name was things, is things-v1', 'added things-v2 - is added: /things/v2, 3 operations'
  ], 'which of two versions has another name, their descriptors say')
})

t.test('the contract: operations, breaking and compatible changes, in the words of their comparison', async (t) => {
  t.strictSame(await planned(undefined, ({ contract }) => {
    delete contract['paths']['/things'].post
    contract['paths']['/things'].get.parameters[0].required = true
    contract['paths']['/things'].get.deprecated = true
    contract['paths']['/goods'] = { get: { ...contract['paths']['/things'].get, operationId: 'findGoods', security: [] } }
  }), [
    'breaking things findThings query parameter "q": is required now',
    'breaking things addThing is removed: POST /things',
    'changed things findThings is deprecated now',
    'added things findGoods is added: GET /goods, public'
  ])
  await check(t, undefined, ({ contract }) => { contract['paths']['/things'].get.security = [] },
    ['weaker things findThings demands no voucher any more: it is public', 'changed things findThings is public now'],
    ['breaking things findThings was public, needs a voucher now'])
})

t.test('patterns: what is demanded no longer, and what is demanded now', async (t) => {
  const modi = (demands: Json, id: 'get' | 'post' = 'get') => ({ contract }: Files): void => { contract['paths']['/things'][id]['x-modi'] = demands }
  const integrity = 'a signature over the message (INTEGRITY_REST)'
  const cases: readonly (readonly [demands: Json, lost: readonly string[], gained: readonly string[]])[] = [
    [{ dpop: 'required' }, ['weaker demands no longer a voucher that is bound to a key (DPoP)'], ['breaking demands a voucher that is bound to a key (DPoP) now']],
    [{ patterns: ['ID_AUTH_CHANNEL_02'] }, ['weaker demands no longer TLS (ID_AUTH_CHANNEL_01)', 'weaker demands no longer a client certificate (ID_AUTH_CHANNEL_02)'], ['breaking demands TLS (ID_AUTH_CHANNEL_01) now', 'breaking demands a client certificate (ID_AUTH_CHANNEL_02) now']],
    [{ patterns: ['INTEGRITY_REST_02'], integrity: { headers: ['x-a'], emptyBody: 'signed' } }, [`weaker demands no longer ${integrity}`], [`breaking demands ${integrity} now`]],
    [{ patterns: ['AUDIT_REST_02'], audit: { claims: { properties: { userID: { type: 'string' } } } } }, ['weaker demands no longer tracking evidence (AUDIT_REST)'], ['breaking demands tracking evidence (AUDIT_REST) now']],
    [{ response: 'signed' }, ['weaker promises no longer signed answers'], ['stricter promises signed answers now']],
    [{ trust: ['pdnd', 'x509'] }, ['breaking trust in callers no longer has x509'], ['weaker trust in callers has x509 now']],
    [{ async: 'start_interaction' }, ['weaker demands no longer a voucher for the step start_interaction of an asynchronous exchange'], ['breaking demands a voucher for the step start_interaction of an asynchronous exchange now']],
    [{ nonBlocking: 'push' }, ['weaker demands no longer the step push of a non-blocking interaction'], ['breaking demands the step push of a non-blocking interaction now']]
  ]
  const of = (lines: readonly string[]): readonly string[] => lines.map((line) => line.replace(' ', ' things findThings '))
  for (const [demands, lost, gained] of cases) await check(t, undefined, modi(demands), of(gained), of(lost))
  const signed = (own: Json) => modi({ patterns: ['INTEGRITY_REST_02', 'ID_AUTH_REST_02'], integrity: { emptyBody: 'signed', ...own } })
  await check(t, signed({ headers: ['x-a'], contentCodings: ['gzip'] }), signed({}),
    of(['breaking content codings of signed bodies no longer has gzip', 'weaker demands no longer the header x-a in the signature']), of(['breaking demands the header x-a in the signature now', 'changed content codings of signed bodies has gzip now']))
  await check(t, signed({}), modi({ patterns: ['INTEGRITY_REST_02'] }),
    of(['weaker demands no longer something that can be used once (ID_AUTH_REST_02)', 'weaker demands no longer a signature also where there is no body']),
    of(['breaking demands something that can be used once (ID_AUTH_REST_02) now', 'breaking demands a signature also where there is no body now']))
  await check(t, signed({}), modi({ patterns: ['INTEGRITY_REST_01', 'INTEGRITY_REST_02', 'ID_AUTH_REST_02', 'PROFILE_NON_REPUDIATION_01'], integrity: { emptyBody: 'signed' } }),
    of(['weaker trust in signatures has x509 now', 'stricter promises signed answers now', 'stricter promises that signed requests are kept as evidence (PROFILE_NON_REPUDIATION_01) now']),
    of(['breaking trust in signatures no longer has x509', 'weaker promises no longer signed answers', 'weaker promises no longer that signed requests are kept as evidence (PROFILE_NON_REPUDIATION_01)']))
  const claims = (schema: Json) => modi({ patterns: ['AUDIT_REST_01'], audit: { claims: schema } })
  const userID = { type: 'string', maxLength: 9 }
  await check(t, claims({ required: ['userID'], properties: { userID } }), claims({ properties: { userID: { type: 'string' }, LoA: { type: 'string' } } }),
    of(['weaker agreed claims /userID: is no longer required', 'weaker agreed claims /userID: maxLength 9 is gone', 'changed agreed claims /LoA: is new']),
    of(['breaking agreed claims /userID: is required now', 'breaking agreed claims /userID: maxLength is new: 9', 'weaker agreed claims /LoA: is no longer declared, and may still be sent']))
})

t.test('limits: raised and gone is weaker, lowered and new is stricter', async (t) => {
  const limits = (own: Json) => ({ config }: Files): void => { config['limits'] = own }
  const things = (own: Json) => (all: Files): void => { Object.assign(all.things, own) }
  const cases: readonly (readonly [change: (files: Files) => void, there: string, back: string])[] = [
    [limits({ unproven: { requests: 300, seconds: 1 } }), 'weaker - - limits.unproven was 200 in 1 s, is 300 in 1 s', 'stricter - - limits.unproven was 300 in 1 s, is 200 in 1 s'],
    [limits({ bodyBytes: 2048 }), 'stricter - - limits.bodyBytes was 1048576, is 2048', 'weaker - - limits.bodyBytes was 2048, is 1048576'],
    [limits({ burst: { requests: 101, seconds: 2 } }), 'weaker things - burst was 100 in 1 s, is 101 in 2 s', 'weaker things - burst was 101 in 2 s, is 100 in 1 s'],
    [things({ concurrency: 5 }), 'stricter things - concurrency was no limit, is 5', 'weaker things - concurrency was 5, is no limit'],
    [things({ quota: { mode: 'observe' } }), 'weaker things - quota.mode was block, is observe', 'stricter things - quota.mode was observe, is block'],
    [things({ dpopNonces: true }), 'stricter things - dpopNonces: proofs must hold a nonce of the gateway now', 'weaker things - dpopNonces: proofs need no nonce of the gateway any more'],
    [things({ telemetry: true }), 'changed things - telemetry was false, is true', 'changed things - telemetry was true, is false'],
    [things({ answers: 'enforce' }), 'stricter things - answers was sample, is enforce', 'weaker things - answers was enforce, is sample'],
    [things({ cache: false }), 'changed things - cache was true, is false', 'changed things - cache was false, is true'],
    [({ config }) => { config['cache'] = { bytes: 0 } }, 'changed - - cache.bytes was 33554432, is 0', 'changed - - cache.bytes was 0, is 33554432'],
    [({ config }) => { config['audit'] = { retentionDays: 30 } }, 'changed - - audit.retentionDays was 365, is 30', 'changed - - audit.retentionDays was 30, is 365'],
    [things({ classes: { search: { operations: ['findThings'], burst: { requests: 5, seconds: 60 } } } }), 'stricter things - the class search is new (5 in 60 s: findThings); what is in no class had 100 in 1 s', 'weaker things - the class search (5 in 60 s: findThings) is gone; what is in no class has 100 in 1 s']
  ]
  for (const [change, there, back] of cases) await check(t, undefined, change, [there], [back])
  const search = (operations: readonly string[], requests: number) => things({ classes: { search: { operations, burst: { requests, seconds: 60 } } } })
  await check(t, search(['findThings'], 5), search(['findThings', 'readThing'], 6),
    ['weaker things - the class search was 5 in 60 s, is 6 in 60 s', 'stricter things readThing counts with the class search now'],
    ['weaker things readThing counts with the class search no longer', 'stricter things - the class search was 6 in 60 s, is 5 in 60 s'])
})

t.test('what is trusted, by audience, proxy, authority and target', async (t) => {
  const things = (own: Json) => (all: Files): void => { Object.assign(all.things, own) }
  const config = (own: Json) => (all: Files): void => { Object.assign(all.config, own) }
  const cases: readonly (readonly [change: (files: Files) => void, there: readonly string[], back: readonly string[]])[] = [
    [things({ audience: ['https://api.example.it/things', 'https://other'] }), ['weaker things - audience has https://other now'], ['breaking things - audience no longer has https://other']],
    [things({ descriptorIds: [uuid(4)] }), [`breaking things - descriptorIds no longer has ${uuid(3)}`, `weaker things - descriptorIds has ${uuid(4)} now`], [`breaking things - descriptorIds no longer has ${uuid(4)}`, `weaker things - descriptorIds has ${uuid(3)} now`]],
    [things({ replyTo: [{ consumer: uuid(5), origins: ['https://reply.example.it'], allowPrivate: true }] }),
      [`breaking things - replyTo no longer has https://reply.example.it for ${uuid(5)}`, `weaker things - replyTo has https://reply.example.it (on a private network) for ${uuid(5)} now`],
      [`breaking things - replyTo no longer has https://reply.example.it (on a private network) for ${uuid(5)}`, `weaker things - replyTo has https://reply.example.it for ${uuid(5)} now`]],
    [things({ upstream: { url: 'http://127.0.0.1:9', secret: '${PLAN_SECRET}' } }), ['weaker things - upstream.url was https://127.0.0.1:9, is http://127.0.0.1:9: without TLS'], ['changed things - upstream.url was http://127.0.0.1:9, is https://127.0.0.1:9']],
    [things({ evidence: { keys: ['${EVIDENCE_KEY}'], retentionDays: 7 } }), ['weaker things - evidence.retentionDays was 30, is 7'], ['changed things - evidence.retentionDays was 7, is 30']],
    [config({ trustedProxies: ['10.0.0.1', '10.1.0.0/16'] }), ['weaker - - trustedProxies has 10.1.0.0/16 now'], ['stricter - - trustedProxies no longer has 10.1.0.0/16']],
    [config({ x509: { mode: 'pinned' } }), ['breaking - - x509.ca no longer has CA', 'stricter - - x509.mode was ca, is pinned'], ['weaker - - x509.mode was pinned, is ca', 'weaker - - x509.ca has CA now']],
    [config({ x509: undefined }), ['breaking - - x509 is gone: no certificate of a caller is trusted any more'], ['weaker - - x509 is new: certificates of callers are trusted (mode ca)']],
    [(all) => { all.ca = 'authority two' }, ['breaking - - x509.ca no longer has CA', 'weaker - - x509.ca has CA now'], ['breaking - - x509.ca no longer has CA', 'weaker - - x509.ca has CA now']],
    [config({ publicUrl: 'http://localhost:9' }), ['breaking - - publicUrl was http://127.0.0.1:9, is http://localhost:9'], ['breaking - - publicUrl was http://localhost:9, is http://127.0.0.1:9']]
  ]
  const plain = (lines: readonly string[]): readonly string[] => lines.map((line) => line.replace(/\S+\/ca\.pem \(SHA-256 [0-9a-f]{16}…\)/, 'CA'))
  for (const [change, there, back] of cases) {
    const [usual, changed] = [await described(), await described(change)]
    t.strictSame(plain(shown(usual, changed)), there)
    t.strictSame(plain(shown(changed, usual)), back)
  }
  const internal = async (own: Json) => described(config({ listeners: { internal: own } }))
  const [usual, changed] = [await internal({}), await internal({ trustedProxies: ['10.0.0.2'] })]
  t.strictSame(shown(usual, changed), ['weaker - - listeners.internal.trustedProxies has 10.0.0.2 now'])
  t.strictSame(shown(changed, usual), ['stricter - - listeners.internal.trustedProxies no longer has 10.0.0.2'])
})

t.test('purpose grants, by what they leave to whom', async (t) => {
  const base = { version: 1, legalBasis: 'D.Lgs. 82/2005, art. 50', owner: 'Office of things', expires: '2036-12-31' }
  const any = { ...base, id: 'any', any: true, operations: 'all' }
  const withhold = (...pointers: readonly string[]): Json => ({ fields: { readThing: { withhold: pointers } } })
  const grants = (...list: readonly Json[]) => (all: Files): void => { all.grants = { grants: list } }
  const nobody = 'everybody else'
  const cases: readonly (readonly [one: (files: Files) => void, other: (files: Files) => void, there: readonly string[], back: readonly string[]])[] = [
    [() => undefined, grants(any), ['stricter - has purpose grants now: a purpose that none of them is for is refused'], ['weaker - has no purpose grants any more: every purpose may call every operation and sees every field']],
    [grants({ ...any, ...withhold('/owner') }), grants({ ...any, ...withhold('/owner/code') }), [`weaker readThing ${nobody} sees /owner, which was withheld`], [`stricter readThing from ${nobody} is withheld /owner`]],
    [grants({ ...any, fields: { findThings: { withhold: ['/items/*/owner/name'] } } }), grants(any), [`weaker findThings ${nobody} sees /items/*/owner/name, which was withheld`], [`stricter findThings from ${nobody} is withheld /items/*/owner/name`]],
    [grants({ ...any, fields: { readThing: { only: ['/id'] } } }), grants({ ...any, fields: { readThing: { only: ['/id', '/owner/name'] } } }), [`weaker readThing ${nobody} sees /owner/name, which was withheld`], [`stricter readThing from ${nobody} is withheld /owner/name`]],
    [grants({ ...any, ...withhold('/notes/*/code') }), grants({ ...any, ...withhold('/notes/first/code') }), [`weaker readThing ${nobody} sees /notes/*/code, which was withheld`], [`stricter readThing from ${nobody} is withheld /notes/*/code`]],
    [grants({ ...any, ...withhold('/owner') }), grants({ ...any, fields: { readThing: { only: ['/id', '/owner/name'] } } }), [`weaker readThing ${nobody} sees /owner/name, which was withheld`, `stricter readThing from ${nobody} is withheld everything but /id, /owner/name, /owner`],
      [`weaker readThing ${nobody} sees everything but /id, /owner/name, /owner, which was withheld`, `stricter readThing from ${nobody} is withheld /owner/name`]],
    [grants({ ...any, fields: { readThing: { only: ['/id'] } } }), grants(any), [`weaker readThing ${nobody} sees everything but /id, which was withheld`], [`stricter readThing from ${nobody} is withheld everything but /id`]],
    [grants({ ...any, operations: ['readThing'] }), grants(any), [`weaker findThings ${nobody} may call it now`, `weaker addThing ${nobody} may call it now`], [`breaking findThings ${nobody} may call it no longer`, `breaking addThing ${nobody} may call it no longer`]],
    [grants({ ...any, ...withhold('/owner') }, { ...base, id: 'count', purpose: uuid(7), operations: 'all' }), grants({ ...any, ...withhold('/owner') }), ['stricter readThing from purpose counting is withheld /owner'], ['weaker readThing purpose counting sees /owner, which was withheld']],
    [grants({ ...base, id: 'count', purpose: uuid(7), operations: 'all' }), grants({ ...base, id: 'them', consumer: uuid(5), operations: 'all' }), ['weaker - consumer consumer has a grant now (them): its calls were refused'], ['breaking - consumer consumer has no grant any more: its calls are refused']],
    [grants(any), grants({ ...any, expires: '2030-12-31' }), [`stricter - the grant of ${nobody} was good until 2036-12-31, is until 2030-12-31`], [`changed - the grant of ${nobody} was good until 2030-12-31, is until 2036-12-31`]],
    [grants({ ...any, fields: { findThings: { withhold: ['/items/*/owner'] } } }), grants({ ...any, fields: { findThings: { withhold: ['/items/*/owner'], allowParameters: ['q'] } } }), [`weaker findThings ${nobody} may use the parameter q, which selects by what is withheld`], []]
  ]
  const of = (lines: readonly string[]): readonly string[] => lines.map((line) => line.replace(' ', ' things '))
  for (const [one, other, there, back] of cases) await check(t, one, other, of(there), of(back))
})

t.test('the registry file: what is active no longer, and now, by name', async (t) => {
  await check(t, undefined, ({ registry }) => {
    registry['agreements'][0].state = 'Suspended'
    registry['purposes'][0].versions[0].state = 'Archived'
    registry['clients'] = []
    registry['eservices'][0].descriptors[0].dailyCallsTotal = 2000
  }, [
    'breaking - - registry: agreements no longer active, 1: consumer on things', 'breaking - - registry: purposes no longer active, 1: counting', 'breaking - - registry: clients no longer registered, 1: machine',
    'weaker - - registry: dailyCallsTotal of things version 1 was 1000, is 2000'
  ], [
    'stricter - - registry: dailyCallsTotal of things version 1 was 2000, is 1000',
    'added - - registry: agreements active now, 1: consumer on things', 'added - - registry: purposes active now, 1: counting', 'added - - registry: clients registered now, 1: machine'
  ])
  t.strictSame(await planned(undefined, ({ registry }) => { registry['purposes'][0].versions[0].dailyCalls = 60 }), ['weaker - - registry: dailyCalls of the purpose counting was 50, is 60'])
  const clients = (own: Json) => ({ registry }: Files): void => { Object.assign(registry['clients'][0], own) }
  const thumbprint = Buffer.alloc(32, 1).toString('base64url')
  await check(t, undefined, clients({ purposes: [], certificates: [{ thumbprint }] }),
    ['breaking - - registry: the purposes of the client machine no longer has counting', `weaker - - registry: what the client machine proves itself with has the certificate ${thumbprint} now`],
    [`breaking - - registry: what the client machine proves itself with no longer has the certificate ${thumbprint}`, 'added - - registry: the purposes of the client machine has counting now'])
  await check(t, undefined, ({ registry }) => { registry['tenants'][1].certificates = [{ thumbprint }] },
    ['stricter - - registry: the tenant consumer needs a certificate of its own now'], ['weaker - - registry: the tenant consumer needs no certificate of its own any more'])
  const many = (all: Files): void => { all.registry['clients'] = Array.from({ length: 12 }, (_, index) => ({ ...all.registry['clients'][0], id: uuid(30 + index), alias: `m${index}` })) }
  t.match((await planned(many, ({ registry }) => { registry['clients'] = [] }))[0], / 12: m0, .*, m9 and 2 more$/)
})

t.test('what takes a restart is named', async (t) => {
  t.strictSame(await planned(undefined, ({ config }) => {
    config['listeners'] = { public: { port: 1234 }, operations: { token: 'another-token-of-operations' } }
    config['state'] = 'elsewhere'
    config['redis'] = { url: 'redis://user:canary4711@127.0.0.1:6379' }
    config['pdnd'].api.version = 'v2'
  }), ['listeners.public.port', 'listeners.operations.token', 'state', 'redis', 'pdnd'].map((name) => `restart - - ${name} has changed`))
})

t.test('the command: table, JSON and exit codes; never a secret', async (t) => {
  const [old, same, other] = [await write(), await write(), await write((all) => {
    all.secret = 'another-secret-canary4711-canary4711'
    all.contract['x-modi'] = { dpop: 'required' }
    all.config['state'] = 'elsewhere'
    all.things['concurrency'] = 3
  })]
  const varco = async (args: readonly string[], env: Record<string, string> = {}) => {
    const said = { out: '', err: '' }
    const code = await runCommandLine(['plan', ...args], { out: (text) => { said.out += text }, err: (text) => { said.err += text }, stdin: async () => Buffer.alloc(0), env, now: Date.now })
    return { code, ...said }
  }
  t.strictSame(await varco(['--config', same.path, '--from', old.path]), { code: 0, out: 'Nothing would change.\n', err: '' })
  t.strictSame(await varco(['--config', other.path, '--from', old.path]), {
    code: 1, err: '', out: `things
  breaking  findThings, addThing, readThing  demands a voucher that is bound to a key (DPoP) now
  stricter                                   concurrency was no limit, is 3

gateway
  restart   state has changed

3 breaking, 1 restart, 1 stricter
`
  })
  const json = await varco(['--config', old.path, '--from', other.path, '--format', 'json'])
  t.equal(json.code, 1)
  t.match(JSON.parse(json.out), { hurts: true, counts: { weaker: 4, restart: 1 }, lines: [{ kind: 'weaker', eservice: 'things', operation: 'findThings', sentence: /DPoP/ }] })
  const [before, after] = [await describeConfig(await loadConfig(old.path, old.env, { secrets: 'ignored' })), await describeConfig(await loadConfig(other.path, other.env, { secrets: 'ignored' }))]
  const secret = JSON.stringify(planOf(before, after))
  t.match(secret, /upstream\.secret: secret changed/)
  t.match(secret, /evidence\.keys: 1 secret is gone, and what was encrypted with it can no longer be read/)
  t.notMatch(secret, /canary4711|Y2FuYXJ5/)
  for (const [args, message] of [
    [[], /name the new configuration with --config/], [['--config', old.path, 'more', '--from', old.path], /name the new/], [['--config', old.path, '--from', old.path, '--format', 'xml'], /--format takes text or json, not "xml"/], [['--form', 'x'], /--form/]
  ] as const) {
    const run = await varco(args)
    t.equal(run.code, 2)
    t.match(run.err, message)
  }
})

t.test('what a contract is called cannot hide a line of the table', async (t) => {
  t.equal(planText([{ kind: 'breaking', eservice: 'things', operation: 'a\u001b[2K', sentence: 'is gone\u202e\r' }]), 'things\n  breaking  a\\u001b[2K  is gone\\u202e\\u000d\n\n1 breaking\n')
  const operations = ['a', 'b', 'c', 'd', 'e'].map((operation) => ({ kind: 'weaker', eservice: 'things', operation, sentence: 'less' }) as const)
  t.equal(planText(operations), 'things\n  weaker    a, b, c +2  less\n\n5 weaker\n')
})

t.test('a configuration that could not go live is told where', async (t) => {
  const good = await write()
  const cases: readonly (readonly [change: (files: Files) => void, message: RegExp])[] = [
    [({ things }) => { things['burst'] = { request: 1, seconds: 1 } }, /gateway\.yaml:\d+: .*unknown key "request"\. Did you mean "requests"\?/],
    [({ things }) => { things['classes'] = { a: { operations: ['findThigs'], burst: { requests: 1, seconds: 1 } } } }, /gateway\.yaml:\d+: eservices\.things: classes\.a\.operations names "findThigs"/],
    [({ contract, config }) => { contract['x-modi'] = { patterns: ['ID_AUTH_CHANNEL_01'] }; delete config['trustedProxies'] }, /gateway\.yaml:\d+: eservices\.things: operation "findThings" demands TLS/],
    [({ contract }) => { contract['x-modi'] = { dpop: 'yes' } }, /things\.json: x-modi\.dpop/],
    [({ contract }) => { contract['paths'] = 3 }, /things\.json:\d+:\d+: paths must be an object/],
    [(all) => { all.grants = { grants: [{ id: 'a' }] } }, /grants\.json:\d+: /],
    [({ registry }) => { registry['purposes'][0].consumerId = uuid(99) }, /registry\.json:\d+: /]
  ]
  for (const [change, message] of cases) {
    const bad = await write(change)
    for (const args of [['--config', bad.path, '--from', good.path], ['--config', good.path, '--from', bad.path]]) {
      let err = ''
      const code = await runCommandLine(['plan', ...args], { out: () => undefined, err: (text) => { err += text }, stdin: async () => Buffer.alloc(0), env: {}, now: Date.now })
      t.equal(code, 78)
      t.match(err, message)
    }
  }
})
