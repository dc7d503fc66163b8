import { firstFailure } from '../../policies/check.ts'
import type { Check } from '../../policies/check.ts'
import { aheadSeconds, isTime, maxLifetimeSeconds } from '../../policies/claim.ts'
import { digestChecks, readDigests } from '../../policies/digest.ts'
import type { DigestSubject } from '../../policies/digest.ts'
import { readJws, steeringMembers, verifyJws } from '../../policies/jws.ts'
import type { Jws } from '../../policies/jws.ts'
import type { Keys } from '../../policies/keys.ts'
import { signedHeadersChecks } from '../../policies/signed-headers.ts'
import type { SignedHeadersSubject } from '../../policies/signed-headers.ts'
import type { PlatformAnswer } from './platform-connection.ts'

/** By what the signature of an answer is judged; `now` in epoch ms. */
export interface AnswerSigner { readonly keys: Keys, readonly issuer: string, readonly now: () => number }

const contentChecks: readonly Check<DigestSubject & SignedHeadersSubject>[] = [...digestChecks, ...signedHeadersChecks]

/**
 * What keeps an answer of the interop API v3 from being the platform's, or undefined. The platform signs every answer (INTEGRITY_REST_02 in
 * its own variant: `typ` at+jwt as of its vouchers, `iss` the platform, no `aud`): the digest of the bytes, and with it the headers that
 * say how they are to be read. Never throws, never repeats what was received.
 */
export async function findSignatureFault (answer: PlatformAnswer, { keys, issuer, now }: AnswerSigner): Promise<string | undefined> {
  const token = single(answer, 'agid-jwt-signature')
  if (token === undefined) return 'the answer is not signed'
  const read = readJws(token)
  if (typeof read === 'string') return `its signature cannot be read: ${read}`
  const fault = findHeaderFault(read)
  if (fault !== undefined) return fault
  const found = await keys.find(String(read.header['kid']))
  if (typeof found === 'string') return `the platform's key that its signature names is ${found}`
  if (!verifyJws(read, 'RS256', found.key)) return 'its signature does not match'
  return findClaimFault(read, issuer, Math.floor(now() / 1000)) ?? findContentFault(read, answer)
}

function findHeaderFault ({ header }: Jws): string | undefined {
  const { alg, typ, kid } = header
  if (alg !== 'RS256' || typeof kid !== 'string') return 'its signature is of another kind than the platform makes'
  if (typeof typ !== 'string' || !/^(?:(?:application\/)?at\+jwt|JWT)$/i.test(typ)) return 'its signature is of another type'
  return steeringMembers.some((member) => Object.hasOwn(header, member)) ? 'the header of its signature has members that steer its reader' : undefined
}

function findClaimFault ({ claims: { iss, iat, exp } }: Jws, issuer: string, now: number): string | undefined {
  if (iss !== issuer) return 'it was signed by another issuer'
  if (!isTime(iat) || !isTime(exp) || exp - iat > maxLifetimeSeconds) return 'its signature has no sensible times'
  if (exp <= now) return 'its signature has expired: is the clock right?'
  return iat > now + aheadSeconds ? 'its signature is of the future: is the clock right?' : undefined
}

// The platform signs the media type before its framework adds the charset, which JSON has anyway (RFC 8259, 8.1): either is taken.
function findContentFault ({ claims }: Jws, { headers, bytes: body }: PlatformAnswer): string | undefined {
  const faults = [(value: string): string => value, (value: string): string => value.replace(/; *charset=utf-8$/i, '')].map((spelling) => {
    const rawHeaders = Object.entries(headers).flatMap(([name, values = []]) => [values].flat().flatMap((value) => [name, name === 'content-type' ? spelling(value) : value]))
    return firstFailure(contentChecks, { claims, rawHeaders, digests: readDigests(rawHeaders), digestNeeded: true, headers: ['digest'], body })?.reason
  })
  return faults.includes(undefined) ? undefined : faults[0]
}

function single ({ headers }: PlatformAnswer, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'string' ? value : undefined
}
