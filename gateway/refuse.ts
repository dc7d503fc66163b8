import { hash } from 'node:crypto'
import { problemMediaType } from '../openapi/problem.ts'
import type { Problem } from '../openapi/problem.ts'
import { challengeOf } from '../policies/challenge.ts'
import { denialType } from '../policies/denials.ts'
import type { Denial } from '../policies/denials.ts'
import { tightest } from '../policies/limiter.ts'
import type { AdmittedCall } from '../policies/admission.ts'
import { AnswerHead } from './answer-head.ts'
import { breakOff } from './break-off.ts'
import type { Exchange } from './exchange.ts'
import type { Route } from './route.ts'
import type { Seal } from './seal.ts'

/** Answers a call with its denial as problem+json (RFC 9457) and notes the denial for the record. */
export type Refuse = (exchange: Exchange, denial: Denial) => void

/** Above this an unread body is not waited for: the connection is closed instead. In bytes. */
const worthDraining = 64 * 1024

/** Prepares refusing; `publicUrl` is the base of the `type` URLs. `sealOf` gives what signs the answer to a call, where that is signed. */
export function prepareRefuse (publicUrl: string, sealOf: (exchange: Exchange) => Seal | undefined): Refuse {
  const answered = new WeakSet<Exchange>()
  return (exchange, denial) => {
    const { response } = exchange
    if (response.writableEnded || exchange.isConcluded || answered.has(exchange)) return
    exchange.denial = denial
    if (response.headersSent) return breakOff(exchange.request.socket)
    const challenge = challengeOf(denial.denial, exchange.call)
    const problem = problemOf(denial, exchange.correlationId, publicUrl)
    const { status } = problem
    const body = Buffer.from(JSON.stringify(problem))
    const head = new AnswerHead()
    if (challenge !== undefined) head.add('WWW-Authenticate', challenge)
    if (denial.retryAfter !== undefined) head.add('Retry-After', String(Math.ceil(denial.retryAfter)))
    setLimitHeaders(head, exchange.call, denial.limit)
    setNonce(head, denial.nonce ?? exchange.call.dpop?.nonce)
    setDeprecation(head, exchange.route)
    // Behind a request that could be read in two ways nothing can be trusted to be the next one.
    if (denial.denial === 'malformed-request' || hasUnreadBody(exchange)) response.setHeader('Connection', 'close')
    head.add('Cache-Control', 'no-store')
    head.add('X-Request-ID', exchange.correlationId)
    head.add('Content-Type', problemMediaType)
    head.add('Content-Length', body.length)
    const sent = exchange.request.method === 'HEAD' ? body.subarray(0, 0) : body
    const send = (): void => {
      exchange.bytesSent = sent.length
      exchange.recorder.conclude(exchange, status, () => {
        head.write(response, status)
        response.end(sent)
      }, () => undefined)
    }
    const seal = sealOf(exchange)
    if (!seal) return send()
    answered.add(exchange)
    void sealProblem(exchange, head, seal, status, sent).finally(() => { if (!response.destroyed) send() })
  }
}

// One that cannot be signed is told all the same: it says nothing that anybody would have to prove.
async function sealProblem (exchange: Exchange, head: AnswerHead, seal: Seal, status: number, sent: Buffer): Promise<void> {
  const digest = hash('sha256', sent, 'base64')
  const headers = await seal(exchange, { status, digest, contentType: problemMediaType, contentEncoding: undefined }, sent.length).catch(() => ({}))
  for (const [name, value] of Object.entries(headers)) head.set(name, value)
}

/** The problem document of a denial. */
export function problemOf (denial: Denial, correlationId: string, publicUrl: string): Problem {
  const { title, mend, status } = denialType(denial.denial)
  return {
    type: `${publicUrl}/problems/${denial.denial}`,
    title,
    status: denial.status ?? status,
    detail: denial.detail === undefined ? mend : `${denial.detail} ${mend}`,
    code: denial.denial,
    correlationId,
    ...denial.errors && { errors: denial.errors }
  }
}

/** Tells the caller where it stands with its tightest limit (RAC_ROBUSTEZZA_001), once the client is known. */
export function setLimitHeaders (head: AnswerHead, call: AdmittedCall, state = tightest(call.burst, call.quota?.limit)): void {
  if (!state) return
  head.add('X-RateLimit-Limit', state.limit)
  head.add('X-RateLimit-Remaining', state.remaining)
  head.add('X-RateLimit-Reset', state.resetSeconds)
}

/** Hands out the nonce for the caller's next DPoP proof (RFC 9449, 8.2), where it needs one. */
export function setNonce (head: AnswerHead, nonce: string | undefined): void {
  if (nonce !== undefined) head.set('DPoP-Nonce', nonce)
}

/** Says of an operation that it goes out of use, where it does. A link of the upstream stays beside ours. */
export function setDeprecation (head: AnswerHead, route: Route | undefined): void {
  for (const [name, value] of route?.deprecation ?? []) {
    if (name === 'Link') head.append(name, value)
    else head.set(name, value)
  }
}

function hasUnreadBody ({ request, expectsContinue }: Exchange): boolean {
  if (request.complete) return false
  const length = request.headers['content-length']
  return expectsContinue || request.headers['transfer-encoding'] !== undefined || Number(length ?? 0) > worthDraining
}
