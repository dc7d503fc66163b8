import type { Check } from './check.ts'
import type { DigestField } from './digest.ts'
import { headerValues } from './header-values.ts'
import { isRecord } from './jws.ts'
import type { Jws } from './jws.ts'

/** What the claim `signed_headers` of a verified token is held against. */
export interface SignedHeadersSubject {
  readonly claims: Jws['claims']
  readonly rawHeaders: readonly string[]
  readonly digests: readonly DigestField[]
  /** Names in lower case that must be signed whether they are usual or not, and so must be there. */
  readonly headers: readonly string[]
}

/** As many as a request can have. */
const maxEntries = 100
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/

/**
 * `signed_headers` (INTEGRITY_REST_01 and _02): an array of objects with one member each, the lower-case name of a header and exactly the value with
 * which it is sent, once. Digest is among them, and Content-Type and Content-Encoding where they are sent. Names are told, values never.
 */
export const signedHeadersChecks: readonly Check<SignedHeadersSubject>[] = [
  {
    name: 'signed_headers',
    code: 'signature-headers-mismatch',
    holds: ({ claims }) => typeof readEntries(claims) !== 'string',
    expected: () => 'an array of objects, each with the lower-case name of one header and its value',
    got: ({ claims }) => {
      const read = readEntries(claims)
      return typeof read === 'string' ? read : 'such an array'
    }
  },
  {
    name: 'signed_headers names',
    code: 'signature-headers-mismatch',
    holds: (subject) => unsigned(subject).length === 0,
    expected: (subject) => neededNames(subject).join(', ') || 'any',
    got: (subject) => unsigned(subject).map((name) => `no ${name}`).join(', ') || 'all of them'
  },
  {
    name: 'signed_headers values',
    code: 'signature-headers-mismatch',
    holds: (subject) => findDifference(subject) === undefined,
    expected: () => 'the value of each header as it was sent, once',
    got: (subject) => findDifference(subject) ?? 'those values'
  }
]

/** The headers that are signed, by name, or what is wrong with the claim. */
function readEntries ({ signed_headers: claim }: Jws['claims']): ReadonlyMap<string, string> | string {
  if (claim === undefined) return 'nothing'
  if (!Array.isArray(claim)) return 'no array'
  if (claim.length > maxEntries) return `more than ${maxEntries} entries`
  const entries = new Map<string, string>()
  for (const [index, entry] of claim.entries()) {
    const members = isRecord(entry) ? Object.entries(entry) : undefined
    const [name, value] = members?.[0] ?? []
    if (!members) return `no object as entry ${index + 1}`
    if (members.length !== 1) return `${members.length} members in entry ${index + 1}`
    if (name === undefined || !headerName.test(name.toLowerCase())) return `no name of a header in entry ${index + 1}`
    if (!headerName.test(name)) return `${name}, which is not in lower case`
    if (typeof value !== 'string') return `${name} with a value that is no text`
    if (entries.has(name)) return `${name} twice`
    entries.set(name, value)
  }
  return entries
}

function neededNames ({ rawHeaders, digests, headers }: SignedHeadersSubject): readonly string[] {
  // Digest comes before Content-Digest, which need not be signed beside it.
  const usual = [...digests.slice(0, 1).map(({ name }) => name), ...['content-type', 'content-encoding'].filter((name) => headerValues(rawHeaders, name).length > 0)]
  return [...new Set([...usual, ...headers])]
}

function unsigned (subject: SignedHeadersSubject): readonly string[] {
  const entries = readEntries(subject.claims)
  return neededNames(subject).filter((name) => typeof entries === 'string' || !entries.has(name))
}

function findDifference ({ claims, rawHeaders }: SignedHeadersSubject): string | undefined {
  const entries = readEntries(claims)
  if (typeof entries === 'string') return 'no such array'
  for (const [name, value] of entries) {
    const [received, another] = headerValues(rawHeaders, name)
    if (received === undefined) return `${name} signed but not sent`
    if (another !== undefined) return `${name} sent several times`
    if (received !== value) return `another value of ${name}`
  }
  return undefined
}
