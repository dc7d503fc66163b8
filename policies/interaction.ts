import type { CallerFact } from './caller.ts'
import { firstFailure, shown, shownTime } from './check.ts'
import type { Check } from './check.ts'
import { maxLifetimeSeconds } from './claim.ts'
import type { AsyncScope } from './demands.ts'
import { isDenial } from './denials.ts'
import type { Denial, DenialCode } from './denials.ts'
import type { FoundInteraction, Interaction } from './interactions.ts'
import type { Call, Facts, Policy, Ports } from './policy.ts'
import type { AsyncExchangeProperties, Registry } from './registry.ts'
import type { CallExchange } from './voucher.ts'

/** The step of an asynchronous exchange that the call is; null where the operation is none. */
export type InteractionFact = { readonly interactionId: string, readonly scope: AsyncScope } | null

/** What a step is held against. `known` is what is known of the interaction, `now` in epoch ms. */
export interface InteractionSubject {
  readonly caller: Pick<CallerFact, 'clientId' | 'consumerId' | 'eserviceId' | 'descriptorId'>
  /** The scope of the voucher, and the one that the operation takes. */
  readonly scope: AsyncScope | undefined
  readonly demanded: AsyncScope | undefined
  readonly properties: AsyncExchangeProperties | undefined
  readonly known: Interaction | undefined
  readonly now: number
}

/**
 * What may come before each step. The producer's gateway sees no callback, which goes from the e-service to the consumer; that it came first
 * is known by the voucher, which the platform issues only then. The consumer's gateway sees nothing else.
 */
const allowedFrom: Readonly<Record<AsyncScope, readonly (AsyncScope | undefined)[]>> = {
  start_interaction: [undefined],
  callback_invocation: [undefined, 'start_interaction'],
  get_resource: ['start_interaction', 'callback_invocation', 'get_resource'],
  confirmation: ['get_resource']
}

/** Whether the interaction is the caller's to go on with; a callback is the producer's, for the consumer that started. */
function isOwn ({ scope, caller, known }: InteractionSubject): boolean {
  if (scope === 'start_interaction') return true
  if (!known) return scope === 'callback_invocation'
  const same = known.consumerId === caller.consumerId && known.eserviceId === caller.eserviceId && known.descriptorId === caller.descriptorId
  return same && (scope === 'callback_invocation' || known.clientId === caller.clientId)
}

/** The end of the time in which a step is taken, in epoch ms: the callback in time for the start, everything else while the resource is kept. */
function deadlineOf ({ scope, known, properties }: InteractionSubject): number {
  if (!known || !properties) return Infinity
  return known.startedAt + (properties.responseTime + (scope === 'callback_invocation' ? 0 : properties.resourceAvailableTime)) * 1000
}

const time = (ms: number): string => shownTime(Math.floor(ms / 1000))

/** Whether voucher, operation and e-service version agree on an asynchronous exchange: what needs no memory. */
export const scopeChecks: readonly Check<Pick<InteractionSubject, 'scope' | 'demanded' | 'properties'>>[] = [
  { name: 'scope', code: 'scope-mismatch', holds: ({ scope, demanded }) => scope === demanded, expected: ({ demanded }) => demanded ? shown(demanded) : 'a voucher without scope', got: ({ scope }) => shown(scope) },
  {
    name: 'asynchronous exchange',
    code: 'async-exchange-not-enabled',
    holds: ({ scope, properties }) => scope === undefined || (properties !== undefined && (scope !== 'confirmation' || properties.confirmation)),
    expected: ({ scope }) => scope === undefined ? 'nothing' : `an e-service version that offers ${scope}`,
    got: ({ properties }) => !properties ? 'one without asynchronous exchange' : properties.confirmation ? 'such a version' : 'one without confirmation'
  }
]

/** What a step of an asynchronous exchange must be, in order (PDND). Who is not its owner is told no more than that it is not known. */
export const interactionChecks: readonly Check<InteractionSubject>[] = [
  { name: 'interaction', code: 'interaction-unknown', holds: isOwn, expected: () => 'an interaction that this client started on this e-service version', got: (subject) => isOwn(subject) ? 'such an interaction' : 'none' },
  {
    name: 'interaction state',
    code: 'interaction-state-mismatch',
    holds: ({ scope, known }) => scope === undefined || allowedFrom[scope].includes(known?.state),
    expected: ({ scope }) => scope === undefined ? 'nothing' : allowedFrom[scope].map((state) => state ?? 'nothing').join(' or '),
    got: ({ known }) => known?.state ?? 'nothing'
  },
  { name: 'interaction time', code: 'interaction-expired', holds: (subject) => subject.now < deadlineOf(subject), expected: (subject) => Number.isFinite(deadlineOf(subject)) ? `before ${time(deadlineOf(subject))}` : 'any time', got: ({ now }) => time(now) }
]

/** Every way in which a step can be refused, when it is looked at first and when it is taken. */
export const transitionDenials: readonly DenialCode[] = ['interactions-unavailable', ...interactionChecks.map((check) => check.code)]

/** Proves that the call is the step of an asynchronous exchange that its operation stands for, and that it may be taken now; the policy `transition` takes it. */
export const interaction: Policy<'interaction', 'caller' | 'purpose'> = {
  name: 'interaction',
  stage: 'before-body',
  needs: ['caller', 'purpose'],
  denials: [...scopeChecks.map((check) => check.code), ...transitionDenials],
  prepare: (ports) => (call) => {
    const { caller, demands } = call
    const { exchange } = caller
    if (!exchange && demands.scope === undefined) return null
    const mismatch = firstFailure(scopeChecks, { scope: exchange?.scope, demanded: demands.scope, properties: propertiesOf(ports.registry(), caller) })
    if (mismatch) return mismatch
    const { interactionId, scope } = exchange as CallExchange
    const decide = (judged: Transition | Denial): InteractionFact | Denial => isDenial(judged) ? judged : { interactionId, scope }
    const judged = judgeTransition(call, ports, interactionId)
    return judged instanceof Promise ? judged.then(decide) : decide(judged)
  }
}

/** A step that may be taken: what it finds, and what it leaves. */
export interface Transition { readonly known: Interaction | undefined, readonly next: Interaction }

export const transitionUnavailable: Denial = { denial: 'interactions-unavailable', check: 'interaction', reason: 'what is known of the interaction cannot be read or kept now', retryAfter: 5 }

/** The transition that a call would be at this moment, or why it may not be. */
export function judgeTransition (call: Call & Pick<Facts, 'caller'>, ports: Pick<Ports, 'registry' | 'interactions'>, id: string): Transition | Denial | Promise<Transition | Denial> {
  const { caller, demands, now } = call
  const decide = (known: FoundInteraction): Transition | Denial => {
    if (known === 'unavailable') return transitionUnavailable
    const subject: InteractionSubject = { caller, scope: caller.exchange?.scope, demanded: demands.scope, properties: propertiesOf(ports.registry(), caller), known, now }
    return firstFailure(interactionChecks, subject) ?? { known, next: afterwards(subject, id) }
  }
  const found = ports.interactions.find(id, now, (caller.exchange?.issuedAt ?? 0) * 1000)
  return found instanceof Promise ? found.then(decide) : decide(found)
}

function afterwards ({ caller, scope, known, properties, now }: InteractionSubject, id: string): Interaction {
  const state = scope as AsyncScope
  if (known) return { ...known, state }
  const { clientId, consumerId, eserviceId, descriptorId } = caller
  const seconds = (properties?.responseTime ?? 0) + (properties?.resourceAvailableTime ?? 0) + maxLifetimeSeconds
  return { id, clientId, consumerId, eserviceId, descriptorId, state, startedAt: now, forgetAt: now + seconds * 1000 }
}

/** How the version that a voucher is for is called asynchronously, if it is. */
export function propertiesOf (registry: Registry, { eserviceId, descriptorId }: Pick<CallerFact, 'eserviceId' | 'descriptorId'>): AsyncExchangeProperties | undefined {
  return registry.eservice(eserviceId)?.descriptors.find(({ id }) => id === descriptorId)?.asyncExchangeProperties
}
