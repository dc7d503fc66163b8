import { decodeJwt, decodeProtectedHeader } from 'jose'
import { JWTInvalid } from 'jose/errors'
import { shown } from './error-codes.ts'

/** The members of a JSON object of which nothing is known yet. */
export type Members = Readonly<Record<string, unknown>>

/** A JWT as read from its compact form, before anything of it is trusted. */
export interface DecodedJws { readonly header: Members, readonly payload: Members }

/** Why a compact form cannot be read: it is no JWT, or something else is wrong with it. */
export interface Undecodable { readonly fault: 'format' | 'other', readonly detail?: string }

/** The members that are accepted, each with the test that its value must pass. */
export type Accepted = Readonly<Record<string, (value: unknown) => boolean>>

/** Deeper claims have no use and would exhaust the stack of whoever writes them out again. */
const deepestNesting = 16

/** Header and payload of a compact JWS, or why it cannot be read. Nothing is verified. */
export function decodeCompact (compact: string): DecodedJws | Undecodable {
  try {
    const decoded = { payload: decodeJwt(compact), header: { ...decodeProtectedHeader(compact) } }
    if (isShallow(decoded, deepestNesting)) return decoded
    return { fault: 'other', detail: `nested deeper than ${deepestNesting} levels` }
  } catch (error) {
    return { fault: error instanceof JWTInvalid ? 'format' : 'other' }
  }
}

function isShallow (value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((member) => isShallow(member, levels - 1))
}

/** What strict rules have against the members of an object, or undefined; names are quoted, values never. */
export function unacceptable (part: string, members: Members, accepted: Accepted): string | undefined {
  const wrong = Object.entries(members).flatMap(([name, value]) => {
    if (!Object.hasOwn(accepted, name)) return [`${shown(name)} is not accepted: leave it out`]
    return accepted[name]!(value) ? [] : [`${name} has the wrong type`]
  })
  return wrong.length > 0 ? `${part}: ${wrong.slice(0, 10).join('; ')}` : undefined
}

/** Tests for `Accepted`; the last is for members with a check of their own. */
export const isString = (value: unknown): boolean => typeof value === 'string'
export const isNumber = (value: unknown): boolean => typeof value === 'number'
export const isAnything = (): boolean => true
