import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import t from 'tap'
import { runCommandLine } from '../command-line.ts'
import { freePort } from '../harness/free-port.ts'
import { startFromFiles } from '../harness/config-file.ts'
import { archiveContract, registryContent } from '../harness/platform.ts'
import { keepOperationsPlace } from '../operations-place.ts'
import { buildOperations } from '../operations.ts'
import { planReload } from './plan-reload.ts'
import { Verdicts } from '../verdicts.ts'

const token = 'operations-token-canary4711'
const unasked = async (): Promise<never> => { throw new Error('nobody asks') }

t.test('the running gateway says what its files would change, and changes nothing', async (t) => {
  const { gateway, files } = await startFromFiles(t)
  const [{ live }, state] = [gateway.gateway, gateway.config.state]
  const port = await freePort()
  const operations = buildOperations({ reports: unasked, processes: unasked, reload: unasked, restart: unasked, plan: async () => planReload({ live, verdicts: new Verdicts(pino({ enabled: false })) }, { path: files.path, env: {} }) }, token)
  await operations.listen({ port, host: '127.0.0.1' })
  t.teardown(async () => operations.close())
  await mkdir(state, { recursive: true })
  const place = await keepOperationsPlace(state, { url: `http://127.0.0.1:${port}`, token })
  const plan = async (...more: readonly string[]) => {
    const said = { out: '', err: '' }
    const code = await runCommandLine(['plan', '--config', files.path, ...more], { out: (text) => { said.out += text }, err: (text) => { said.err += text }, stdin: async () => Buffer.alloc(0), env: {}, now: Date.now })
    t.notMatch(said.out + said.err, /canary4711|upstream-of-another/)
    return { code, ...said }
  }

  t.strictSame(await plan(), { code: 0, out: 'Nothing would change.\n', err: '' })
  t.equal((await fetch(`http://127.0.0.1:${port}/-/plan`, { method: 'POST' })).status, 401, 'for operations only')
  t.equal((await fetch(`http://127.0.0.1:${port}/-/plan`, { headers: { authorization: `Bearer ${token}` } })).status, 404)

  const { '/items/{id}': _gone, ...paths } = archiveContract['paths'] as Record<string, object>
  await files.write('contract.json', { ...archiveContract, paths })
  await files.write('registry.yaml', { ...registryContent(), clients: [] })
  await files.change((content) => {
    content['limits'].bodyBytes = 2048
    content['eservices'].archive.upstream.secret = 'a-secret-upstream-of-another'
  })
  const told = await plan()
  t.match(told, { code: 1, err: '' })
  t.equal(told.out, `gateway
  breaking  registry: clients no longer registered, 1: client
  stricter  limits.bodyBytes was 1048576, is 2048

archive
  breaking  getItem     is removed: GET /items/{id}
  breaking  deleteItem  is removed: DELETE /items/{id}
  changed               upstream.secret: secret changed

3 breaking, 1 stricter, 1 changed
`)
  t.match(JSON.parse((await plan('--format', 'json')).out), { hurts: true, counts: { stricter: 1 } })
  t.equal(gateway.gateway.live, live)
  t.equal((await gateway.call('/items/1')).status, 200, 'what was live is live')

  await files.change((content) => { content['lint'] = { profile: 'pdnd', mode: 'enforce' } })
  t.match(await plan(), { code: 78, out: '', err: /contract\.json:\d+:\d+: has-contact: [^]*its contract has \d+ errors by the rules of pdnd, and lint\.mode is enforce/ }, 'what could not go live is told before')
  await files.write('lax.yaml', { ...files.content, lint: { profile: 'pdnd', mode: 'warn' } })
  t.match(await plan('--from', join(files.folder, 'lax.yaml')), { code: 78, out: '', err: /lint\.mode is enforce/ })
  await files.change((content) => { delete content['lint'] })

  await files.write('another.yaml', files.content)
  t.match(await plan('--config', join(files.folder, 'another.yaml')), { code: 2, out: '', err: /the gateway that runs was started with .*gateway\.yaml: name that file, or compare with --from/ })

  await files.write('contract.json', { openapi: '2.0' })
  t.match(await plan(), { code: 78, out: '', err: /contract\.json:\d+:\d+: openapi must be 3\.0\.x/ })
  await files.change((content) => { content['limits'].bodyBytes = 'many' })
  t.match(await plan(), { code: 78, out: '', err: /gateway\.yaml:\d+: limits\.bodyBytes: must be integer/ })

  await files.change((content) => { content['limits'].bodyBytes = 2048 })
  await place.remove()
  t.match(await plan(), { code: 1, out: '', err: /no gateway runs with the state folder/ })
})
