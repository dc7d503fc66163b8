import { isDeepStrictEqual } from 'node:util'
import { answerModes } from '../answer-modes.ts'
import type { Config } from '../config.ts'
import type { EServiceConfig } from '../eservice-config.ts'
import { changeLine, limitLine, listLines } from './plan-line.ts'
import type { PlanLine } from './plan-line.ts'

const moreTrust = { come: 'weaker', gone: 'breaking' } as const
const lessProof = { come: 'weaker', gone: 'stricter' } as const

/** Compares what the gateway as a whole believes, and where it is. */
export function planCommonSettings (before: Config, after: Config): readonly PlanLine[] {
  return [
    ...changeLine('breaking', 'publicUrl', before.publicUrl, after.publicUrl),
    ...listLines('trustedProxies', before.trustedProxies, after.trustedProxies, lessProof),
    ...listLines('listeners.internal.trustedProxies', before.listeners.internal?.trustedProxies ?? [], after.listeners.internal?.trustedProxies ?? [], lessProof),
    ...planCertificates(before, after),
    ...(['public', 'internal'] as const).flatMap((name) => [
      ...planFiles(`listeners.${name}.tls.clients.ca`, before, after, ({ listeners }) => listeners[name]?.tls?.clients?.ca, moreTrust),
      ...planFiles(`listeners.${name}.tls.clients.crl`, before, after, ({ listeners }) => listeners[name]?.tls?.clients?.crl, { come: 'stricter', gone: 'weaker' })
    ]),
    ...changeLine('breaking', 'listeners.internal.url', before.listeners.internal?.url, after.listeners.internal?.url)
  ]
}

function planCertificates (before: Config, after: Config): readonly PlanLine[] {
  const [earlier, later] = [before.x509, after.x509]
  if (!earlier && !later) return []
  if (!later) return [{ kind: 'breaking', sentence: 'x509 is gone: no certificate of a caller is trusted any more' }]
  if (!earlier) return [{ kind: 'weaker', sentence: `x509 is new: certificates of callers are trusted (mode ${later.mode})` }]
  return [
    ...earlier.mode === later.mode ? [] : changeLine(later.mode === 'ca' ? 'weaker' : 'stricter', 'x509.mode', earlier.mode, later.mode),
    ...planFiles('x509.ca', before, after, ({ x509 }) => x509?.ca, moreTrust),
    ...planFiles('x509.crl', before, after, ({ x509 }) => x509?.crl, { come: 'stricter', gone: 'weaker' }),
    ...listLines('x509.x5u', earlier.x5u, later.x5u, moreTrust)
  ]
}

type FilesOf = (config: Config) => readonly string[] | undefined

/** A list of files by what is in them: their names say nothing of what is trusted. */
function planFiles (name: string, before: Config, after: Config, of: FilesOf, effect: Parameters<typeof listLines>[3]): readonly PlanLine[] {
  const named = (config: Config, other: Config): readonly string[] => {
    const { digests } = config
    const known = new Set((of(other) ?? []).map((file) => other.digests.get(file)))
    return (of(config) ?? []).filter((file) => !known.has(digests.get(file))).map((file) => `${file} (SHA-256 ${digests.get(file)?.slice(0, 16) ?? 'unknown'}…)`)
  }
  return listLines(name, named(before, after), named(after, before), effect)
}

/** Compares what an e-service is on the platform, what it believes, and where its calls go. */
export function planSettings (before: EServiceConfig, after: EServiceConfig): readonly PlanLine[] {
  return [
    ...changeLine('changed', 'its name', before.name, after.name),
    ...changeLine('breaking', 'eserviceId', before.eserviceId, after.eserviceId),
    ...changeLine('breaking', 'producer', before.producer, after.producer),
    ...listLines('descriptorIds', before.descriptorIds, after.descriptorIds, moreTrust),
    ...listLines('audience', before.audience, after.audience, moreTrust),
    ...listLines('integrity.audience', before.integrity.audience, after.integrity.audience, moreTrust),
    ...listLines('audit.audience', before.audit.audience, after.audit.audience, moreTrust),
    ...before.dpopNonces === after.dpopNonces ? [] : [after.dpopNonces ? { kind: 'stricter', sentence: 'dpopNonces: proofs must hold a nonce of the gateway now' } as const : { kind: 'weaker', sentence: 'dpopNonces: proofs need no nonce of the gateway any more' } as const],
    ...planUpstream(before, after),
    ...changeLine(answerModes.indexOf(after.answers) > answerModes.indexOf(before.answers) ? 'stricter' : 'weaker', 'answers', before.answers, after.answers),
    ...changeLine('changed', 'cache', String(before.cache), String(after.cache)),
    ...changeLine('changed', 'telemetry', String(before.telemetry), String(after.telemetry)),
    ...changeLine('changed', 'keychain', before.keychain, after.keychain),
    ...changeLine('changed', 'keychainId', before.keychainId, after.keychainId),
    ...planEvidence(before, after),
    ...(['profile', 'mode'] as const).flatMap((name) => changeLine(name === 'mode' && after.lint.mode === 'warn' ? 'weaker' : 'changed', `lint.${name}`, before.lint[name], after.lint[name])),
    ...(['since', 'sunset', 'successor', 'notice'] as const).flatMap((name) => changeLine('changed', `deprecation.${name}`, before.deprecation?.[name], after.deprecation?.[name])),
    ...listLines('replyTo', targetsOf(before), targetsOf(after), moreTrust)
  ]
}

function planUpstream ({ upstream: before }: EServiceConfig, { upstream: after }: EServiceConfig): readonly PlanLine[] {
  const losesTls = before.url.startsWith('https:') && !after.url.startsWith('https:')
  return [
    ...changeLine(losesTls ? 'weaker' : 'changed', 'upstream.url', before.url, after.url).map((line) => losesTls ? { ...line, sentence: `${line.sentence}: without TLS` } : line),
    ...planSecret('upstream.secret', before.secret, after.secret)
  ]
}

/** That a secret is another, where both are known: a plan may be made where they are not. */
function planSecret (name: string, before: string, after: string): readonly PlanLine[] {
  return before === '' || after === '' || before === after ? [] : [{ kind: 'changed', sentence: `${name}: secret changed` }]
}

function planEvidence ({ evidence: before }: EServiceConfig, { evidence: after }: EServiceConfig): readonly PlanLine[] {
  if (!before || !after) return !before && !after ? [] : [{ kind: 'changed', sentence: after ? 'evidence is configured now' : 'evidence is not configured any more' }]
  const lost = new Set(before.keys).difference(new Set(after.keys)).size
  return [
    ...limitLine('evidence.retentionDays', before.retentionDays, after.retentionDays).map((line): PlanLine => ({ ...line, kind: after.retentionDays < before.retentionDays ? 'weaker' : 'changed' })),
    ...lost > 0 && after.keys.every((key) => key !== '') ? [{ kind: 'weaker', sentence: `evidence.keys: ${lost} secret${lost === 1 ? ' is' : 's are'} gone, and what was encrypted with ${lost === 1 ? 'it' : 'them'} can no longer be read` } as const] : [],
    ...lost === 0 && !isDeepStrictEqual(before.keys, after.keys) ? [{ kind: 'changed', sentence: 'evidence.keys: secret changed' } as const] : []
  ]
}

function targetsOf ({ replyTo }: EServiceConfig): readonly string[] {
  return replyTo.flatMap(({ consumer, origins, allowPrivate }) => origins.map((origin) => `${origin}${allowPrivate === true ? ' (on a private network)' : ''} for ${consumer}`))
}
