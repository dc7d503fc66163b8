import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { CheckedFileError } from './adapters/checked-file-error.ts'
import { loadConfig } from './config.ts'
import type { Config } from './config.ts'
import { ids } from './harness/platform.ts'
import { redisForOne } from './redis-config.ts'
import { restartOf, startOf } from './restart-settings.ts'

/** Reads a configuration with these members; its first line is theirs. */
async function load (t: Test, members: object, env: Readonly<Record<string, string>> = {}): Promise<Config> {
  const { workers, ...more } = members as { readonly workers?: unknown }
  const content = { pdnd: { environment: 'sandbox' }, publicUrl: 'http://127.0.0.1:8080', registry: 'registry.yaml', producer: ids.producer, ...more, eservices: { things: { contract: 'things.yaml', upstream: { url: 'http://127.0.0.1:8090', secret: 'any' }, eserviceId: ids.eservice, descriptorIds: [ids.descriptor], audience: ['https://api.example.it'] } } }
  const text = `{ "workers": ${JSON.stringify(workers)},\n${JSON.stringify(content).slice(1)}`
  return loadConfig(join(t.testdir({ 'registry.yaml': '', 'things.yaml': '', 'gateway.yaml': workers === undefined ? JSON.stringify(content) : text }), 'gateway.yaml'), env)
}

const redis = { redis: { url: 'redis://127.0.0.1' } }

t.test('as many workers as are written, or as there are processors; none where nothing is said', async (t) => {
  for (const [written, expected] of [[1, 1], ['1', 1], [8, 8], ['128', 128], ['auto', availableParallelism()], [undefined, undefined]] as const) t.equal((await load(t, { workers: written, ...redis })).workers, expected)
})

t.test('every worker has its part of the share of its machine, while Redis is away', async (t) => {
  for (const [members, expected] of [[{}, undefined], [redis, 2], [{ workers: 1, ...redis }, 2], [{ workers: 4, ...redis }, 4], [{ workers: 4, redis: { ...redis.redis, expectedNodes: 3 } }, 12], [{ workers: 'auto', ...redis }, availableParallelism()]] as const) {
    t.equal(redisForOne(await load(t, members))?.expectedNodes, expected, JSON.stringify(members))
  }
})

t.test('several of them need Redis, and what is written must be a number or auto', async (t) => {
  const problemsOf = async (members: object, env?: Readonly<Record<string, string>>): Promise<readonly string[]> => load(t, members, env).then(() => [], (error: unknown) => error instanceof CheckedFileError ? error.problems.map((problem) => problem.replace(/^.*gateway\.yaml:/, '')) : [])
  const alone = '1: workers: 2 workers need redis, or the environment variable REDIS_URL: without it each would count limits, quotas and used proofs for itself'
  t.strictSame(await problemsOf({ workers: 2 }), [alone])
  t.strictSame(await problemsOf({ workers: '2' }), [alone])
  t.strictSame(await problemsOf({ workers: 2 }, { REDIS_URL: 'redis://127.0.0.1' }), [])
  t.strictSame(await problemsOf({ workers: 1 }), [])
  for (const [wrong, message] of [[0, 'must be >= 1'], [129, 'must be <= 128'], [-1, 'must be >= 1'], [1.5, /a number of processes/], ['two', /a number of processes/], ['0', /a number of processes/], ['129', /a number of processes/], [[], 'must be integer,string']] as const) {
    t.match(await problemsOf({ workers: wrong, ...redis }), [message], JSON.stringify(wrong))
  }
})

t.test('how many there are says nothing of what is enforced: two machines have one hash', async (t) => {
  const [one, four] = [await load(t, redis), await load(t, { workers: 1, ...redis })]
  t.equal(one.hash, four.hash)
  t.equal((await load(t, { workers: 3, ...redis })).hash, (await load(t, { workers: 'auto', ...redis })).hash)
})

t.test('a rolling restart brings what the supervisor does not hold', async (t) => {
  const before = await load(t, { workers: 2, ...redis })
  const after = await load(t, { workers: 3, ...redis, watch: true, pdnd: { environment: 'sandbox', issuer: 'other.test' }, listeners: { operations: { port: 9 } } })
  t.strictSame(restartOf(before, after), ['listeners.operations.port', 'watch', 'workers', 'pdnd'])
  t.strictSame(startOf(before, after), ['listeners.operations.port', 'watch', 'workers'])
})
