import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { runCommandLine } from '../command-line.ts'
import { ConfigFiles } from '../harness/config-file.ts'
import { archiveContract, upstreamSecret } from '../harness/platform.ts'
import { launch, temporaryFolder } from '../harness/process.ts'
import { freePort } from '../harness/free-port.ts'
import { getJson } from '../sandbox/interop-fixture.ts'
import { startSandbox } from '../sandbox/sandbox-fixture.ts'
import { addDays, dayAt, lastSettledDay } from './calendar.ts'
import { readDays } from './tracing-days.ts'
import { recordOf, writeRecords } from './tracing-fixture.ts'

const sandbox = await startSandbox(t, { now: Date.now, tracingMs: 0 })
const files = new ConfigFiles(await temporaryFolder(t))
const state = join(files.folder, 'state')
const [milano, purposeId, foreign] = [sandbox.idOf('tenants', 'comune-di-milano'), sandbox.idOf('purposes', 'istat-tickets'), sandbox.idOf('purposes', 'istat-service-usage')]
const yesterday = lastSettledDay(Date.now())
const before = addDays(yesterday, -1)
const on = (day: string, facts = {}) => recordOf({ time: `${day}T11:00:00.000Z`, purposeId, ...facts })
const port = await freePort()

await files.write('contract.json', archiveContract)
await files.write('registry.json', sandbox.file)
await files.change((content) => Object.assign(content, {
  pdnd: {
    environment: 'sandbox', jwksUri: `${sandbox.url}/.well-known/jwks.json`, apiBase: sandbox.url, tracingBase: sandbox.url, tokenUrl: `${sandbox.url}/token.oauth2`,
    api: { version: 'v3', clientId: sandbox.idOf('clients', 'comune-di-milano-api'), privateKey: join(sandbox.stateDir, `client-${sandbox.idOf('clients', 'comune-di-milano-api')}.pem`) }
  },
  registry: join(import.meta.dirname, '../sandbox/registry.yaml'), publicUrl: `http://127.0.0.1:${port}`, state: 'state',
  eservices: { archive: { contract: 'contract.json', upstream: { url: 'http://127.0.0.1:9', secret: upstreamSecret }, producer: milano, eserviceId: sandbox.idOf('eservices', 'tickets'), descriptorIds: [sandbox.file.eservices[0]!.descriptors[0]!.id], audience: sandbox.file.eservices[0]!.descriptors[0]!.audience } }
}))

async function varco (...args: readonly string[]): Promise<{ code: number, out: string, err: string }> {
  const said = { out: '', err: '' }
  const code = await runCommandLine(['tracing', ...args, '--config', files.path], { out: (text) => { said.out += text }, err: (text) => { said.err += text }, stdin: async () => Buffer.alloc(0), env: {}, now: Date.now })
  return { code, ...said }
}
const held = async (): Promise<Record<string, any>[]> => (await getJson(`${sandbox.url}/debug/tracings`)).body.tracings

t.test('a day is built from the records, and the file is one that the platform would take', async (t) => {
  await writeRecords(state, before, [on(before), on(before), on(before, { status: 429 }), on(before, { kind: 'internal' }), on(before, { voucherId: 'none' })], 1)
  const built = await varco('build', '--day', before)
  t.equal(built.code, 0)
  t.strictSame(built.out.trim().split('\n').slice(1).map((line) => line.split(',').filter((_cell, index) => index !== 3)), [[before, purposeId, '200', '2'], [before, purposeId, '429', '1']])
  t.match(built.err, /^1 calls are left out/)
  const file = join(files.folder, 'day.csv')
  t.match(await varco('build', '--day', before, '--out', file), { code: 0, out: '', err: /3 calls in 2 rows, SHA-256 [0-9a-f]{64}\n$/ })
  t.equal(await readFile(file, 'utf8'), built.out)
  t.match(await varco('validate', file), { code: 0, out: `${file}: ${before}, 3 calls in 2 rows: the platform would take it\n` })
  await writeFile(file, built.out.replace(',429,', ',499,') + built.out.split('\n')[1]!.replace(purposeId, foreign) + '\n' + built.out.split('\n')[1]!.replace(purposeId, milano) + '\n')
  t.match(await varco('validate', file, '--day', before), { code: 1, out: /row 2: INVALID INVALID_STATUS_CODE: .*\n.*row 3: WARNING TENANT_IS_NOT_PRODUCER_OR_CONSUMER.*\n.*row 4: INVALID PURPOSE_NOT_FOUND.*\n.*would refuse it, with 1 warnings\n$/ })
  const { invalid, findings } = JSON.parse((await varco('validate', file, '--day', yesterday, '--json')).out)
  t.match({ invalid, length: findings.length }, { invalid: 6, length: 7 })
})

t.test('a day is submitted, and again where there are more calls; what is missing is told', async (t) => {
  t.match(await varco('submit', '--day', before), { code: 0, err: '', out: `${before}  COMPLETED  3 calls in 2 rows\n` })
  t.match(await varco('submit', '--day', before), { code: 0 })
  t.match(await held(), [{ date: before, state: 'COMPLETED', version: 1, calls: 3, tenantId: milano }], 'the same is not sent twice')
  await writeRecords(state, before, [on(before)], 2)
  t.match(JSON.parse((await varco('submit', '--day', before, '--json')).out), { day: before, state: 'COMPLETED', calls: 4 })
  t.match(await held(), [{ version: 2, calls: 4 }])
  t.match(await varco('errors', '--day', before), { code: 0, out: `${before}: the platform found nothing wrong\n` })
  const standing = await varco('status')
  t.match(standing.out, `${before}  COMPLETED  4 calls in 2 rows\n${yesterday}  UNFILED    0 calls in 0 rows\nthe platform has ${before}, since `)
})

t.test('what the platform refuses is told row by row', async (t) => {
  await writeRecords(state, yesterday, [on(yesterday, { purposeId: milano }), on(yesterday)])
  t.match(await varco('submit', '--day', yesterday), { code: 1, out: /^\S+ {2}ERROR .*1 findings\n +the platform refuses the file: PURPOSE_NOT_FOUND in row \d/ })
  t.match(await varco('errors', '--day', yesterday), { code: 1, out: new RegExp(`^${yesterday}: row \\d: INVALID PURPOSE_NOT_FOUND \\(purpose ${milano}\\): `) })
  t.match(JSON.parse((await varco('errors', '--day', yesterday, '--json')).out), { total: 1, state: 'ERROR', errors: [{ errorCode: 'PURPOSE_NOT_FOUND' }] })
})

t.test('the gateway runs it in a process of its own', async (t) => {
  const program = launch(t, ['gateway/varco.js', 'tracing', 'run', '--json', '--config', files.path], { cwd: files.folder })
  t.equal(await program.ended, 0, program.err)
  t.match(JSON.parse(program.out.trim().split('\n')[0] ?? ''), { day: yesterday, state: 'ERROR', attempts: 2 })
  t.match((await readDays(state)).get(yesterday), { attempts: 2, errors: 1 })
})

t.test('words that are none', async (t) => {
  const wrong: [string[], RegExp][] = [
    [[], /say what to do: build/], [['submitt'], /say what to do.*Did you mean "submit"/], [['build'], /build needs a day/], [['build', '--day', '2026-02-30'], /is no day/], [['validate'], /needs a file/],
    [['validate', join(files.folder, 'none.csv')], /cannot be read \(ENOENT\)/], [['submit', '--day', dayAt(Date.now())], /is not over/], [['status', 'more'], /"more" is not understood/], [['submit', '--day', before, '--out', 'x'], /--out goes with build/]
  ]
  for (const [args, told] of wrong) t.match(await varco(...args), { code: 2, err: told }, args.join(' '))
  t.match(await varco('errors', '--day', '2026-01-01'), { code: 1, err: /the platform has nothing of 2026-01-01/ })
})

t.test('what the configuration must say', async (t) => {
  const { producer, api } = { producer: files.content['eservices'].archive.producer, api: files.content['pdnd'].api }
  t.strictSame((await files.load()).tracing, { tenant: producer, producers: [producer], nightly: true })
  await files.change((content) => { content['tracing'] = false })
  t.match((await files.load()).tracing, { tenant: producer, nightly: false })
  await files.change((content) => { content['tracing'] = { tenant: purposeId, producers: [producer, purposeId] } })
  t.strictSame((await files.load()).tracing, { tenant: purposeId, producers: [producer, purposeId], nightly: true })
  await files.change((content) => { delete content['pdnd'].api })
  await t.rejects(files.load(), { message: /tracing: needs a client of the interop API/ })
  await files.change((content) => { delete content['tracing'] })
  t.equal((await files.load()).tracing, undefined)
  t.match(await varco('submit', '--day', before), { code: 78, err: /pdnd\.api/ })
  await files.change((content) => {
    content['pdnd'].api = api
    content['eservices'].other = { ...content['eservices'].archive, producer: purposeId, descriptorIds: [milano] }
  })
  t.equal((await files.load()).tracing, undefined, 'nobody can tell for whom, which the sandbox forgives')
  await files.change((content) => { content['pdnd'].environment = 'collaudo' })
  await t.rejects(files.load(), { message: /tracing(\.tenant)?: .*(is missing: )?the e-services have several producers/ })
})
