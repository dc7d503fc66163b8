import { hash, timingSafeEqual } from 'node:crypto'
import type { Check } from './check.ts'
import { headerValues } from './header-values.ts'

/** A digest that a header field gives, by an algorithm that is known here. */
interface Instance { readonly algorithm: Algorithm, readonly bytes: Buffer }

/** A header field with digests: what it gives, or the sentence that says what is wrong with it. */
export interface DigestField { readonly name: 'digest' | 'content-digest', readonly value: string, readonly read: readonly Instance[] | string }

/** What the digests of a message are held against: its bytes as received, transfer coding removed, content coding kept. */
export interface DigestSubject {
  readonly digests: readonly DigestField[]
  /** True when there must be one. */
  readonly digestNeeded: boolean
  readonly body: Uint8Array
}

/** The algorithms that are known, by their names in lower case (RFC 5843; RFC 9530, 5). Weaker ones prove nothing, so they are none. */
const algorithms = { 'sha-256': { hash: 'sha256', bytes: 32 }, 'sha-512': { hash: 'sha512', bytes: 64 } } as const
type Algorithm = keyof typeof algorithms

/**
 * The fields Digest (RFC 3230) and Content-Digest (RFC 9530) of a message, in this order, read strictly: a field that two readers could
 * understand differently has a fault. Digests by algorithms that are not known are passed over, but each field needs one that is.
 */
export function readDigests (rawHeaders: readonly string[]): readonly DigestField[] {
  return (['digest', 'content-digest'] as const).flatMap((name): readonly DigestField[] => {
    const [value, another] = headerValues(rawHeaders, name)
    if (value === undefined) return []
    return [{ name, value, read: another === undefined ? readInstances(value, name) : 'there are several fields' }]
  })
}

function readInstances (value: string, name: DigestField['name']): readonly Instance[] | string {
  const read = value.split(/, ?/).map((member) => readMember(member, name))
  const fault = read.find((member) => typeof member === 'string')
  if (fault !== undefined) return fault
  const members = read.filter((member) => typeof member === 'object')
  if (new Set(members.map(({ algorithm }) => algorithm)).size < members.length) return 'it gives an algorithm twice'
  const known = members.filter((member): member is Instance => Object.hasOwn(algorithms, member.algorithm))
  return known.length > 0 ? known : 'it gives no digest by SHA-256 or SHA-512'
}

function readMember (member: string, name: DigestField['name']): { algorithm: string, bytes: Buffer } | string {
  // RFC 3230 names algorithms without regard to case; a dictionary of RFC 9530 has its keys in lower case.
  const [, written, encoded] = (name === 'digest' ? /^([A-Za-z0-9-]{1,50})=(\S+)$/ : /^([a-z0-9-]{1,50})=:(\S*):$/).exec(member) ?? []
  if (written === undefined || encoded === undefined) return 'it is not of the form that is expected'
  const algorithm = written.toLowerCase()
  if (!Object.hasOwn(algorithms, algorithm)) return { algorithm, bytes: Buffer.alloc(0) }
  const { bytes: length } = algorithms[algorithm as Algorithm]
  if (encoded.length === 2 * length && /^[0-9A-Fa-f]+$/.test(encoded)) return 'the digest is in hexadecimal instead of base64'
  const bytes = Buffer.from(encoded, 'base64')
  // Re-encoding is the one sure test that no other spelling of the same bytes was sent.
  if (bytes.toString('base64') !== encoded) return 'the digest is not base64 with padding (RFC 4648, 4)'
  return bytes.length === length ? { algorithm, bytes } : `the digest has ${bytes.length} bytes instead of ${length}`
}

const forms = { 'digest': 'Digest: SHA-256=<base64>', 'content-digest': 'Content-Digest: sha-256=:<base64>:' }

/** Every digest that a message gives must be that of its body, and there must be one where it is needed. */
export const digestChecks: readonly Check<DigestSubject>[] = [
  { name: 'Digest', code: 'digest-missing', holds: ({ digests, digestNeeded }) => !digestNeeded || digests.length > 0, expected: ({ digestNeeded }) => digestNeeded ? forms.digest : 'any', got: ({ digests }) => digests.map(({ name }) => name).join(', ') || 'nothing' },
  {
    name: 'Digest form',
    code: 'digest-malformed',
    holds: ({ digests }) => faultOf(digests) === undefined,
    expected: ({ digests }) => forms[faultOf(digests)?.name ?? digests[0]?.name ?? 'digest'],
    got: ({ digests }) => {
      const faulty = faultOf(digests)
      return faulty ? `something else in ${faulty.name}: ${faulty.fault}` : 'such a field'
    }
  },
  {
    name: 'Digest of the body',
    code: 'digest-mismatch',
    holds: isDigested,
    // The digest itself stays out of logs: that of a short body tells what is in it.
    expected: ({ body }) => `the digest of the ${body.length} bytes that were received, content coding included`,
    got: (subject) => isDigested(subject) ? 'that digest' : 'another one'
  }
]

function faultOf (digests: readonly DigestField[]): { readonly name: DigestField['name'], readonly fault: string } | undefined {
  for (const { name, read } of digests) if (typeof read === 'string') return { name, fault: read }
  return undefined
}

function isDigested ({ digests, body }: DigestSubject): boolean {
  return digests.every(({ read }) => typeof read !== 'string' && read.every(({ algorithm, bytes }) => timingSafeEqual(hashOf(body, algorithm), bytes)))
}

const hashes = new WeakMap<Uint8Array, Map<Algorithm, Buffer>>()

// A long body takes its time, and its digest is asked for by each field and by what is told of it.
function hashOf (body: Uint8Array, algorithm: Algorithm): Buffer {
  const known = hashes.get(body) ?? new Map<Algorithm, Buffer>()
  const made = known.get(algorithm) ?? hash(algorithms[algorithm].hash, body, 'buffer')
  hashes.set(body, known.set(algorithm, made))
  return made
}
