import type { JWK } from 'jose'
import { findKeyFault, importKey, thumbprintOf } from '../../policies/jwk.ts'
import type { Jwk } from '../../policies/jwk.ts'
import type { DepositedKey, DepositedKeys, KeyHolder } from './deposited-keys.ts'
import type { EventLog, PlatformEvent } from './event-log.ts'
import { isProblem, sandboxProblem } from './problem.ts'
import type { Problem } from './problem.ts'

/** A public key as its holder deposits it. */
export type GivenKey = Jwk & { readonly kid?: string, readonly alg?: string, readonly use?: 'sig' | 'enc' }

/** What a key is deposited into or withdrawn from. */
export interface DepositContext { readonly deposits: DepositedKeys, readonly events: EventLog }

/** How many keys one holder may have on the platform. */
const mostKeys = { client: 100, keychain: 30 } as const

const channels = { client: 'keyEvents', keychain: 'producerKeyEvents' } as const
const added = { client: 'CLIENT_KEY_ADDED', keychain: 'PRODUCER_KEYCHAIN_KEY_ADDED' } as const
const deleted = { client: 'CLIENT_KEY_DELETED', keychain: 'PRODUCER_KEYCHAIN_KEY_DELETED' } as const

/** A key that was deposited or withdrawn: its holder's id, its kid, the event that tells it. */
export interface KeyChange { readonly kid: string, readonly event: PlatformEvent, readonly jwk?: JWK }

/**
 * Deposits a public key by the platform's rules: RSA of 2048 bits or more, public, held by nobody yet. Its `alg` is whatever the
 * depositor says, as on the platform: nobody may choose an algorithm by it.
 */
export function depositKey ({ deposits, events }: DepositContext, holder: KeyHolder, given: GivenKey): KeyChange | Problem {
  const key = readKey(holder, given)
  if (isProblem(key)) return key
  const { kid, jwk } = key
  if (deposits.find(kid)) return sandboxProblem(409, 'Key already there', `the key ${kid} is deposited already: every key has one holder`)
  if (deposits.heldBy(holder).length >= mostKeys[holder.kind]) {
    return sandboxProblem(409, 'Too many keys', `a ${holder.kind} has at most ${mostKeys[holder.kind]} keys: delete one first`)
  }
  deposits.add(key)
  return { kid, jwk, event: emit(events, holder, kid, added[holder.kind]) }
}

/** Withdraws a key: the platform does not know it any more. */
export function withdrawKey ({ deposits, events }: DepositContext, holder: KeyHolder, kid: string): KeyChange | Problem {
  if (!deposits.heldBy(holder).some((key) => key.kid === kid)) {
    return sandboxProblem(404, 'Not found', `the ${holder.kind} has no key with the kid "${kid}"`)
  }
  deposits.remove(kid)
  return { kid, event: emit(events, holder, kid, deleted[holder.kind]) }
}

/** The member under which the platform names the holder of a key. */
export function holderId ({ kind, id }: KeyHolder): Readonly<Record<`${string}Id`, string>> {
  return kind === 'client' ? { clientId: id } : { producerKeychainId: id }
}

function emit (events: EventLog, holder: KeyHolder, kid: string, eventType: string): PlatformEvent {
  return events.emit(channels[holder.kind], { eventType, subject: { kid, ...holderId(holder) } })
}

function readKey (holder: KeyHolder, given: GivenKey): DepositedKey | Problem {
  const fault = findKeyFault({ ...given, alg: 'RS256', use: 'sig' }, 'RS256')
  if (fault !== undefined) return badKey(`it is ${fault}; the platform takes public RSA keys of 2048 bits or more`)
  const publicKey = importKey(given)
  if (publicKey === undefined) return badKey('its numbers are no key')
  const kid = thumbprintOf(given)
  if ((given.kid ?? kid) !== kid) return badKey(`its kid must be its RFC 7638 thumbprint, ${kid}, or be left out`)
  const { kty, n, e, use = 'sig', alg = 'RS256' } = given as GivenKey & { readonly kty: string, readonly n: string, readonly e: string }
  return { kid, holder, publicKey, jwk: { kty, n, e, kid, use, alg } }
}

function badKey (detail: string): Problem {
  return sandboxProblem(400, 'No such key can be deposited', detail)
}
