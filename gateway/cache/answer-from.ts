import { AnswerHead } from '../answer-head.ts'
import type { Exchange } from '../exchange.ts'
import type { Refuse } from '../refuse.ts'
import type { CacheOutcome } from './figures.ts'
import { isKnownTo } from './stored-answer.ts'
import type { StoredAnswer } from './stored-answer.ts'

/** Adds the fields to the head of an answer that are the gateway's own. */
export type AddOwnFields = (head: AnswerHead, exchange: Exchange) => void

/** How an answer from the cache came to be, as its callers are told (RFC 9211, 2). */
const statuses: Readonly<Record<CacheOutcome, string>> = { hit: 'varco; hit', stale: 'varco; hit; detail=stale', validated: 'varco; fwd=stale', shared: 'varco; fwd=uri-miss; collapsed' }

/** Answers a call with what is stored, or 304 where the caller has it already; `addOwnFields` adds those that are the gateway's own. At `now` (epoch ms). */
export function answerFrom (exchange: Exchange, stored: StoredAnswer, outcome: CacheOutcome, { now, addOwnFields, refuse }: { readonly now: number, readonly addOwnFields: AddOwnFields, readonly refuse: Refuse }): void {
  const { request, response } = exchange
  const isKnown = isKnownTo(request.headers, stored)
  const head = new AnswerHead([...isKnown ? stored.notModified : stored.headers])
  head.add('Age', Math.max(0, Math.floor((now - stored.bornAt) / 1000)))
  head.add('Cache-Status', statuses[outcome])
  addOwnFields(head, exchange)
  const isBodiless = isKnown || request.method === 'HEAD'
  exchange.cache = outcome
  exchange.bytesSent = isBodiless ? 0 : stored.body.length
  const status = isKnown ? 304 : 200
  exchange.recorder.conclude(exchange, status, () => {
    head.write(response, status)
    if (isBodiless) response.end()
    else response.end(stored.text ?? stored.body, 'latin1')
  }, (denial) => {
    exchange.cache = undefined
    refuse(exchange, denial)
  })
}
