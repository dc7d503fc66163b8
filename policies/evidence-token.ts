import { hash, timingSafeEqual } from 'node:crypto'
import type { AgreedClaims } from './agreed-claims.ts'
import type { CallerFact } from './caller.ts'
import { shown } from './check.ts'
import type { Check } from './check.ts'
import { isText, isUuid } from './claim.ts'
import type { Denial } from './denials.ts'
import { headerValues } from './header-values.ts'
import type { Jws } from './jws.ts'
import { takeToken, tokenClaimChecks } from './signed-token.ts'
import type { Signer, TokenKind, TokenSubject } from './signed-token.ts'

const header = 'Agid-JWT-TrackingEvidence'
// The guideline has the first, older manuals of the platform the second: two header fields, one meaning.
const spellings = ['agid-jwt-trackingevidence', 'agid-jwt-tracking-evidence']

/** How tracking evidence is called and refused (AUDIT_REST_01, AUDIT_REST_02). */
export const evidenceKind: TokenKind = {
  header, missing: 'evidence-missing', malformed: 'evidence-malformed', unverifiable: 'evidence-unverifiable', claims: 'evidence-claims-invalid',
  audience: 'evidence-audience-mismatch', expired: 'evidence-expired', notYetValid: 'evidence-not-yet-valid'
}

/** Every value of the header fields in which evidence comes. */
export function evidenceValues (rawHeaders: readonly string[]): readonly string[] {
  return spellings.flatMap((name) => headerValues(rawHeaders, name))
}

/** Evidence taken apart, nothing checked yet; `digest` is the SHA-256 of the token exactly as it was received, in lower-case hexadecimal. */
export interface TakenEvidence { readonly token: Jws, readonly digest: string }

/** The one piece of evidence among the values of its header fields. */
export function takeEvidence (values: readonly string[]): TakenEvidence | Denial {
  const token = takeToken(values, evidenceKind)
  return 'denial' in token ? token : { token, digest: hash('sha256', values[0] as string, 'hex') }
}

/** What binds evidence to a voucher: its digest, the one that the voucher holds, and whether the voucher must hold one (AUDIT_REST_02). */
interface Binding { readonly digest: string, readonly evidenceDigest: string | undefined, readonly bound: boolean }

/**
 * Whether voucher and evidence go together, before the signature is looked at (AUDIT_REST_02). A voucher that holds a digest is held to it where
 * only AUDIT_REST_01 is demanded too: it was asked for with this evidence and no other.
 */
export const digestChecks: readonly Check<Binding>[] = [
  { name: 'digest of the voucher', code: 'evidence-digest-missing', holds: ({ bound, evidenceDigest }) => !bound || evidenceDigest !== undefined, expected: ({ bound }) => bound ? 'a voucher with the digest of the evidence' : 'any voucher', got: ({ evidenceDigest }) => evidenceDigest === undefined ? 'one without a digest' : 'one with a digest' },
  { name: `${header} digest`, code: 'evidence-digest-mismatch', holds: isOfVoucher, expected: ({ evidenceDigest }) => evidenceDigest === undefined ? 'any evidence' : 'the evidence whose SHA-256, in hexadecimal, the voucher holds', got: (binding) => isOfVoucher(binding) ? 'such evidence' : 'other evidence' }
]

function isOfVoucher ({ digest, evidenceDigest }: Binding): boolean {
  return evidenceDigest === undefined || timingSafeEqual(Buffer.from(digest, 'hex'), Buffer.from(evidenceDigest, 'hex'))
}

/** What verified evidence is held against. */
export interface EvidenceSubject extends TokenSubject {
  readonly caller: Pick<CallerFact, 'kind' | 'clientId' | 'purposeId'>
  /** What `iss` may be: the client id, and by certificate other names under which the client is registered. */
  readonly names: readonly string[]
  readonly bound: boolean
  readonly agreed: AgreedClaims | undefined
}

/** That the caller signed and not another client, whose evidence it may have come by. */
export const signerChecks: readonly Check<{ readonly signer: Pick<Signer, 'clientId'>, readonly caller: Pick<CallerFact, 'clientId'> }>[] = [
  { name: `${header} signer`, code: 'evidence-signer-mismatch', holds: ({ signer, caller }) => signer.clientId === caller.clientId, expected: ({ caller }) => `a key of the client ${shown(caller.clientId)}`, got: ({ signer, caller }) => signer.clientId === caller.clientId ? 'such a key' : 'a key of another client' }
]

const isNonce = (dnonce: unknown): boolean => typeof dnonce === 'string' ? /^\d{13}$/.test(dnonce) : Number.isSafeInteger(dnonce) && /^\d{13}$/.test(String(dnonce))
const mayOmitPurpose = ({ claims: { purposeId }, caller }: EvidenceSubject): boolean => purposeId === undefined && caller.kind !== 'pdnd'

/**
 * What the claims of verified evidence must say, in order. `jti` is not single use: one piece of evidence goes with a voucher for as long as
 * that lives. Of the agreed claims, which are personal data, nothing received is ever shown.
 */
export const evidenceClaimChecks: readonly Check<EvidenceSubject>[] = [
  ...tokenClaimChecks(evidenceKind),
  {
    name: `${header} iss`,
    code: 'evidence-claims-invalid',
    holds: ({ claims: { iss }, names }) => names.some((name) => name === iss),
    expected: ({ names }) => names.map(shown).join(' or '),
    got: ({ claims: { iss } }) => iss === undefined ? 'nothing' : isUuid(iss) ? shown(iss) : 'something else'
  },
  { name: `${header} jti`, code: 'evidence-claims-invalid', holds: ({ claims: { jti } }) => isText(jti), expected: () => 'a text', got: ({ claims: { jti } }) => jti === undefined ? 'nothing' : isText(jti) ? 'a text' : 'a value of another form' },
  {
    name: `${header} purposeId (form)`,
    code: 'evidence-claims-invalid',
    holds: (subject) => typeof subject.claims['purposeId'] === 'string' || mayOmitPurpose(subject),
    expected: () => 'the id of the purpose',
    got: ({ claims: { purposeId } }) => purposeId === undefined ? 'nothing' : typeof purposeId === 'string' ? 'a text' : 'a value of another form'
  },
  {
    name: `${header} purposeId`,
    code: 'evidence-purpose-mismatch',
    holds: (subject) => subject.claims['purposeId'] === subject.caller.purposeId || mayOmitPurpose(subject),
    expected: ({ caller }) => `that of the call, ${shown(caller.purposeId)}`,
    got: ({ claims: { purposeId } }) => purposeId === undefined ? 'nothing' : isUuid(purposeId) ? shown(purposeId) : 'something else'
  },
  {
    name: `${header} dnonce`,
    code: 'evidence-claims-invalid',
    holds: ({ claims: { dnonce }, bound }) => !bound || isNonce(dnonce),
    expected: ({ bound }) => bound ? 'a number of 13 digits, as a number or a text' : 'any',
    got: ({ claims: { dnonce } }) => dnonce === undefined ? 'nothing' : isNonce(dnonce) ? 'such a number' : 'a value of another form'
  },
  {
    name: `${header} agreed claims`,
    code: 'evidence-agreed-claims-invalid',
    holds: ({ claims, agreed }) => agreed === undefined || agreed.findFaults(claims).length === 0,
    expected: ({ agreed }) => agreed === undefined ? 'any' : 'those that the contract describes',
    got: ({ claims, agreed }) => agreed?.findFaults(claims).join('; ') || 'such claims'
  }
]
