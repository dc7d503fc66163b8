import { certifiedClaimChecks, certifiedClientChecks, certifiedHeaderChecks } from '../policies/certificate-caller.ts'
import { channelChecks } from '../policies/channel.ts'
import { noDemands } from '../policies/demands.ts'
import type { EvidenceDemand, IntegrityDemand, NonBlockingStep, Trust } from '../policies/demands.ts'
import type { DenialCode } from '../policies/denials.ts'
import { internalCertificateChecks, internalClaimChecks, internalClientChecks, internalHeaderChecks, internalCertificateDenials, internalTokenDenials, meansChecks } from '../policies/internal-caller.ts'
import { bindingChecks } from '../policies/dpop.ts'
import { proofChecks, proofHeaderChecks } from '../policies/dpop-proof.ts'
import { digestChecks, evidenceClaimChecks, evidenceKind, signerChecks } from '../policies/evidence-token.ts'
import { integrityChecks, signatureKind } from '../policies/integrity.ts'
import { interactionChecks, scopeChecks } from '../policies/interaction.ts'
import type { Facts } from '../policies/policy.ts'
import { useChecks } from '../policies/own-token.ts'
import { replyChecks } from '../policies/reply-url.ts'
import { tokenHeaderChecks } from '../policies/signed-token.ts'
import { formChecks, headerChecks } from '../policies/voucher.ts'
import { claimChecks } from '../policies/voucher-caller.ts'
import { prepareAgreedClaims } from '../policies/agreed-claims.ts'
import type { Needs } from './docs/docs-demands.ts'
import { refusalsOf } from './docs/docs-refusals.ts'
import { stepAnswers } from './non-blocking.ts'

/** What one pattern demands, as a row of a page: everything in it is taken from the tables that enforce it. */
export interface PatternRow {
  readonly pattern: string
  readonly trust: string
  readonly checks: readonly string[]
  readonly refusals: readonly DenialCode[]
}

interface Named { readonly name: string }

/** The names of checks as short as they can be: without the header that they are about, and the form of a claim not told apart from the claim. */
function namesOf (...tables: readonly (readonly Named[])[]): readonly string[] {
  return [...new Set(tables.flat().map(({ name }) => name.replace(/^(?:Agid-JWT-\w+|DPoP|Authorization|urlCallback|X-ReplyTo) (?=\S)/, '').replace(/ \(form\)$/, '')))]
}

function codesOf (needs: Partial<Needs>, policies: readonly (keyof Facts)[], only: RegExp = /^/): readonly DenialCode[] {
  const all = refusalsOf({ ...noDemands, dpopNonces: true, retentionDays: undefined, granted: 'no', internal: false, ...needs })
  return [...new Set(all.filter(({ policy }) => policies.includes(policy)).flatMap(({ codes }) => codes))].filter((code) => only.test(code))
}

const trustNames: Readonly<Record<Trust, string>> = { pdnd: 'PDND', x509: 'X.509' }
const integrity = (trust: Trust): IntegrityDemand => ({ trust: [trust], headers: [], emptyBody: 'unsigned', contentCodings: [] })
const evidence = (bound: boolean): EvidenceDemand => ({ trust: ['pdnd'], bound, claims: prepareAgreedClaims({})({ type: 'object' }) })
const messageChecks = (trust: Trust): readonly string[] => [...namesOf(tokenHeaderChecks(signatureKind, [trust])), 'signature', ...namesOf(integrityChecks), 'used once']
const evidenceChecks = (bound: boolean): readonly string[] => [
  ...namesOf(bound ? digestChecks : [], tokenHeaderChecks(evidenceKind, ['pdnd'])), 'signature',
  ...namesOf(signerChecks, evidenceClaimChecks).filter((name) => bound || name !== 'dnonce')
]
const answersOf = (...steps: readonly NonBlockingStep[]): readonly string[] => steps.flatMap((step) => [...stepAnswers[step]].map(([status, needed]) => `${step} answered ${status}${needed === 'Location' ? ' with Location' : ''}`))

/** Every pattern that a contract can demand, and the voucher that every operation does. */
function patternRows (): readonly PatternRow[] {
  const row = (pattern: string, trust: readonly Trust[], checks: readonly string[], refusals: readonly DenialCode[]): PatternRow => ({ pattern, trust: trust.map((one) => trustNames[one]).join(', '), checks, refusals })
  const internal = (pattern: string, checks: readonly string[], refusals: readonly DenialCode[]): PatternRow => ({ pattern, trust: 'registered', checks: checks.filter((name) => name !== 'age'), refusals })
  const everybody: readonly Trust[] = ['pdnd', 'x509']
  return [
    row('ID_AUTH_REST_01, by voucher', ['pdnd'], [...namesOf(headerChecks), 'signature', ...namesOf(formChecks, claimChecks)], codesOf({}, ['caller'])),
    row('ID_AUTH_REST_01, by certificate', ['x509'], [...namesOf(certifiedHeaderChecks), 'certificate', 'signature', ...namesOf(certifiedClaimChecks, certifiedClientChecks).filter((name) => name !== 'age')], codesOf({ trust: ['x509'] }, ['caller'])),
    internal('internal application, by token', [...namesOf(internalHeaderChecks), 'signature', ...namesOf(meansChecks, internalClaimChecks, internalClientChecks)], internalTokenDenials),
    internal('internal application, by certificate', namesOf(internalCertificateChecks, meansChecks, useChecks), internalCertificateDenials),
    row('ID_AUTH_REST_02, by voucher', ['pdnd'], ['jti of the DPoP proof or of Agid-JWT-Signature, used once'], codesOf({ dpop: true, integrity: integrity('pdnd') }, ['dpop', 'integrity'], /^(?:dpop-(?:required|replayed)|signature-(?:missing|replayed)|replay-.*)$/)),
    row('ID_AUTH_REST_02, by certificate', ['x509'], ['age', 'jti, used once'], codesOf({ trust: ['x509'], singleUse: true }, ['caller'], /^(?:token-(?:expired|claims-invalid|replayed)|replay-.*)$/)),
    row('DPoP (RFC 9449)', ['pdnd'], [...namesOf(bindingChecks, proofHeaderChecks), 'signature', ...namesOf(proofChecks), 'used once'], codesOf({ dpop: true }, ['dpop'])),
    row('ID_AUTH_CHANNEL_01', everybody, namesOf(channelChecks.filter(({ code }) => code === 'tls-required')), codesOf({ channel: 'tls' }, ['channel'])),
    row('ID_AUTH_CHANNEL_02', everybody, namesOf(channelChecks), codesOf({ channel: 'mutual-tls' }, ['channel'])),
    row('INTEGRITY_REST_01', ['x509'], messageChecks('x509'), codesOf({ integrity: integrity('x509') }, ['integrity'])),
    row('INTEGRITY_REST_02', ['pdnd'], messageChecks('pdnd'), codesOf({ integrity: integrity('pdnd') }, ['integrity'])),
    row('AUDIT_REST_01', everybody, evidenceChecks(false), codesOf({ evidence: evidence(false) }, ['evidence'])),
    row('AUDIT_REST_02', ['pdnd'], evidenceChecks(true), codesOf({ evidence: evidence(true) }, ['evidence'])),
    row('PROFILE_NON_REPUDIATION_01', everybody, ['all of INTEGRITY_REST_01 or INTEGRITY_REST_02', 'the signed request kept before it is answered', 'the answer signed with its digest and that of the request'], ['evidence-store-unavailable']),
    row('asynchronous exchange (`async`)', ['pdnd'], namesOf(scopeChecks, interactionChecks, replyChecks('urlCallback')), codesOf({ scope: 'start_interaction' }, ['interaction', 'replyTo', 'transition'])),
    row('NONBLOCK_PUSH_REST (`nonBlocking: push`)', everybody, [...namesOf(replyChecks('X-ReplyTo')), ...answersOf('push')], [...codesOf({ nonBlocking: 'push' }, ['replyTo']), 'upstream-invalid']),
    row('NONBLOCK_PULL_REST (`nonBlocking: pull-*`)', everybody, answersOf('pull-request', 'pull-status', 'pull-result'), ['upstream-invalid'])
  ]
}

const columns = {
  trust: ({ trust }: PatternRow): string => trust,
  'what is checked': ({ checks }: PatternRow): string => checks.join(' · '),
  refusals: ({ refusals }: PatternRow): string => refusals.map((code) => `\`${code}\``).join(' ')
}
type Column = keyof typeof columns

/** The pages that show patterns, by their paths from the root, and which columns. */
export const patternPages: Readonly<Record<string, readonly Column[]>> = { 'README.md': ['trust', 'what is checked'], 'policies/README.md': ['refusals'] }

/** The rows as a Markdown table, with these columns behind the pattern. */
export function patternTable (shown: readonly Column[]): string {
  const rows = patternRows().map((row) => `| ${[row.pattern, ...shown.map((column) => columns[column](row))].join(' | ')} |`)
  return [`| ${['pattern', ...shown].join(' | ')} |`, `|${'---|'.repeat(shown.length + 1)}`, ...rows, ''].join('\n')
}

const [begins, ends] = ['<!-- npm run patterns -- --write: begin -->', '<!-- npm run patterns -- --write: end -->']

/** A text with the table of these columns between its two markers. Throws a sentence when it has no such place. */
export function withPatternTable (text: string, shown: readonly Column[]): string {
  const [begin, end] = [text.indexOf(begins), text.indexOf(ends)]
  if (begin === -1 || end < begin) throw new Error(`there is no place for the table: ${begins} and, below it, ${ends}`)
  return `${text.slice(0, begin + begins.length)}\n${patternTable(shown)}${text.slice(end)}`
}
