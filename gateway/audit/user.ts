import { evidenceValues } from '../../policies/evidence-token.ts'
import { readJws } from '../../policies/jws.ts'
import type { Exchange } from '../exchange.ts'
import type { Pseudonyms } from './pseudonyms.ts'

/** Prepares telling, by a pseudonym, which user of the consumer a call was made for: the `userID` of its tracking evidence (AUDIT_REST_01 and 02). Undefined where none was demanded and proved, or it names nobody. */
export function prepareUser (pseudonyms: Pick<Pseudonyms, 'of'>): (exchange: Pick<Exchange, 'call'>) => string | undefined {
  return ({ call: { evidence, caller, rawHeaders } }) => {
    if (!evidence || !caller) return undefined
    // Verified by now, and the only one of its kind.
    const token = readJws(evidenceValues(rawHeaders)[0] ?? '')
    const user = typeof token === 'string' ? undefined : token.claims['userID']
    return typeof user === 'string' || typeof user === 'number' ? pseudonyms.of(caller.consumerId, String(user)) : undefined
  }
}
