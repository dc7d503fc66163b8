import { prepareDay } from './day.ts'
import type { Denial } from './denials.ts'
import { tightest } from './limiter.ts'
import type { LimitState } from './limiter.ts'
import type { Call, Facts, Policy, Ports, Terms } from './policy.ts'
import type { CallsLeft, Quota, QuotaClaim, QuotaKind } from './quota-counters.ts'

/** What becomes of a call beyond a quota: it is only counted, or its caller is warned too, or it is refused. */
export const quotaModes = ['observe', 'warn', 'block'] as const
export type QuotaMode = (typeof quotaModes)[number]

/** The call is counted: `limit` is the tightest of its quotas where the caller is told of them, `over` names those that it is beyond; `undo` takes it back when it is not made after all. */
export interface QuotaFact {
  readonly limit: LimitState | undefined
  readonly over: readonly QuotaKind[]
  readonly undo: () => void
}

type Counted = Pick<Call, 'now'> & Pick<Facts, 'caller' | 'descriptor' | 'purpose'>

/**
 * Proves that there are calls left today (Europe/Rome) of all that the platform declares: `dailyCalls` of the purpose's active version,
 * `dailyCallsPerConsumer` and `dailyCallsTotal` of the e-service version. It is the last policy, so that a call refused for any other reason costs nothing.
 */
export const quota: Policy<'quota', 'caller' | 'descriptor' | 'purpose'> = {
  name: 'quota',
  stage: 'after-body',
  needs: ['caller', 'descriptor', 'purpose'],
  denials: ['quota-exceeded'],
  prepare: ({ quota: counters }, { quotaMode }) => {
    const claimOf = prepareClaim()
    return (call) => {
      const claim = claimOf(call)
      const undo = (): void => { counters.giveBack(claim) }
      const decide = (left: CallsLeft): QuotaFact | Denial => {
        const over = claim.quotas.filter((_, index) => isUsedUp(left, index)).map(({ kind }) => kind)
        if (over.length > 0 && quotaMode === 'block') return refusal(claim, left, call.now)
        return { limit: quotaMode === 'observe' ? undefined : tightestOf(claim, left, 1, call.now), over, undo }
      }
      const left = counters.take(claim, quotaMode !== 'block')
      return left instanceof Promise ? left.then(decide) : decide(left)
    }
  }
}

/** Prepares asking whether a call would get through its quotas, without taking one: for what must not be done in vain before they are taken from. */
export function prepareQuotaLeft ({ quota: counters }: Ports, { quotaMode }: Terms): (call: Counted) => Promise<Denial | undefined> {
  const claimOf = prepareClaim()
  return async (call) => {
    if (quotaMode !== 'block') return undefined
    const claim = claimOf(call)
    const left = await counters.peek(claim)
    return claim.quotas.some((_, index) => isUsedUp(left, index)) ? refusal(claim, left, call.now) : undefined
  }
}

/** Prepares saying that a call will probably take from its quotas. */
export function prepareForesight ({ quota: counters }: Ports): (call: Counted) => void {
  const claimOf = prepareClaim()
  return (call) => { counters.foresee(claimOf(call)) }
}

function prepareClaim (): (call: Counted) => QuotaClaim {
  const dayOf = prepareDay()
  return ({ caller: { eserviceId, consumerId }, descriptor, purpose, now }) => ({
    eserviceId,
    day: dayOf(now),
    quotas: [
      { kind: 'purpose', key: `purpose ${purpose.id}`, limit: purpose.dailyCalls },
      { kind: 'consumer', key: `consumer ${consumerId}`, limit: descriptor.dailyCallsPerConsumer },
      { kind: 'total', key: `total ${descriptor.id}`, limit: descriptor.dailyCallsTotal }
    ]
  })
}

function isUsedUp (left: CallsLeft, index: number): boolean {
  return left[index] as number <= 0
}

const names: Readonly<Record<QuotaKind, string>> = {
  purpose: 'of the purpose',
  consumer: 'of the consumer on this e-service',
  total: 'in total of all consumers on this e-service version'
}

function refusal (claim: QuotaClaim, left: CallsLeft, now: number): Denial {
  const used = claim.quotas.find((_, index) => isUsedUp(left, index)) as Quota
  const limit = tightestOf(claim, left, 0, now)
  const detail = `The quota "${used.kind}" is used up: ${used.limit} calls a day (Europe/Rome) ${names[used.kind]}.`
  return { denial: 'quota-exceeded', check: 'quota', detail, reason: detail, retryAfter: limit?.resetSeconds, limit }
}

/** The quota with the least left after `taken` calls. */
function tightestOf ({ quotas, day }: QuotaClaim, left: CallsLeft, taken: number, now: number): LimitState | undefined {
  const resetSeconds = Math.max(1, Math.ceil((day.endsAt - now) / 1000))
  const states = quotas.map(({ limit }, index) => ({ limit, remaining: Math.max(0, left[index] as number - taken), resetSeconds, exceeded: isUsedUp(left, index) }))
  return states.reduce<LimitState | undefined>((a, b) => tightest(a, b), undefined)
}
