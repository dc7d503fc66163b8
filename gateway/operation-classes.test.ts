import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { loadConfig } from './config.ts'
import type { EServiceConfig } from './eservice-config.ts'
import { startGateway } from './harness/gateway.ts'
import type { HarnessOptions } from './harness/gateway.ts'
import { basePath } from './harness/platform.ts'
import { temporaryFolder } from './harness/process.ts'

const rate = (requests: number, seconds = 60) => ({ requests, seconds })

function classed (...classes: EServiceConfig['classes']): HarnessOptions {
  return { config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, burst: rate(3), classes })) }) }
}

t.test('operations of a class share a burst limit of their own', async (t) => {
  const gateway = await startGateway(t, classed({ name: 'search', operations: ['listItems', 'getItem'], burst: rate(2, 30) }, { name: 'changes', operations: ['createItem'], burst: rate(1) }))
  const standing = async (path: string, method = 'GET'): Promise<readonly unknown[]> => {
    const { status, headers } = await gateway.call(path, { method, ...method === 'POST' && { body: { name: 'x' } } })
    return [status, ...['limit', 'remaining', 'reset'].map((name) => headers[`x-ratelimit-${name}`]), headers['retry-after']]
  }
  t.strictSame(await standing('/items'), [200, '2', '1', '30', undefined])
  t.strictSame(await standing('/items/a'), [200, '2', '0', '30', undefined])
  t.match(await standing('/items?q=1'), [429, '2', '0', /^(30|29)$/, /^(30|29)$/])
  t.strictSame(await standing('/items', 'POST'), [200, '1', '0', '60', undefined], 'the other method of a path is another operation')
  t.match(await standing('/items', 'POST'), [429, '1', '0'])
  for (const remaining of ['2', '1', '0']) t.strictSame(await standing('/items/a/parts/b'), [200, '3', remaining, '60', undefined])
  t.match(await standing('/items/a/parts/b'), [429, '3', '0'])
  t.equal(gateway.upstream.requests.length, 6)
})

t.test('what a class names wrongly is said all at once, before anything is served', async (t) => {
  const start = async (...classes: EServiceConfig['classes']): Promise<readonly string[]> => startGateway(t, classed(...classes)).then(() => [], (error: Error) => error.message.split('\n'))
  const burst = rate(1)
  t.match(await start({ name: 'search', operations: ['listItmes', 'nothing'], burst }, { name: 'more', operations: ['getItem', 'getOpen'], burst }, { name: 'again', operations: ['getItem'], burst }), [
    /^e-service "archive": classes\.search\.operations names "listItmes", which is no operation of .*contract\.json\. Did you mean "listItems"\?$/,
    /^e-service "archive": classes\.search\.operations names "nothing", which is no operation of .*contract\.json\.$/,
    /^e-service "archive": classes\.more\.operations names "getOpen", which is public: nobody is known there whose calls could be limited$/,
    /^e-service "archive": classes\.again\.operations names "getItem", which is in the class "more" already: an operation is in one at most$/
  ])
  t.strictSame(await start({ name: 'search', operations: ['listItems'], burst }), [])
})

/** Reads a configuration in which an e-service has these lines; its problems without the file in front. */
async function read (t: Test, ...lines: string[]): Promise<EServiceConfig | readonly string[]> {
  const folder = await temporaryFolder(t)
  const path = join(folder, 'gateway.yaml')
  const id = (last: number): string => `30000000-0000-4000-8000-00000000000${last}`
  await Promise.all(['registry.yaml', 'things.v1.yaml'].map(async (name) => writeFile(join(folder, name), 'x')))
  await writeFile(path, `pdnd: { environment: sandbox }
publicUrl: http://127.0.0.1:8080
registry: registry.yaml
producer: ${id(1)}
limits: { burst: { requests: 5, seconds: 2 } }
eservices:
  things:
    contract: things.v1.yaml
    upstream: { url: 'http://127.0.0.1:8090', secret: a-secret-that-only-the-tests-know }
    eserviceId: ${id(2)}
    descriptorIds: [${id(3)}]
    audience: [https://api.example.it/rest/things/v1]
${lines.map((line) => `    ${line}\n`).join('')}`)
  return loadConfig(path, {}).then(({ eservices: [things] }) => things as EServiceConfig, (error: { problems: readonly string[] }) => error.problems.map((problem) => problem.replace(`${path}:`, '')))
}

t.test('limits of an e-service are read from the configuration, with their defaults', async (t) => {
  t.match(await read(t), { burst: rate(5, 2), classes: [], quota: { mode: 'block' }, concurrency: undefined })
  t.match(await read(t, 'classes: { search: { operations: [find, count], burst: { requests: 2, seconds: 60 } } }', 'quota: { mode: warn }', 'concurrency: 20'), {
    burst: rate(5, 2), classes: [{ name: 'search', operations: ['find', 'count'], burst: rate(2) }], quota: { mode: 'warn' }, concurrency: 20
  })
})

t.test('limits that cannot be are reported at their line', async (t) => {
  t.match(await read(t, 'classes: { Search: { operations: [find], burst: { requests: 2, seconds: 60 } } }', 'quota: { mode: blok }', 'concurrency: 0'), [/^13: eservices\.things\.classes\.Search: is not of the form/, /^14: .*Did you mean "block"\?$/, /^15: .*concurrency: /])
  t.match(await read(t, 'classes: { search: { operations: [] } }', 'quota: {}'), [/^13: .*burst/, /^13: .*operations/, /^14: .*mode/])
})

t.test('the docs tell the limits of an operation, and with which it shares them', async (t) => {
  const { config } = classed({ name: 'search', operations: ['listItems', 'getItem'], burst: rate(2, 30) }, { name: 'changes', operations: ['createItem'], burst: rate(1) })
  const gateway = await startGateway(t, { config: (usual) => {
    const changed = config?.(usual) ?? usual
    return { ...changed, eservices: changed.eservices.map((one) => ({ ...one, concurrency: 5 })) }
  } })
  const { json } = await gateway.raw(['GET /docs/json HTTP/1.1', `Host: ${gateway.host}`])
  const described = (path: string, method = 'get') => json.paths[`${basePath}${path}`][method] as { readonly description: string, readonly responses: Record<string, { content: Record<string, { examples: object }> }> }
  t.match(described('/items').description, /\*\*Limiti:\*\* 2 richieste ogni 30 s per client, con `getItem`; al giorno .*`dailyCallsPerConsumer`/)
  t.match(described('/items', 'post').description, /\*\*Limits:\*\* 1 requests in 60 s for each client; a day .*`dailyCallsTotal`/)
  t.match(described('/items/{id}/parts/{toString}').description, /\*\*Limits:\*\* 3 requests in 60 s for each client; /)
  t.match(described('/open').responses['503']?.content['application/problem+json'], { examples: { overloaded: { value: { code: 'overloaded', status: 503 } } } })
})
