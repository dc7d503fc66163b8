import { randomUUID } from 'node:crypto'
import type { FoundInteraction, Interaction, Replacement } from '../../policies/interactions.ts'
import type { InteractionsJournal, KeptInteractions } from './interactions-file.ts'
import { rankOf } from './interactions-memory.ts'
import type { RedisStore } from './redis-client.ts'
import type { RedisConnection } from './redis-connection.ts'
import { inTime } from './deadline.ts'
import { generationKey, generationScript, replayTag, surelyAfterMs } from './redis-generation.ts'

/** In this time from the beginning of a generation every gateway tells Redis again what it did, in ms. */
const restoringMs = 5000
/** How many are restored at a time, while Redis does nothing else, and how long that may take, in ms. */
const restoredAtOnce = 500
const answerMs = 75

/** What is held of an interaction: which step put it there, its rank, its beginning and its end (epoch ms), and the interaction as JSON. One that is over is as good as none. */
const readScript = `
local function read (key, now)
  local version, rank, started, over = string.match(redis.call('get', key) or '', '^(%S+) (%d+) (%d+) (%d+) ')
  if not version or tonumber(over) <= tonumber(now) then return '', -1, -1 end
  return version, tonumber(rank), tonumber(started)
end`

const findScript = `${generationScript}
return { since, redis.call('get', KEYS[2]) }`

const replaceScript = `${generationScript}${readScript}
if tonumber(ARGV[1]) < tonumber(since) + ${restoringMs} then return 'unavailable' end
local version = read(KEYS[2], ARGV[2])
if version ~= ARGV[3] then return 'changed' end
redis.call('set', KEYS[2], ARGV[4], 'PX', ARGV[5])
return 'done'`

const takeBackScript = `
if string.match(redis.call('get', KEYS[1]) or '', '^(%S+) ') ~= ARGV[1] then return 'changed' end
if ARGV[2] == '' then redis.call('del', KEYS[1]) else redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 'done'`

const restoreScript = `${readScript}
for i, key in ipairs(KEYS) do
  local text, px = ARGV[2 * i], ARGV[2 * i + 1]
  local _, rank, started = string.match(text, '^(%S+) (%d+) (%d+) ')
  local _, heldRank, heldStarted = read(key, ARGV[1])
  rank, started = tonumber(rank), tonumber(started)
  if heldRank < rank or (heldRank == rank and heldStarted < started) then redis.call('set', key, text, 'PX', px) end
end
return #KEYS`

/** What Redis may have to be told: the journal of this process, and what others did that share its state folder; `now` in epoch ms. */
export interface RedisInteractionsOptions {
  readonly journal: InteractionsJournal
  readonly others: () => Promise<readonly Interaction[]>
  readonly now: () => number
}

interface Step { readonly known: Interaction | undefined, readonly next: Interaction }

/**
 * Interactions in Redis, for all gateways together. While Redis is away nothing can be decided. What a gateway did is in its journal too, before it counts, and Redis is
 * told again what it has forgotten; a later state is never replaced by an earlier one. Until everybody has had the time for that, and where a voucher could have been
 * used before Redis forgot, what is not known is `unavailable`.
 */
export class RedisInteractions implements KeptInteractions {
  readonly #redis: RedisConnection
  readonly #options: RedisInteractionsOptions
  /** By which step what was found, or put there, is held: the same state twice is not the same step. */
  readonly #versions = new WeakMap<Interaction, string>()
  /** Steps that may have been taken although nobody was told so, and are to be taken back. */
  #unsure: Step[] = []

  constructor (redis: RedisConnection, options: RedisInteractionsOptions) {
    this.#redis = redis
    this.#options = options
  }

  async find (id: string, now: number, issuedAt: number): Promise<FoundInteraction> {
    const answer = await this.#redis.run(async (store) => store.eval(findScript, { keys: [generationKey, keyOf(id)], arguments: [String(this.#options.now())] })) as readonly [string, string | null] | undefined
    if (!answer) return 'unavailable'
    const [since, text] = answer
    if (this.#options.now() < Number(since) + restoringMs) return 'unavailable'
    if (text !== null) return this.#read(text, now)
    return issuedAt <= Number(since) + surelyAfterMs ? 'unavailable' : undefined
  }

  async replace (known: Interaction | undefined, next: Interaction, now: number): Promise<Replacement> {
    const version = known && this.#versions.get(known)
    if (known && version === undefined) return 'changed'
    const { journal } = this.#options
    if (!known && !journal.memory.hasRoom(now)) return 'unavailable'
    const [text, px] = this.#write(next)
    const replacement = await this.#redis.run(async (store) => store.eval(replaceScript, { keys: [generationKey, keyOf(next.id)], arguments: [String(this.#options.now()), String(now), version ?? '', text, px] })) as Replacement | undefined
    if (replacement === undefined) this.#unsure.push({ known, next })
    // What a repeated step leaves is in a journal already.
    if (replacement !== 'done' || known?.state === next.state) return replacement ?? 'unavailable'
    journal.memory.load(next)
    if (await journal.append(next)) return 'done'
    this.restore(known, next)
    return 'unavailable'
  }

  restore (known: Interaction | undefined, next: Interaction): void {
    void this.#undo({ known, next })
  }

  /** Tells Redis what it may have forgotten. Rejects when it does not answer, each time in 75 ms. */
  async tell (store: RedisStore): Promise<void> {
    const { journal, others, now } = this.#options
    const unsure = this.#unsure
    this.#unsure = []
    try {
      while (unsure[0]) {
        await inTime(this.#takeBack(store, unsure[0]), answerMs)
        unsure.shift()
      }
    } catch (error) {
      this.#unsure.unshift(...unsure)
      throw error
    }
    const live = [...journal.memory, ...await others()].filter(({ forgetAt }) => forgetAt > now())
    for (let from = 0; from < live.length; from += restoredAtOnce) {
      const some = live.slice(from, from + restoredAtOnce)
      await inTime(store.eval(restoreScript, { keys: some.map(({ id }) => keyOf(id)), arguments: [String(now()), ...some.flatMap((one) => this.#write(one))] }), answerMs)
    }
  }

  async close (): Promise<void> {
    await this.#options.journal.close()
  }

  async #undo (step: Step): Promise<void> {
    if (await this.#redis.run(async (store) => this.#takeBack(store, step)) === undefined) this.#unsure.push(step)
  }

  async #takeBack (store: RedisStore, { known, next }: Step): Promise<'done' | 'changed'> {
    const version = this.#versions.get(next) ?? ''
    const done = await store.eval(takeBackScript, { keys: [keyOf(next.id)], arguments: [version, ...known ? this.#write(known) : ['', '']] }) as 'done' | 'changed'
    if (done === 'done' && known?.state !== next.state) {
      this.#options.journal.memory.load(known ?? { id: next.id })
      void this.#options.journal.append(known ?? { id: next.id })
    }
    return done
  }

  #write (interaction: Interaction): readonly [text: string, px: string] {
    const version = this.#versions.get(interaction) ?? randomUUID()
    this.#versions.set(interaction, version)
    const { startedAt, forgetAt } = interaction
    return [`${version} ${rankOf(interaction)} ${startedAt} ${forgetAt} ${JSON.stringify(interaction)}`, String(Math.max(1, Math.ceil(forgetAt - this.#options.now())))]
  }

  #read (text: string, now: number): Interaction | undefined {
    const [, version = '', json = ''] = /^(\S+) \d+ \d+ \d+ (.*)$/s.exec(text) ?? []
    const interaction = JSON.parse(json) as Interaction
    this.#versions.set(interaction, version)
    return now < interaction.forgetAt ? interaction : undefined
  }
}

// In a cluster what is inside of the braces decides where a key lies: an interaction and the generation must lie together.
function keyOf (id: string): string {
  return `varco:${replayTag}:interaction ${id}`
}
