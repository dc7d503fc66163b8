import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from './config.ts'
import type { EServiceConfig } from './eservice-config.ts'
import type { Deprecation } from './deprecation.ts'
import { startGateway } from './harness/gateway.ts'
import type { HarnessOptions } from './harness/gateway.ts'
import { archiveContract, ids, registryContent } from './harness/platform.ts'
import { temporaryFolder } from './harness/process.ts'

type Document = Record<string, any>

const second = (name: keyof typeof ids): string => ids[name].replace(/^1/, '2')
const secondAudience = 'https://api.ente.example.it/rest/archive/v2'
const newCaller = { aud: secondAudience, sub: second('client'), client_id: second('client'), purposeId: second('purpose'), consumerId: second('consumer'), descriptorId: second('descriptor') }
const successor = 'https://api.ente.example.it/rest/archive/v2'
const deprecation: Deprecation = { since: '2026-12-01', sunset: '2027-06-30', successor, notice: 'https://www.ente.example.it/archivio' }

/** Two versions of the e-service with a consumer each; `first` changes the older one, `contract` what it is described by. */
async function twoVersions (first: Partial<EServiceConfig> = {}, contract: HarnessOptions['contract'] = archiveContract): Promise<HarnessOptions> {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'archive.v2.json')
  await writeFile(file, JSON.stringify({ ...archiveContract, info: { title: 'Archivio', version: '2.0.0' }, servers: [{ url: secondAudience }] }))
  const usual = registryContent()
  const [eservice, agreement, purpose, client] = [usual.eservices[0]!, usual.agreements[0]!, usual.purposes[0]!, usual.clients[0]!]
  return {
    contract,
    registry: () => ({
      tenants: [...usual.tenants, { id: second('consumer'), alias: 'second', name: 'Altro ente', externalId: { origin: 'IPA', value: 'second' } }],
      eservices: [{ ...eservice, descriptors: [{ ...eservice.descriptors[0]!, state: 'Deprecated' }, { ...eservice.descriptors[0]!, id: second('descriptor'), version: 2, audience: [secondAudience] }] }],
      agreements: [agreement, { ...agreement, id: second('agreement'), descriptorId: second('descriptor'), consumerId: second('consumer') }],
      purposes: [purpose, { ...purpose, id: second('purpose'), alias: 'second', consumerId: second('consumer'), versions: [{ ...purpose.versions[0]!, id: second('purposeVersion') }] }],
      clients: [client, { ...client, id: second('client'), alias: 'second', consumerId: second('consumer'), purposes: [second('purpose')] }]
    }),
    config: (config) => ({ ...config, eservices: config.eservices.flatMap((one) => [{ ...one, ...first }, { ...one, name: 'archive-v2', contract: file, descriptorIds: [second('descriptor')], audience: [secondAudience] }]) })
  }
}

t.test('two versions of an e-service side by side', async (t) => {
  const gateway = await startGateway(t, await twoVersions({ deprecation }))
  const [v1, v2] = [gateway.voucher(), gateway.voucher({ claims: newCaller })]
  const get = async (path: string, voucher?: string) => {
    const answer = await fetch(`http://${gateway.host}${path}`, { headers: voucher === undefined ? {} : { authorization: `Bearer ${voucher}` } })
    return { status: answer.status, ...Object.fromEntries(['deprecation', 'sunset', 'link'].map((name) => [name, answer.headers.get(name)])), body: await answer.json() as Document }
  }
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, { 'content-type': 'application/json', deprecation: '@1', sunset: 'never' }).end('{}') }

  const old = { deprecation: '@1796083200', sunset: 'Wed, 30 Jun 2027 00:00:00 GMT', link: `<${successor}>; rel="successor-version", <${deprecation.notice}>; rel="deprecation"; type="text/html"` }
  t.match(await get('/rest/archive/v1/items', v1), { status: 200, ...old }, 'whatever the upstream says of itself')
  t.match(await get('/rest/archive/v2/items', v2), { status: 200, deprecation: '@1', sunset: 'never', link: null }, 'of this one the gateway says nothing')
  t.strictSame(gateway.upstream.requests.map(({ url }) => url), ['/rest/archive/v1/items', '/rest/archive/v2/items'])

  t.match(await get('/rest/archive/v2/items', v1), { status: 403, deprecation: null, body: { code: 'descriptor-mismatch' } }, 'a voucher is for one version')
  t.match(await get('/rest/archive/v1/items', v2), { status: 403, ...old, body: { code: 'descriptor-mismatch' } }, 'a refusal says it too')
  t.match(await get('/rest/archive/v1/items'), { status: 401, ...old })
  t.match(await get('/rest/archive/v1/nothing', v1), { status: 404, deprecation: null })
  t.equal(gateway.upstream.requests.length, 2)

  const { body: { paths } } = await get('/docs/json')
  t.match(paths['/rest/archive/v1/items'].get, { deprecated: true, description: /Deprecata\*\* dal \*\*2026-12-01\*\*; dismessa dal \*\*2027-06-30\*\*.*v2/ })
  t.equal(paths['/rest/archive/v2/items'].get.deprecated, undefined)
})

t.test('an operation that goes out of use alone', async (t) => {
  const contract: Document = structuredClone(archiveContract)
  Object.assign(contract['paths']['/items'].get, { deprecated: true, 'x-deprecation': { since: '2026-01-01' } })
  const gateway = await startGateway(t, await twoVersions({}, contract))
  t.match((await gateway.call('/items')).headers, { deprecation: '@1767225600', sunset: undefined, link: undefined })
  gateway.upstream.answer = (_request, response) => { response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"status":404}') }
  t.match(await gateway.call('/items'), { status: 404, headers: { deprecation: '@1767225600' } })
  t.equal((await gateway.call('/items/1')).headers['deprecation'], undefined)
})

t.test('a contract that contradicts itself about it does not go live', async (t) => {
  const contract: Document = structuredClone(archiveContract)
  contract['paths']['/items'].get['x-deprecation'] = { since: '2026-01-01' }
  Object.assign(contract['paths']['/items'].post, { deprecated: true, 'x-deprecation': { since: '2026-02-30', sunest: '2026-01-01' } })
  Object.assign(contract['paths']['/items/{id}'].get, { deprecated: true, 'x-deprecation': { since: '2026-02-30' } })
  await t.rejects(startGateway(t, await twoVersions({}, contract)), { message: new RegExp([
    'operation "createItem": x-deprecation.sunest: unknown key "sunest"\\. Did you mean "sunset"\\?',
    'operation "getItem": x-deprecation.since: is no day of the calendar',
    'operation "listItems": x-deprecation says of an operation that it goes out of use; put deprecated: true beside it'
  ].map((line) => `(?=[^]*${line})`).join('')) })
})

t.test('what a configuration says wrongly of versions is told with its line', async (t) => {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'gateway.yaml')
  await Promise.all(['registry.yaml', 'things.yaml'].map(async (name) => writeFile(join(folder, name), 'x')))
  const problems = async (...lines: string[]): Promise<readonly string[]> => {
    const entry = (name: string, ...more: string[]): string => [`  ${name}:`, ...['contract: things.yaml', "upstream: { url: 'http://127.0.0.1:8090', secret: a-secret-that-only-the-tests-know }", `eserviceId: ${ids.eservice}`, 'audience: [https://a.example.it]', ...more].map((line) => `    ${line}`)].join('\n')
    await writeFile(path, ['pdnd: { environment: sandbox }', 'publicUrl: http://127.0.0.1:8080', 'registry: registry.yaml', `producer: ${ids.producer}`, 'eservices:', entry('old', `descriptorIds: [${ids.descriptor}]`), entry('new', ...lines)].join('\n'))
    return loadConfig(path, {}).then(() => [], (error: { problems: readonly string[] }) => error.problems.map((problem) => problem.replace(`${path}:`, '')))
  }
  const own = `descriptorIds: [${second('descriptor')}]`
  t.strictSame(await problems(own, 'deprecation: { since: 2026-12-01, sunset: 2027-06-30 }'), [])
  t.match(await problems(own, 'deprecation: { since: 2026-12-01, sunset: 2026-11-30 }'), [/^18: eservices\.new\.deprecation\.sunset: must not be before since/])
  t.match(await problems(own, 'deprecation: { since: 2026-13-01 }'), [/^18: eservices\.new\.deprecation\.since: is no day of the calendar$/])
  t.match(await problems(own, 'deprecation: { sunset: soon, successor: elsewhere }'), [/since/, /a day as 2027-12-31/, /the URL of what takes its place/])
  t.match(await problems(`descriptorIds: [${second('descriptor')}, ${ids.descriptor}]`), [/^17: eservices\.new\.descriptorIds\.1: is served as "old" already: a version is served by one e-service alone$/])
})

t.test('two e-services cannot be served at the same paths', async (t) => {
  await t.rejects(startGateway(t, await twoVersions({ path: '/rest/archive/v2' })), { message: /^e-service "archive-v2": is served at \/rest\/archive\/v2, where "archive" is served already; give one of them another path$/ })
})
