import { aheadSeconds } from '../../policies/claim.ts'
import type { RedisStore } from './redis-client.ts'

/**
 * A generation is the time over which a server of Redis has lost nothing. It ends when its keys are gone, and when another process answers in its
 * place: one that was started again may have read an old copy from its disk, one that took over may lack what came last. The key holds the
 * process (run_id) and since when it counts (epoch ms by the clock of the gateway that saw it first).
 *
 * Lua, to be put in front of a script whose first key is `generationKey` and whose first argument is the time: afterwards `since` is when the
 * generation began. A server that may throw keys away when its memory is full is not used: it would forget in the middle of a generation.
 */
export const generationScript = `
local function told (section, pattern)
  local info = redis.pcall('info', section)
  return type(info) == 'string' and string.match(info, pattern) or ''
end
local process = told('server', 'run_id:(%x+)')
local known, since = string.match(redis.call('get', KEYS[1]) or '', '^(%x*) (%d+)$')
if known ~= process then
  since = ARGV[1]
  redis.call('set', KEYS[1], process .. ' ' .. since)
end
`

/** By how much the clocks of gateways may differ, in ms. */
const clocksMs = 1000

/** What says that it was issued so many ms after the beginning of a generation, or later, was issued in it: clocks of callers may be ahead by 5 s, those of gateways by one. */
export const surelyAfterMs = aheadSeconds * 1000 + clocksMs

/** Where the generation is kept; what depends on it has keys with the same tag, so that a cluster keeps them together. */
export const replayTag = '{replay}'
export const generationKey = `varco:${replayTag}-generation`

const touchScript = `${generationScript}
if told('memory', 'maxmemory:(%d+)') ~= '0' and told('memory', 'maxmemory_policy:(%w+)') ~= 'noeviction' then return 'evicts' end
return since`

/** Makes sure that a generation has begun, and gives when (epoch ms), or `evicts` when the server may throw keys away. */
export async function touchGeneration (store: RedisStore, nowMs: number): Promise<number | 'evicts'> {
  const since = await store.eval(touchScript, { keys: [generationKey], arguments: [String(nowMs)] })
  return since === 'evicts' ? since : Number(since)
}
