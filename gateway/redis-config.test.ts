import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { CheckedFileError } from './adapters/checked-file-error.ts'
import { loadConfig } from './config.ts'
import type { Config } from './config.ts'

const uuid = (last: number): string => `30000000-0000-4000-8000-${String(last).padStart(12, '0')}`
const secret = 'a-secret-of-forty-characters-or-so-12345'

const configuration = (redis: string, environment = 'sandbox'): string => `pdnd: { environment: ${environment} }
publicUrl: ${environment === 'sandbox' ? 'http://127.0.0.1:8080' : 'https://api.example.it'}
registry: registry.yaml
producer: ${uuid(1)}
listeners: { operations: { token: '${secret}' } }
${redis}
eservices:
  things:
    contract: things.v1.yaml
    upstream: { url: 'http://127.0.0.1:8090', secret: '${secret}' }
    eserviceId: ${uuid(2)}
    descriptorIds: [${uuid(3)}]
    audience: [https://api.example.it/rest/things/v1]
`

type Env = Readonly<Record<string, string>>

async function load (t: Test, redis: string, env: Env = {}, environment?: string): Promise<Config> {
  return loadConfig(join(t.testdir({ 'registry.yaml': '', 'things.v1.yaml': '', 'gateway.yaml': configuration(redis, environment) }), 'gateway.yaml'), env)
}

async function problemsOf (t: Test, redis: string, env: Env = {}, environment?: string): Promise<readonly string[]> {
  const error: unknown = await load(t, redis, env, environment).then(() => undefined, (thrown: unknown) => thrown)
  if (!(error instanceof CheckedFileError)) return []
  return error.problems.map((problem) => problem.replace(/^.*gateway\.yaml:/, ''))
}

t.test('without Redis there is none', async (t) => {
  const { redis, shown } = await load(t, '')
  t.equal(redis, undefined)
  t.equal((shown as { redis?: unknown }).redis, undefined)
})

t.test('it is named in the file or by the environment; the file wins', async (t) => {
  const url = 'redis://10.0.0.9:6379'
  const other = { REDIS_URL: 'redis://10.0.0.8' }
  t.strictSame((await load(t, `redis: { url: '${url}', expectedNodes: 3 }`, other)).redis, { url, expectedNodes: 3 })
  t.strictSame((await load(t, '', other)).redis, { url: other.REDIS_URL, expectedNodes: 2 })
  t.strictSame((await load(t, 'redis: { expectedNodes: 5 }', other)).redis, { url: other.REDIS_URL, expectedNodes: 5 })
  t.strictSame((await load(t, "redis: { url: 'redis://:${PASSWORD}@redis.example.it/2' }", { PASSWORD: 'p%40ss' })).redis, { url: 'redis://:p%40ss@redis.example.it/2', expectedNodes: 2 })
  t.equal((await load(t, '', { REDIS_URL: '' })).redis, undefined)
})

t.test('who asks a gateway for something, or compares files, need not know where it is', async (t) => {
  for (const url of ['${REDIS_URL}', 'redis://:${PASSWORD}@10.0.0.9', 'rediss://${HOST}:6379']) {
    const path = join(t.testdir({ 'registry.yaml': '', 'things.v1.yaml': '', 'gateway.yaml': configuration(`redis: { url: '${url}' }`) }), 'gateway.yaml')
    t.match(await loadConfig(path, {}, { secrets: 'ignored' }), { redis: { expectedNodes: 2 } }, url)
  }
})

t.test('what is wrong with it is told with its line, and never with its value', async (t) => {
  const form = 'is not of the form that is expected here: redis://host:6379'
  const cases: readonly (readonly [redis: string, env: Env, problem: string])[] = [
    ['redis: {}', {}, "6: redis: must have required property 'url'"],
    ['redis: { url: http://canary4711 }', {}, `6: redis.url: ${form}`],
    ['redis: { url: redis:///canary4711 }', {}, `6: redis.url: ${form}`],
    ['redis: { url: "redis://canary4711:70000" }', {}, '6: redis.url: is not a URL'],
    ['redis: { url: "redis://:canary4711@x/y/z" }', {}, `6: redis.url: ${form}`],
    ['redis: { url: "redis://:canary%4@x" }', {}, '6: redis.url: has a user or password that is not percent-encoded'],
    ['redis: { url: "${CANARY}" }', {}, '6: redis.url: the environment variable CANARY is not set'],
    ['redis: { url: redis://x, expectedNodes: 0 }', {}, '6: redis.expectedNodes: must be >= 1'],
    ['redis: { url: redis://x, nodes: 2 }', {}, '6: redis.nodes: unknown key "nodes".'],
    ['', { REDIS_URL: 'canary4711' }, `1: redis.url: ${form}`],
    ['redis: {}', { REDIS_URL: 'canary4711' }, `6: redis.url: ${form}`]
  ]
  for (const [redis, env, problem] of cases) {
    const problems = await problemsOf(t, redis, env)
    t.equal(problems.length, 1, problems.join('\n'))
    t.equal(problems[0]?.slice(0, problem.length), problem)
    t.notMatch(problems.join(), 'canary4711')
  }
})

t.test('outside the sandbox it is reached over TLS, on this machine, or over a network of which it is said why it may be trusted', async (t) => {
  for (const redis of ['redis: { url: rediss://redis.example.it }', 'redis: { url: redis://127.0.0.1 }', 'redis: { url: redis://redis.example.it, plain: a network of our own }']) t.strictSame(await problemsOf(t, redis, {}, 'collaudo'), [], redis)
  t.match(await problemsOf(t, 'redis: { url: redis://redis.example.it }', {}, 'collaudo'), [/^6: redis\.url: must be rediss outside the sandbox, unless it is on this machine; .* plain: <reason>$/])
  t.match(await problemsOf(t, '', { REDIS_URL: 'redis://redis.example.it' }, 'collaudo'), [/^1: redis\.url: must be rediss outside the sandbox/])
})

t.test('its password is neither shown nor in the hash, unless nobody could guess it', async (t) => {
  const shown = async (redis: string, env: Env = {}): Promise<unknown> => ((await load(t, redis, env)).shown as { redis: unknown }).redis
  t.strictSame(await shown('redis: { url: "redis://:canary4711@x", expectedNodes: 3 }'), { url: '[redacted]', expectedNodes: 3 })
  t.strictSame(await shown('redis: { url: "redis://:${CANARY}@x" }', { CANARY: 'canary4711' }), { url: '[redacted]' })
  t.strictSame(await shown('redis: { url: "${CANARY}" }', { CANARY: 'redis://:canary4711@x' }), { url: '${CANARY}' })
  t.strictSame(await shown('', { REDIS_URL: 'redis://:canary4711@x' }), { url: '${REDIS_URL}' })
  const hash = async (url: string): Promise<string> => (await load(t, '', { REDIS_URL: url })).hash
  t.equal(await hash('redis://:canary4711@x'), await hash('redis://:guesswork@x'))
  t.not(await hash('redis://:canary4711@x'), await hash('redis://:canary4711@y'))
  t.not(await hash(`redis://:${secret}@x`), await hash(`redis://:${secret}!@x`))
  t.not(await hash('redis://x'), (await load(t, '')).hash)
})
