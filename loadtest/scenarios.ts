import { readFileSync } from 'node:fs'
import type { Expected } from './expected.ts'
import type { Compared } from './measure.ts'
import type { Wanted } from './platform.ts'

/** One kind of call, repeated on every connection as soon as the answer is there. */
export interface Scenario extends Compared {
  readonly target: 'upstream' | 'gateway'
  readonly path: string
  readonly voucher: Wanted
  readonly expected: Expected
  /** What the first call of all gets, where that differs: a limit has to be used up before it refuses. */
  readonly first?: Expected
}

const query = 'channel=infoline&measure=tickets'
/** What an admitted call is answered. */
export const figures: Expected = { status: 200, body: readFileSync(new URL('channels.json', import.meta.url), 'utf8') }
export const admittedPath = `/rest/tickets/v1/channels?${query}`

/** What a load test measures. The first is the reference: the request of an admitted call, straight to the upstream. */
export const scenarios: readonly Scenario[] = [
  { name: 'bare upstream', group: 'admitted', target: 'upstream', path: admittedPath, voucher: { purpose: 'tickets' }, expected: figures },
  { name: 'admitted', group: 'admitted', ratioTo: 'bare upstream', target: 'gateway', path: admittedPath, voucher: { purpose: 'tickets' }, expected: figures },
  {
    name: 'refused',
    group: 'refused',
    ratioTo: 'bare upstream',
    target: 'gateway',
    path: admittedPath,
    voucher: { purpose: 'tickets', expiresIn: -60 },
    expected: { status: 401, code: 'voucher-expired' }
  },
  {
    name: 'limited',
    group: 'refused',
    ratioTo: 'bare upstream',
    target: 'gateway',
    path: `/rest/limited/v1/channels?${query}`,
    voucher: { purpose: 'limited' },
    expected: { status: 429, code: 'burst-exceeded' },
    first: figures
  }
]
