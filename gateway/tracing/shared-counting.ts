import { randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { parseJson } from '../../openapi/json/json.ts'
import { isRecord } from '../../policies/jws.ts'
import { inTime } from '../adapters/deadline.ts'
import { connectRedis, placeOf } from '../adapters/redis-client.ts'
import type { RedisStore } from '../adapters/redis-client.ts'
import type { RedisConfig } from '../redis-config.ts'
import type { DayCounting } from './day-counting.ts'
import { isDayState, tracingFolder } from './tracing-days.ts'
import type { DayState } from './tracing-days.ts'
import { TraceCounts } from './trace-counts.ts'
import type { CountedElsewhere } from './trace-counts.ts'

/** Counts of several machines, of which one at a time merges and files them. */
export interface SharedCounting extends DayCounting {
  /** Tells the others the first day of which there are records here; gives the first one of all. */
  tellFirst (day: string | undefined): Promise<string | undefined>
  /** Takes the right to file for a while, or extends it; false while another machine has it. */
  lock (): Promise<boolean>
  unlock (): Promise<void>
  close (): void
}

/** How long counts and states stay in Redis, in s: a machine that was away for longer is not waited for, and what it counted is merged no more. */
const keptSeconds = { counts: 30 * 24 * 60 * 60, states: 60 * 24 * 60 * 60 }
const lockMs = 15 * 60 * 1000
/** Counts of a day may be some megabytes. */
const answerMs = 10_000
const [zip, unzip] = [promisify(gzip), promisify(gunzip)]

const publishScript = `
redis.call('hset', KEYS[1], ARGV[1] .. ':source', ARGV[2], ARGV[1] .. ':rows', ARGV[3])
redis.call('expire', KEYS[1], ARGV[4])
return 1`
const lockScript = `
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1`
const unlockScript = `if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end return 1`
const firstScript = `
local first = redis.call('get', KEYS[1]) or ''
if ARGV[1] ~= '' and (first == '' or ARGV[1] < first) then
  first = ARGV[1]
  redis.call('set', KEYS[1], first)
end
return first`

/** Opens the counts that machines share for a tenant; `own` are those of this one, whose states are kept beside too. Throws a sentence when Redis cannot be used. */
export async function openSharedCounting ({ url, expectedNodes }: RedisConfig, tenant: string, state: string, own: DayCounting): Promise<SharedCounting> {
  const client = await connectRedis(url, placeOf(url), () => undefined).catch((error: Error) => { throw new Error(`Redis, where counts of several machines are merged, cannot be used: ${error.name}`) })
  const { store } = client
  const node = await nodeOf(state)
  const key = (...names: readonly string[]): string => [`varco:{tracing-${tenant}}`, ...names].join(':')
  const run = async (script: string, keys: string[], ...args: string[]): Promise<unknown> => inTime(store.eval(script, { keys, arguments: args }), answerMs)
  return {
    close: () => { client.close() },
    lock: async () => await run(lockScript, [key('lock')], node, String(lockMs)) === 1,
    unlock: async () => { await run(unlockScript, [key('lock')], node) },
    tellFirst: async (day) => String(await run(firstScript, [key('first')], day ?? '')) || undefined,
    async states () {
      const states = new Map(await own.states())
      for (const known of await readStates(store, key('states'))) {
        const { day } = known
        const mine = states.get(day)
        if (mine && mine.updatedAt >= known.updatedAt) continue
        await own.keep(known)
        states.set(day, known)
      }
      return new Map([...states].toSorted(([left], [right]) => left < right ? -1 : 1))
    },
    async keep (day) {
      await own.keep(day)
      await run(`redis.call('hset', KEYS[1], ARGV[1], ARGV[2]) redis.call('expire', KEYS[1], ARGV[3]) return 1`, [key('states')], day.day, JSON.stringify(day), String(keptSeconds.states))
    },
    async day (day) {
      const mine = await own.day(day)
      const counts = key('counts', day)
      if (await run(`return redis.call('hget', KEYS[1], ARGV[1]) or ''`, [counts], `${node}:source`) !== sourceText(mine.source)) {
        const counted = await mine.count()
        const rows = await zip(JSON.stringify({ rows: [...counted.rows()], unreadable: counted.unreadable }))
        await run(publishScript, [counts], node, sourceText(mine.source), rows.toString('base64'), String(keptSeconds.counts))
      }
      const fields = listOf(await run(`return redis.call('hkeys', KEYS[1])`, [counts]))
      const nodes = fields.flatMap((field) => field.endsWith(':source') ? [field.slice(0, -':source'.length)] : []).toSorted()
      const sources = listOf(await run(`return redis.call('hmget', KEYS[1], unpack(ARGV))`, [counts], ...nodes.map((one) => `${one}:source`)))
      return {
        source: nodes.map((one, index) => `${one} ${sources[index]}`).join('\n'),
        isComplete: nodes.length >= expectedNodes,
        async count () {
          const merged = new TraceCounts()
          for (const one of nodes) merged.merge(await readCounted(await run(`return redis.call('hget', KEYS[1], ARGV[1]) or ''`, [counts], `${one}:rows`)))
          return merged
        }
      }
    }
  }
}

/** A machine that has no records of a day has counted it all the same. */
function sourceText (source: string): string {
  return source === '' ? 'none' : source
}

async function readCounted (packed: unknown): Promise<CountedElsewhere> {
  const parsed = parseJson(await unzip(Buffer.from(String(packed), 'base64')))
  if (!('value' in parsed) || !isRecord(parsed.value) || !Array.isArray(parsed.value['rows'])) throw new Error('the counts of another machine in Redis are not what a gateway wrote')
  return parsed.value as unknown as CountedElsewhere
}

async function readStates (store: RedisStore, key: string): Promise<readonly DayState[]> {
  const values = listOf(await inTime(store.eval(`return redis.call('hvals', KEYS[1])`, { keys: [key], arguments: [] }), answerMs))
  return values.flatMap((text) => {
    const parsed = parseJson(Buffer.from(text))
    return 'value' in parsed && isDayState(parsed.value) ? [parsed.value] : []
  })
}

function listOf (answer: unknown): readonly string[] {
  return Array.isArray(answer) ? answer.map(String) : []
}

/** What names this state folder among those that share a Redis. */
async function nodeOf (state: string): Promise<string> {
  const path = join(tracingFolder(state), 'node')
  const known = await readFile(path, 'utf8').catch(() => '')
  if (known !== '') return known
  const node = randomUUID()
  await mkdir(tracingFolder(state), { recursive: true, mode: 0o700 })
  await writeFile(path, node, { mode: 0o600 })
  return node
}
