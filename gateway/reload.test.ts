import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { setTimeout as wait } from 'node:timers/promises'
import type { JsonObject } from '../openapi/document.ts'
import { runCommandLine } from './command-line.ts'
import { freePort } from './harness/free-port.ts'
import { startFromFiles } from './harness/config-file.ts'
import type { ConfigFiles } from './harness/config-file.ts'
import { until } from './harness/gateway.ts'
import type { Harness } from './harness/gateway.ts'
import { archiveContract, ids, registryContent } from './harness/platform.ts'
import { launch } from './harness/process.ts'
import { checkProblem } from './harness/refusal.ts'
import { prepareReload, Reloader } from './reload.ts'
import { filesOf } from './running.ts'

const start = async (t: Test, change?: Parameters<typeof startFromFiles>[1]) => {
  const { gateway, files } = await startFromFiles(t, change)
  const reloader = new Reloader(async () => prepareReload(gateway.gateway, { path: files.path, env: {} }), gateway.gateway.logger)
  return { gateway, files, reload: async () => reloader.reload() }
}

const goodContract = (): Record<string, any> => structuredClone(archiveContract)

/** Calls without a pause until told to stop, each call on the same connection where it is kept, or on a new one; gives how many were answered 200 and how many were not. */
async function callOn (gateway: Harness, keeps: boolean, ends: { now: boolean }): Promise<{ served: number, failed: number }> {
  const tally = { served: 0, failed: 0 }
  const request = gateway.request('/items', keeps ? {} : { headers: { Connection: 'close' } })
  for (let wire = gateway.connect(); !ends.now; wire = keeps ? wire : gateway.connect()) {
    wire.write(request)
    const answer = await wire.answer()
    tally[answer.status === 200 && answer.whole ? 'served' : 'failed']++
    if (!keeps) wire.destroy()
  }
  return tally
}

t.test('reloads under load fail no call and close no connection', async (t) => {
  const { gateway, files, reload } = await start(t)
  const ends = { now: false }
  const clients = Promise.all([true, true, true, true, false, false].map(async (keeps) => callOn(gateway, keeps, ends)))
  const hashes = new Set<string>()
  for (let round = 1; round <= 20; round++) {
    await files.change((content) => { content['limits'].bodyBytes = 100_000 + round })
    const reloaded = await reload()
    if ('hash' in reloaded) hashes.add(reloaded.hash)
  }
  ends.now = true
  const tallies = await clients
  t.equal(hashes.size, 20, 'each was live')
  t.strictSame(tallies.map(({ failed }) => failed), [0, 0, 0, 0, 0, 0])
  t.ok(tallies.every(({ served }) => served >= 20), JSON.stringify(tallies))
  t.equal(gateway.gateway.live.config.limits.bodyBytes, 100_020)
})

t.test('what a contract says anew holds for the next call on the same connection, and a call that is under way is served by what was live', async (t) => {
  const { gateway, files, reload } = await start(t)
  let answer = (): void => undefined
  gateway.upstream.answer = (_request, response) => { answer = () => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"whole":true}') } }
  const [slow, kept] = [gateway.connect(), gateway.connect()]
  slow.write(gateway.request('/items/1'))
  await until(() => gateway.upstream.requests.length === 1)
  const { '/items/{id}': _gone, ...paths } = goodContract()['paths'] as Record<string, JsonObject>
  await files.write('contract.json', { ...goodContract(), paths: { ...paths, '/more': { get: { operationId: 'getMore', responses: { 200: { description: 'Fatto', content: { 'application/json': {} } } } } } } })
  const before = gateway.gateway.live.eservices[0]
  t.match(await reload(), { hash: /^[0-9a-f]{64}$/ })
  gateway.upstream.answer = (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{}') }
  kept.write(gateway.request('/items/1'))
  t.equal((await kept.answer()).status, 404)
  kept.write(gateway.request('/more'))
  t.equal((await kept.answer()).status, 200)
  t.equal(before?.upstream.pool.closed, false, 'what was live is there while a call needs it')
  answer()
  t.match(await slow.answer(), { status: 200, body: '{"whole":true}' })
  slow.write(gateway.request('/items/1'))
  t.equal((await slow.answer()).status, 404, 'its connection goes on')
  await until(() => before?.upstream.pool.destroyed === true)
  t.equal(before?.upstream.pool.destroyed, true)
})

t.test('a purpose that is suspended in the registry file is refused at once, and its client keeps its connection', async (t) => {
  const { gateway, files, reload } = await start(t)
  const wire = gateway.connect()
  const request = gateway.request('/items')
  wire.write(request)
  t.equal((await wire.answer()).status, 200)
  const registry = registryContent()
  await files.write('registry.yaml', { ...registry, purposes: registry.purposes.map((purpose) => ({ ...purpose, versions: purpose.versions.map((version) => ({ ...version, state: 'Suspended' })) })) })
  await reload()
  wire.write(request)
  await gateway.takeRecords(1)
  t.match(JSON.parse((await wire.answer()).body), { status: 403, code: 'purpose-not-active' })
  await files.write('registry.yaml', registry)
  await reload()
  wire.write(request)
  t.equal((await wire.answer()).status, 200)
})

t.test('what was counted stays counted, what was used stays used, and who was blocked stays blocked', async (t) => {
  const registry = registryContent()
  const [purpose] = registry.purposes as [(typeof registry.purposes)[number]]
  const { gateway, files, reload } = await start(t, (content) => {
    content['limits'] = { burst: { requests: 6, seconds: 60 }, unproven: { requests: 4, seconds: 60 } }
  })
  await files.write('registry.yaml', { ...registry, purposes: [{ ...purpose, versions: [{ ...purpose.versions[0], dailyCalls: 3 }] }] })
  await reload()
  for (let call = 0; call < 3; call++) t.equal((await gateway.call('/items')).status, 200)
  await reload()
  const beyond = await gateway.call('/items')
  t.match([beyond.status, JSON.parse(beyond.body), beyond.headers['x-ratelimit-limit']], [429, { code: 'quota-exceeded' }, '3'])
  await gateway.call('/items')
  await gateway.call('/items')
  await reload()
  t.match(JSON.parse((await gateway.call('/items')).body), { code: 'burst-exceeded' })
  for (let call = 0; call < 4; call++) t.equal((await gateway.call('/items', { voucher: null })).status, 401)
  await reload()
  t.match(JSON.parse((await gateway.call('/items', { voucher: null })).body), { code: 'address-limit-exceeded' })
  await files.change((content) => { content['limits'].unproven.requests = 1000 })
  await reload()
  t.equal((await gateway.call('/items', { voucher: null })).status, 401, 'the limit of the configuration that is live holds')
})

/** Files that cannot go live, and what is told of them. */
const bad: Readonly<Record<string, { readonly spoil: (files: ConfigFiles) => Promise<void>, readonly told: RegExp }>> = {
  'no YAML': { spoil: async (files) => files.write('gateway.yaml', 'eservices: [\n'), told: /gateway\.yaml:\d+: / },
  'a file that is half written': { spoil: async (files) => files.write('gateway.yaml', JSON.stringify(files.content, undefined, 1).slice(0, 300)), told: /gateway\.yaml:\d+: / },
  'no file': { spoil: async (files) => files.remove('gateway.yaml'), told: /gateway\.yaml: the file cannot be read \(ENOENT\)/ },
  'a misspelt key': { spoil: async (files) => files.change((content) => { content['eservices'].archive.burts = {} }), told: /gateway\.yaml:\d+: eservices\.archive\.burts: unknown key "burts"\. Did you mean "burst"\?/ },
  'a contract that is not there': { spoil: async (files) => files.remove('contract.json'), told: /gateway\.yaml:\d+: eservices\.archive\.contract: the file .*contract\.json cannot be read \(ENOENT\)/ },
  'a contract that is none': { spoil: async (files) => files.write('contract.json', { openapi: '2.0' }), told: /contract\.json:\d+:\d+: openapi must be 3\.0\.x/ },
  'a contract that demands what nobody knows': { spoil: async (files) => files.write('contract.json', { ...goodContract(), 'x-modi': { dpob: 'required' } }), told: /contract\.json: x-modi\.dpob: unknown key "dpob"/ },
  'a contract that demands keys that are not there': { spoil: async (files) => files.write('contract.json', { ...goodContract(), 'x-modi': { response: 'signed' } }), told: /keychain/ },
  'a registry with a purpose of nobody': { spoil: async (files) => files.write('registry.yaml', { ...registryContent(), tenants: [] }), told: /registry\.yaml:\d+: .*(tenant|consumer)/ },
  'grants that are not there': { spoil: async (files) => files.change((content) => { content['eservices'].archive.grants = 'grants.yaml' }), told: /gateway\.yaml:\d+: eservices\.archive\.grants: the file .*grants\.yaml cannot be read/ },
  'another port': { spoil: async (files) => files.change((content) => { content['listeners'].public.port++ }), told: /gateway\.yaml:\d+: listeners\.public\.port: has changed, and takes a restart; nothing was put live/ },
  'another state folder': { spoil: async (files) => files.change((content) => { content['state'] += '2' }), told: /gateway\.yaml:\d+: state: has changed, and takes a restart/ },
  'another platform': { spoil: async (files) => files.change((content) => { content['pdnd'].issuer = 'other.test' }), told: /gateway\.yaml:\d+: pdnd: has changed, and takes a restart/ }
}

t.test('what cannot go live is told with its place, and what was live serves on', async (t) => {
  const { gateway, files, reload } = await start(t)
  const { hash } = gateway.gateway.live
  const good = structuredClone(files.content)
  for (const [name, { spoil, told }] of Object.entries(bad)) {
    await t.test(name, async (t) => {
      await spoil(files)
      const reloaded = await reload()
      t.match(reloaded, { problems: [told] })
      t.equal(gateway.gateway.live.hash, hash)
      t.equal((await gateway.call('/items')).status, 200)
      t.match(gateway.logs.findLast((line) => line['event'] === 'not reloaded'), { problems: [told] })
      await files.write('contract.json', goodContract())
      await files.write('registry.yaml', registryContent())
      await files.change(() => { files.content = structuredClone(good) })
      t.strictSame(await reload(), { hash }, 'and goes live once it is mended')
    })
  }
})

t.test('what a contract refers to is part of what is live, and of what tells it apart', async (t) => {
  const { gateway, files, reload } = await start(t)
  const shared = (description: string): object => ({ components: { responses: { Done: { description, content: { 'application/json': { schema: { type: 'object' } } } } } } })
  await files.write('shared.json', shared('Fatto'))
  const contract = goodContract()
  contract['paths']['/items'].get.responses = { 200: { $ref: 'shared.json#/components/responses/Done' } }
  await files.write('contract.json', contract)
  const before = await reload()
  t.ok(filesOf(gateway.gateway.live).includes(join(files.folder, 'shared.json')))
  t.strictSame(await reload(), before)
  await files.write('shared.json', shared('Altro'))
  const after = await reload()
  t.match(after, { hash: /^[0-9a-f]{64}$/ })
  t.notSame(after, before)
})

t.test('those who ask while a reload is under way share the next one, which finds the last files', async (t) => {
  const { gateway, files, reload } = await start(t)
  const all = []
  for (let round = 1; round <= 6; round++) {
    await files.change((content) => { content['limits'].connections = 100 + round })
    all.push(reload())
  }
  const outcomes = await Promise.all(all)
  t.ok(outcomes.every((outcome) => 'hash' in outcome))
  t.equal(gateway.gateway.live.config.limits.connections, 106)
  const reloads = gateway.logs.filter((line) => line['event'] === 'reloaded').length
  t.ok(reloads >= 2 && reloads < 6, `${reloads} reloads`)
})

t.test('a gateway that was reloaded drains as ever, with the calls of both configurations', async (t) => {
  const { gateway, reload } = await start(t)
  const answers: (() => void)[] = []
  gateway.upstream.answer = (_request, response) => { answers.push(() => { response.writeHead(200, { 'content-type': 'application/json' }).end('{}') }) }
  const [before, after] = [gateway.connect(), gateway.connect()]
  before.write(gateway.request('/items'))
  await until(() => gateway.upstream.requests.length === 1)
  await reload()
  after.write(gateway.request('/items'))
  await until(() => gateway.upstream.requests.length === 2)
  gateway.gateway.drain()
  await wait(5)
  for (const answer of answers) answer()
  for (const wire of [before, after]) t.match(await wire.answer(), { status: 200, headers: { connection: 'close' } })
})

t.test('a refusal after a reload is recorded once, and tells no more than before', async (t) => {
  const { gateway, reload } = await start(t)
  await reload()
  const answer = await gateway.call('/items', { voucher: gateway.voucher({ claims: { eserviceId: ids.purpose } }) })
  await checkProblem(t, gateway, answer, { status: 403, code: 'eservice-mismatch' })
})

t.test('a gateway of its own is reloaded by the command, by SIGHUP, and when its files change', async (t) => {
  const { files } = await startFromFiles(t)
  const port = await freePort()
  files.content['listeners'] = {}
  files.content['publicUrl'] = `http://127.0.0.1:${port}`
  files.content['state'] = 'own-state'
  await files.change((content) => { content['watch'] = true })
  const env = { PORT: String(port) }
  const varco = async (...args: string[]) => {
    const said = { out: '', err: '' }
    const code = await runCommandLine(args, { out: (text) => { said.out += text }, err: (text) => { said.err += text }, stdin: async () => Buffer.alloc(0), env, now: Date.now })
    return { code, ...said }
  }
  t.match(await varco('reload', '--config', files.path), { code: 1, err: /no gateway runs with the state folder .*own-state/ })
  t.match(await varco('reload'), { code: 2, err: /name the configuration/ })
  const program = launch(t, ['gateway/varco.js', 'start', '--config', files.path], { cwd: files.folder, port })
  await program.says(/ready on .*token/)
  const place = join(files.folder, 'own-state/operations.json')
  t.equal((await stat(place)).mode & 0o777, 0o600, 'nobody else can read the token')
  const { url, token } = JSON.parse(await readFile(place, 'utf8')) as { url: string, token: string }
  const hash = async (): Promise<string> => (await (await fetch(`${url}/-/config`, { headers: { authorization: `Bearer ${token}` } })).json() as { hash: string }).hash
  const first = await hash()

  t.match(await varco('reload', '--config', files.path), { code: 0, out: `live: configuration ${first}\n` })
  await files.write('contract.json', { openapi: '2.0' })
  t.match(await varco('reload', '--config', files.path), { code: 78, err: /contract\.json:\d+:\d+: openapi must be 3\.0\.x/ })
  await files.change((content) => { content['limits'].bodyBytes = 'many' })
  t.match(await varco('reload', '--config', files.path), { code: 78, err: /gateway\.yaml:\d+: limits\.bodyBytes: must be integer/ })
  await until(() => /limits\.bodyBytes.*not reloaded/.test(program.out), 20_000)
  t.match(program.out, /limits\.bodyBytes.*not reloaded/, 'who watches is told too')
  t.equal(await hash(), first)

  await files.write('contract.json', goodContract())
  await files.change((content) => { content['limits'].bodyBytes = 2000 })
  await until(() => program.out.includes('"reloaded"') && program.out.lastIndexOf('"reloaded"') > program.out.lastIndexOf('not reloaded'), 20_000)
  const second = await hash()
  t.not(second, first)
  const reloads = (): number => program.out.split('"event":"reloaded"').length
  const before = reloads()
  program.child.kill('SIGHUP')
  await until(() => reloads() > before)
  t.equal(reloads(), before + 1)
  t.equal(await hash(), second)
  t.match(JSON.parse(program.out.trim().split('\n').at(-1) ?? ''), { event: 'reloaded', time: /^\d{4}-\d\d-\d\dT.*Z$/ }, 'a line says when')
  t.equal(await program.stop(), 0)
  await t.rejects(stat(place), { code: 'ENOENT' }, 'nobody is sent to a gateway that is gone')
})
