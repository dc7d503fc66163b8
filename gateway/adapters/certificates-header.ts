import { createHash, X509Certificate } from 'node:crypto'

/** A certificate and what is sent to prove it, leaf first, in DER; `thumbprints` are the SHA-256 of each in base64url. */
export interface Presented { readonly ders: readonly Buffer[], readonly thumbprints: readonly string[] }

/** Most certificates that are looked at for one token, the authority's included. */
export const maxChain = 5

export function presentedOf (ders: readonly Buffer[]): Presented {
  return { ders, thumbprints: ders.map((der) => createHash('sha256').update(der).digest('base64url')) }
}

/** The certificates of `x5c` (RFC 7515, 4.1.6): canonical base64 of DER, leaf first. A sentence when it is not of that form; whether they are certificates is not looked at. */
export function readX5c (value: unknown): Presented | string {
  if (!Array.isArray(value) || value.length === 0 || value.length > maxChain) return `x5c is no list of 1 to ${maxChain} certificates`
  const ders = value.flatMap((entry: unknown) => decode(entry) ?? [])
  return ders.length === value.length ? presentedOf(ders) : 'x5c has an entry that is not canonical base64'
}

// Only the one canonical spelling: another would be the same certificate in another token.
function decode (entry: unknown): Buffer | undefined {
  if (typeof entry !== 'string' || entry === '') return undefined
  const bytes = Buffer.from(entry, 'base64')
  return bytes.toString('base64') === entry ? bytes : undefined
}

/** A certificate from its exact DER, nothing before or behind it; undefined when it is none. Never throws. */
export function parseCertificate (der: Buffer): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(der)
    return certificate.raw.equals(der) ? certificate : undefined
  } catch {
    return undefined
  }
}
