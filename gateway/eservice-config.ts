import { resolve } from 'node:path'
import type { OperationClass, Rate } from '../policies/burst.ts'
import type { QuotaMode } from '../policies/quota.ts'
import type { ReplyTarget } from '../policies/reply-url.ts'
import type { Finding } from './adapters/checked-yaml.ts'
import type { AnswerMode } from './answer-modes.ts'
import type { Deprecation } from './deprecation.ts'
import { itemsAt, membersOf, valueAt } from './document-value.ts'
import type { EnvironmentName } from './pdnd-environments.ts'
import type { LintConfig } from './verdicts.ts'

/** One e-service as configured; paths are absolute, defaults filled in. */
export interface EServiceConfig {
  readonly name: string
  readonly contract: string
  readonly upstream: { readonly url: string, readonly secret: string, readonly timeoutMs: number }
  readonly path: string | undefined
  readonly producer: string
  readonly eserviceId: string
  readonly descriptorIds: readonly string[]
  readonly audience: readonly string[]
  /** `audience`: what `aud` of Agid-JWT-Signature may be besides the e-service's audience, its URL and the URL of the call. */
  readonly integrity: { readonly audience: readonly string[] }
  /** `audience`: what `aud` of tracking evidence may be besides the e-service's audience. */
  readonly audit: { readonly audience: readonly string[] }
  /** The folder with the private keys with which answers are signed, where a contract demands it, and the id of the keychain as their issuer instead of the producer's. */
  readonly keychain: string | undefined
  readonly keychainId: string | undefined
  /** How signed requests are kept, where a contract demands it: keys of 32 bytes in base64, of which the first encrypts and all decrypt. */
  readonly evidence: { readonly keys: readonly string[], readonly retentionDays: number } | undefined
  readonly burst: Rate
  /** Operations that have a burst limit of their own. */
  readonly classes: readonly OperationClass[]
  readonly quota: { readonly mode: QuotaMode }
  /** How many calls may be in flight to the upstream; any number where it is undefined. */
  readonly concurrency: number | undefined
  /** Where each consumer may have answers sent that come later. */
  readonly replyTo: readonly ReplyTarget[]
  /** The file with the purpose grants, where there is one. */
  readonly grants: string | undefined
  /** DPoP proofs must contain a nonce that the gateway handed out (RFC 9449, 9). */
  readonly dpopNonces: boolean
  /** How answers are checked against the contract. */
  readonly answers: AnswerMode
  /** Whether answers that it marks as public are kept for all its callers. */
  readonly cache: boolean
  /** Whether its host is told, minute by minute, which calls the gateway served, of all of its e-services: it must take that (openapi/telemetry.ts). */
  readonly telemetry: boolean
  /** How the contract is judged before it goes live, or after. */
  readonly lint: LintConfig
  /** That this version goes out of use; undefined while it does not. */
  readonly deprecation: Deprecation | undefined
}

/** The same as it is written: what is left out has a default. */
export type WrittenEService = Partial<Omit<EServiceConfig, 'integrity' | 'audit' | 'classes' | 'lint'>> & { lint?: Partial<LintConfig> } & { classes?: Readonly<Record<string, Omit<OperationClass, 'name'>>> } & { integrity?: Partial<EServiceConfig['integrity']>, audit?: Partial<EServiceConfig['audit']> } & Pick<EServiceConfig, 'contract' | 'eserviceId' | 'descriptorIds' | 'audience'> & { upstream: { url: string, secret: string, timeoutMs?: number } }

/** What the top of a configuration says of all its e-services. */
export interface CommonTerms {
  readonly pdnd: { readonly environment: EnvironmentName }
  readonly producer?: string
  readonly keychain?: string
  readonly keychainId?: string
  readonly lint?: Partial<LintConfig>
  readonly limits?: { readonly burst?: Rate }
}

/** Completes an e-service as it is written; paths are relative to `folder`. */
export function eserviceOf (name: string, eservice: WrittenEService, document: CommonTerms, folder: string): EServiceConfig {
  return {
    ...eservice,
    name,
    contract: resolve(folder, eservice.contract),
    upstream: { ...eservice.upstream, timeoutMs: eservice.upstream.timeoutMs ?? 10_000 },
    path: eservice.path,
    integrity: { audience: eservice.integrity?.audience ?? [] },
    audit: { audience: eservice.audit?.audience ?? [] },
    producer: (eservice.producer ?? document.producer) as string,
    keychain: keychainOf(eservice.keychain ?? document.keychain, folder),
    keychainId: eservice.keychainId ?? document.keychainId,
    evidence: eservice.evidence,
    replyTo: eservice.replyTo ?? [],
    grants: eservice.grants === undefined ? undefined : resolve(folder, eservice.grants),
    dpopNonces: eservice.dpopNonces ?? false,
    answers: eservice.answers ?? 'sample',
    cache: eservice.cache ?? true,
    telemetry: eservice.telemetry ?? false,
    burst: eservice.burst ?? document.limits?.burst ?? { requests: 100, seconds: 1 },
    classes: Object.entries(eservice.classes ?? {}).map(([name, one]) => ({ name, ...one })),
    quota: eservice.quota ?? { mode: 'block' },
    concurrency: eservice.concurrency,
    deprecation: eservice.deprecation,
    lint: { ...usualLint(document.pdnd.environment), ...document.lint, ...eservice.lint }
  }
}

/** In production nothing is served that the platform would not publish. */
function usualLint (environment: EnvironmentName): LintConfig {
  return { profile: 'pdnd', mode: environment === 'produzione' ? 'enforce' : 'warn' }
}

function keychainOf (keychain: string | undefined, folder: string): string | undefined {
  return keychain === undefined ? undefined : resolve(folder, keychain)
}

/** What is wrong with the versions of a configuration: each descriptor is served by one e-service alone, because it is what a voucher is for. */
export function findSharedDescriptors (document: unknown): Finding[] {
  const servedBy = new Map<unknown, string>()
  return membersOf(document, ['eservices']).flatMap((name) => itemsAt(valueAt(document, ['eservices', name]), 'descriptorIds').flatMap((id, index): Finding[] => {
    const other = servedBy.get(id)
    servedBy.set(id, name)
    return other === undefined ? [] : [{ path: ['eservices', name, 'descriptorIds', index], message: other === name ? 'is written twice' : `is served as "${other}" already: a version is served by one e-service alone` }]
  }))
}
