import type { IncomingHttpHeaders } from 'node:http'
import { AnswerCheck } from '../answer-check.ts'
import type { AnswerChecks } from '../answer-check.ts'
import type { Exchange } from '../exchange.ts'
import type { Route } from '../route.ts'
import type { Cache } from './cache.ts'
import type { CachedCall } from './cached-operation.ts'
import { fetchFrom } from './fetch.ts'
import type { Fetched } from './fetch.ts'
import { patience } from './flight.ts'
import type { Flight, Landing } from './flight.ts'
import { freshnessOf } from './freshness.ts'
import { conditionsOf, refreshed, toStored } from './stored-answer.ts'
import type { StoredAnswer, WholeAnswer } from './stored-answer.ts'

/** Asks the upstream whether what is stored is still its answer, or for one to store, in the name of a call whose connection it does not hang on. Settles the flight, and gives its place back with `leave`. */
export type Validate = (call: CachedCall, stored: StoredAnswer | undefined, flight: Flight, leave: () => void) => void

/** To so much an answer may unfold that is checked, in bytes. */
const mostUnfolded = 10 * 1024 * 1024

const conditional: ReadonlySet<string> = new Set(['if-none-match', 'if-modified-since'])

/** Prepares validating the answers of an operation. What comes instead of a stored answer is held to the contract before it is stored, as every answer is. */
export function prepareValidation (cache: Cache, { eservice: { config: { name }, upstream } }: Route, checks: AnswerChecks | undefined, parts: Pick<WholeAnswer, 'passed' | 'alsoBy'>): Validate {
  const { store, changes, now } = cache
  const figures = cache.figuresOf(name)
  return (call, stored, flight, leave) => {
    const { exchange, path, query } = call
    const change = changes.now
    const sentAt = now()
    const request = call.request()
    const headers = request.headers.filter((_text, index, all) => !conditional.has(all[index - index % 2] as string))
    if (stored) headers.push(...conditionsOf(stored))
    const isWanted = (status: number, said: IncomingHttpHeaders): boolean => {
      const isOne = (stored !== undefined && status === 304) || freshnessOf(status, said, { sentAt, cameAt: now() }) !== undefined
      // Nobody waits for an upstream that sends it drop by drop.
      if (isOne) flight.limit(patience.body)
      return isOne
    }
    const keep = (answer: StoredAnswer | undefined): Landing => {
      if (!answer || !changes.isSameSince(path, change) || !store.put(answer)) {
        if (stored) store.drop(stored)
        return 'alone'
      }
      return { stored: answer, outcome: 'validated' }
    }
    const land = async (fetched: Fetched): Promise<Landing> => {
      if ('denial' in fetched || fetched.status >= 500) {
        if (stored && now() < stored.errorUntil) return { stored, outcome: 'stale' }
        return 'denial' in fetched ? fetched : 'alone'
      }
      const { status, headers: said, body } = fetched
      const times = { sentAt, cameAt: now() }
      if (status === 304 && stored) return keep(refreshed(stored, said, { ...parts, ...times }))
      if (!body || !await isAsDeclared(checks, exchange, said, body)) return keep(undefined)
      const answer = toStored({ eservice: name, path, query, headers: exchange.request.headers }, { ...parts, ...times, status, said, body })
      if (answer) figures.stores++
      return keep(answer)
    }
    figures.validations++
    fetchFrom(upstream.pool, { request: { ...request, headers }, timeoutMs: upstream.timeoutMs, mostBytes: store.limits.entryBytes, isWanted }, (fetched) => {
      leave()
      void land(fetched).then((landing) => flight.settle(landing), () => flight.settle('alone'))
    })
  }
}

/** Checks an answer as those are checked that go out. What the contract forbids, or what cannot be checked where it must be, is not stored. */
async function isAsDeclared (checks: AnswerChecks | undefined, exchange: Exchange, said: IncomingHttpHeaders, body: Buffer): Promise<boolean> {
  if (!checks) return true
  const check = new AnswerCheck(checks, exchange)
  if (check.head(200, said)) return false
  if (!check.body) return true
  if (check.body.needs === 'whole') {
    const verdict = await check.judge(body, mostUnfolded)
    return 'unchecked' in verdict ? checks.mode !== 'enforce' : verdict.finding === undefined
  }
  const finding = body.length > 0 ? check.body.check(body) : undefined
  if (finding) check.note(finding)
  return finding === undefined
}
