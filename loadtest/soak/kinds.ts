import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { describeAnswer, isExpected } from '../expected.ts'
import type { Expected } from '../expected.ts'
import type { Platform } from '../platform.ts'
import { bodies, note } from './answers.ts'
import type { Answer, Call } from './caller.ts'

/** A kind of call: how often it is made against the others, the call, and whether what came back is what has to come back. */
export interface Kind {
  readonly name: string
  readonly weight: number
  readonly make: (vouchers: Vouchers) => Call | Promise<Call>
  readonly isRight: (answer: Answer) => boolean
}

/** Vouchers: those that are used again, and how to get one that no gateway has seen. */
export interface Vouchers { readonly good: string, readonly limited: string, readonly expired: string, readonly elsewhere: string, readonly purposeless: string, readonly fresh: () => Promise<string> }

/** Mints them. */
export async function mintVouchers ({ mint }: Platform): Promise<Vouchers> {
  const purpose = 'tickets'
  return {
    good: await mint({ purpose }),
    limited: await mint({ purpose: 'limited' }),
    expired: await mint({ purpose, expiresIn: -60 }),
    elsewhere: await mint({ purpose, claims: { aud: 'https://elsewhere.example.it/rest/v1' } }),
    purposeless: await mint({ purpose, claims: { purposeId: randomUUID() } }),
    fresh: async () => mint({ purpose })
  }
}

const root = '/rest/tickets/v1'
const bearer = (voucher: string): Record<string, string> => ({ authorization: `Bearer ${voucher}` })
const get = (path: string, voucher: string | undefined, rest: Partial<Call> = {}): Call => ({ method: 'GET', path: root + path, headers: voucher === undefined ? {} : bearer(voucher), manner: 'whole', ...rest })
const post = (body: string, voucher: string, rest: Partial<Call> = {}): Call => get('/notes', voucher, { method: 'POST', body, headers: { ...bearer(voucher), 'content-type': 'application/json' }, ...rest })
/** The usual call, each time with another query. */
const usual = (): string => `/answers/usual?number=${randomInt(1, 1e9)}`

/** The same voucher with a signature that is none. */
function forge (voucher: string): string {
  return voucher.slice(0, voucher.lastIndexOf('.') + 1) + randomBytes(256).toString('base64url')
}

type Make = Kind['make']
const answered = (expected: Expected) => ({ whole, status, body }: Answer): boolean => whole && isExpected(expected, status, body)
const admitted = (name: string, weight: number, make: Make, body: string, status = 200): Kind => ({ name, weight, make, isRight: answered({ status, body }) })
const refused = (name: string, weight: number, status: number, make: Make): Kind => ({ name, weight, make, isRight: answered({ status, code: name }) })
/** Who goes away gets nothing, or else what all others get. */
const left = (name: string, weight: number, make: Make, body: string, status = 200): Kind => ({ name, weight, make, isRight: (answer) => answer.whole ? answered({ status, body })(answer) : answer.body === 'left' })

/** A call of which one is admitted in a day: whoever wants all to be refused makes it once before. */
export const limitedCall = ({ limited }: Vouchers): Call => get('', limited, { path: '/rest/limited/v1/answers/usual' })

/** What Content-Length says of a body that is never sent. */
const tooLong = 5_000_000

/** What calls of any kind may be answered on a machine that is too busy with other work: right, and told by itself. */
export const shed = 'overloaded'
export const isShed = answered({ status: 503, code: shed })

/** The kind whose times are told. */
export const timed = 'admitted'

/** Everything that is called during a soak. */
export const kinds: readonly Kind[] = [
  admitted(timed, 50, ({ good }) => get(usual(), good), bodies.usual),
  admitted('unseen voucher', 2, async ({ fresh }) => get(usual(), await fresh()), bodies.usual),
  admitted('POST', 8, ({ good }) => post(note, good), note, 201),
  admitted('large answer', 4, ({ good }) => get('/answers/large', good), bodies.large),
  admitted('slow upstream', 3, ({ good }) => get('/answers/slow', good), bodies.slow),
  admitted('slow reader', 1, ({ good }) => get('/answers/huge', good, { manner: 'reads-slowly' }), bodies.huge),
  refused('voucher-missing', 3, 401, () => get(usual(), undefined)),
  refused('voucher-malformed', 3, 401, () => get(usual(), randomBytes(randomInt(1, 600)).toString('base64url'))),
  refused('voucher-unverifiable', 3, 401, ({ good }) => get(usual(), forge(good))),
  refused('voucher-expired', 3, 401, ({ expired }) => get(usual(), expired)),
  refused('voucher-audience-mismatch', 2, 401, ({ elsewhere }) => get(usual(), elsewhere)),
  refused('purpose-unknown', 2, 403, ({ purposeless }) => get(usual(), purposeless)),
  refused('burst-exceeded', 4, 429, limitedCall),
  refused('route-not-found', 3, 404, ({ good }) => get(`/${randomUUID()}`, good)),
  refused('method-not-allowed', 2, 405, ({ good }) => get('/notes', good, { method: 'DELETE' })),
  refused('invalid-parameter', 3, 400, ({ good }) => get(`/answers/${randomUUID()}`, good)),
  refused('invalid-body', 4, 400, ({ good }) => post(randomInt(2) === 0 ? note.replace('title', randomUUID()) : note.slice(0, -1), good)),
  refused('unsupported-media-type', 2, 415, ({ good }) => post(note, good, { headers: { ...bearer(good), 'content-type': `text/x-${randomUUID()}` } })),
  refused('content-too-large', 2, 413, ({ good }) => get('/notes', good, { method: 'POST', headers: { ...bearer(good), 'content-type': 'application/json' }, length: tooLong })),
  left('leaves while it sends', 2, ({ good }) => post(note, good, { manner: 'leaves-sending' }), note, 201),
  left('leaves while it waits', 2, ({ good }) => get('/answers/slow', good, { manner: 'leaves-waiting' }), bodies.slow),
  left('leaves while it reads', 2, ({ good }) => get('/answers/huge', good, { manner: 'leaves-reading' }), bodies.huge),
  refused('upstream-timeout', 0.1, 504, ({ good }) => get('/answers/late', good)),
  refused('upstream-invalid', 1, 502, ({ good }) => get('/answers/failed', good)),
  refused('upstream-unreachable', 1, 502, ({ good }) => get('/answers/reset', good)),
  // What was promised and broke off must not look whole; where nothing of it had gone out yet it is a refusal.
  { name: 'upstream breaks off', weight: 1, make: ({ good }) => get('/answers/broken', good), isRight: (answer) => answer.whole ? answered({ status: 502, code: 'upstream-unreachable' })(answer) : answer.status === 200 }
]

const total = kinds.reduce((sum, { weight }) => sum + weight, 0)

/** One of them; `chance` is from 0 (inclusive) to 1. */
export function choose (chance: number): Kind {
  let rest = chance * total
  return kinds.find(({ weight }) => (rest -= weight) < 0) ?? kinds[0] as Kind
}

/** Says what came instead of what should have. */
export function describe ({ name }: Kind, { whole, status, body }: Answer): string {
  return `${name}: ${whole ? describeAnswer(status, body) : status === 0 ? `no answer: ${body}` : `${status}, broken off: ${body}`}`
}
