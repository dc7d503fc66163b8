import { shown } from '../../policies/check.ts'
import { findKeyFault, importKey, secretMembers } from '../../policies/jwk.ts'
import type { Jwk } from '../../policies/jwk.ts'
import { isRecord, readCompactJws, steeringMembers, verifyJws } from '../../policies/jws.ts'
import type { CompactJws, SignatureAlgorithm } from '../../policies/jws.ts'
import { findMacFault, macAlgorithms } from './mac.ts'
import type { MacAlgorithm } from './mac.ts'

/** What became of one case of a file of test vectors. `DISAGREE`: accepted what must be refused, or refused what is valid. */
export interface Judgement {
  readonly tcId: string
  readonly comment: string
  readonly expected: string
  readonly verdict: 'accepted' | 'refused'
  readonly reason: string
  readonly outcome: 'agree' | 'DISAGREE' | 'not compared'
}

type Members = Readonly<Record<string, unknown>>

/**
 * Judges every case of public JOSE test vectors ({testGroups: [{public | private, tests: [{tcId, jws, result}]}]}) with the code that judges the
 * tokens of callers; only shared secrets are taken beyond that. Gives the sentence that says why the text is no such file; never throws.
 */
export function judgeVectors (text: string): readonly Judgement[] | string {
  const groups = readGroups(text)
  if (typeof groups === 'string') return groups
  return groups.flatMap((group, index) => {
    const where = `group ${index + 1}`
    if (!isRecord(group)) return [unreadable(where, 'the group is no JSON object')]
    const { tests } = group
    if (!Array.isArray(tests)) return [unreadable(where, 'the group has no list of tests')]
    const keys = readKeys(group)
    return tests.map((test: unknown, at) => isRecord(test) ? judge(test, keys, `${where}, test ${at + 1}`) : unreadable(`${where}, test ${at + 1}`, 'the test is no JSON object'))
  })
}

function readGroups (text: string): readonly unknown[] | string {
  try {
    const content: unknown = JSON.parse(text)
    const groups = isRecord(content) ? content['testGroups'] : undefined
    return Array.isArray(groups) ? groups : 'it has no list testGroups'
  } catch {
    return 'it is not JSON'
  }
}

function unreadable (tcId: string, reason: string): Judgement {
  return { tcId, comment: '', expected: '-', verdict: 'refused', reason, outcome: 'not compared' }
}

const wanted: ReadonlyMap<unknown, readonly Judgement['verdict'][]> = new Map([['valid', ['accepted']], ['invalid', ['refused']], ['acceptable', ['accepted', 'refused']]])

function judge (test: Members, keys: readonly Jwk[] | string, where: string): Judgement {
  const isJwe = test['jws'] === undefined && test['jwe'] !== undefined
  const fault = isJwe ? 'it is encrypted (JWE): only signed tokens are read' : findFault(test['jws'], keys)
  const verdict = fault === undefined ? 'accepted' : 'refused'
  const right = isJwe ? undefined : wanted.get(test['result'])
  return {
    tcId: ['number', 'string'].includes(typeof test['tcId']) ? printable(test['tcId']) : where,
    comment: typeof test['comment'] === 'string' ? printable(test['comment']) : '',
    expected: printable(test['result'] ?? '-'),
    verdict,
    reason: fault ?? 'the signature is genuine',
    outcome: right === undefined ? 'not compared' : right.includes(verdict) ? 'agree' : 'DISAGREE'
  }
}

// A file can hold anything, a terminal understands more than text.
function printable (value: unknown): string {
  return typeof value === 'string' ? shown(value).slice(1, -1) : shown(value)
}

/** The keys of a group, public parts only, or the sentence that says what is wrong with them. */
function readKeys (group: Members): readonly Jwk[] | string {
  const given = group['public'] ?? group['private'] ?? { keys: group['keys'] ?? [] }
  const keys = isRecord(given) ? given['keys'] ?? [given] : undefined
  if (!Array.isArray(keys) || !keys.every(isRecord)) return 'the keys of the group are no JSON objects'
  if (keys.length === 0) return 'the group has no key'
  // Whoever confuses the two takes a public key for a secret (RFC 8725, 2.1).
  if (new Set(keys.map(({ kty }) => kty === 'oct')).size > 1) return 'the group mixes secrets and public keys'
  const ids = keys.map(({ kid }) => kid).filter((kid) => kid !== undefined)
  if (new Set(ids).size < ids.length) return 'the group has several keys with the same id'
  return given === group['private'] ? keys.map(publicPart) : keys
}

function publicPart (jwk: Jwk): Jwk {
  if (jwk['kty'] === 'oct') return jwk
  const operations = jwk['key_ops']
  const members = Object.entries(jwk).filter(([name]) => !secretMembers.includes(name))
  return { ...Object.fromEntries(members), ...(Array.isArray(operations) && operations.includes('sign') && { key_ops: ['verify'] }) }
}

function findFault (jws: unknown, keys: readonly Jwk[] | string): string | undefined {
  if (typeof jws !== 'string') return isRecord(jws) ? 'it is in JSON serialisation' : 'it is no text'
  const read = readCompactJws(jws)
  if (typeof read === 'string') return read
  const { header: { alg, kid } } = read
  const steering = steeringMembers.find((member) => Object.hasOwn(read.header, member))
  if (steering !== undefined) return `its header has ${steering}`
  if (typeof keys === 'string') return keys
  const key = chooseKey(keys, kid)
  if (typeof key === 'string') return key
  return typeof alg === 'string' && Object.hasOwn(macAlgorithms, alg) ? findMacFault(read, alg as MacAlgorithm, key) : findSignatureFault(read, alg, key)
}

function chooseKey (keys: readonly Jwk[], kid: unknown): Jwk | string {
  const [only, ...more] = keys
  const named = keys.find((key) => kid !== undefined && key['kid'] === kid)
  if (named) return named
  if (!only || more.length > 0) return 'no key has the id that its header names'
  return kid === undefined || only['kid'] === undefined ? only : 'the key has another id than its header names'
}

function findSignatureFault (jws: CompactJws, alg: unknown, jwk: Jwk): string | undefined {
  const fault = findKeyFault(jwk, alg)
  if (fault !== undefined) return `its key cannot be used: ${fault}`
  const key = importKey(jwk)
  if (!key) return 'its key cannot be used: its numbers are no key'
  return verifyJws(jws, alg as SignatureAlgorithm, key) ? undefined : 'the signature does not match'
}
