import type { KeyObject, X509Certificate } from 'node:crypto'
import type { Dispatcher } from 'undici'
import type { Certificates, FoundCertificate } from '../../policies/certificates.ts'
import { Lately } from '../../policies/lately.ts'
import type { Authorities, Link } from './certificates-chain.ts'
import { RevocationLists } from './certificates-crl.ts'
import { CertificateFetcher } from './certificates-fetch.ts'
import type { Fetched } from './certificates-fetch.ts'
import { parseCertificate, readX5c } from './certificates-header.ts'
import type { Presented } from './certificates-header.ts'
import { RegisteredCertificates } from './certificates-registered.ts'
import type { CertifiedClient } from './certificates-registered.ts'
import { findWeakKey, findWeakSignature } from './certificates-strength.ts'

/**
 * Which certificates are trusted (ID_AUTH_REST_01, INTEGRITY_REST_01 outside the platform). `pinned`: those that the registry names, and no
 * other. `ca`: those that an authority in `ca` issued (PEM or DER files), unless they stand on one of the lists in `crl`. `x5u`: origins from
 * which certificates may be fetched.
 */
export interface X509Config {
  readonly mode: 'pinned' | 'ca'
  readonly ca: readonly string[]
  readonly crl: readonly string[]
  readonly x5u: readonly string[]
}

/** What it needs from outside; `now` in epoch ms. Tests fetch through a `dispatcher` of their own. */
export interface CertificateOptions { readonly now: () => number, readonly warn: (message: string) => void, readonly dispatcher?: Dispatcher | undefined }

/** A chain that was found good but for its times, and for what may be revoked of it. */
interface Trusted { readonly key: KeyObject, readonly clientId: string | undefined, readonly links: readonly Link[] }

const maxRemembered = 1000
const untrusted = (reason: string): FoundCertificate => ({ untrusted: reason })

/** Prepares finding certificates. Throws naming every file that cannot be used and every certificate that is registered twice. */
export async function openCertificates (config: X509Config | undefined, clients: readonly CertifiedClient[], { now, warn, dispatcher }: CertificateOptions): Promise<Certificates> {
  if (!config) return { find: () => untrusted('no certificate is trusted: there is no x509 in the configuration') }
  const registered = new RegisteredCertificates(clients, config.mode)
  const fetcher = new CertificateFetcher(config.x5u, dispatcher)
  if (config.mode === 'pinned') return new KnownCertificates(registered, fetcher, (presented, thumbprint) => pin(presented, thumbprint, registered), undefined)
  const { readAuthorities } = await import('./certificates-chain.ts')
  const authorities = await readAuthorities(config.ca, now(), warn)
  const lists = config.crl.length > 0 ? await RevocationLists.open(config.crl, authorities.certificates, now(), warn) : undefined
  return new KnownCertificates(registered, fetcher, (presented, thumbprint) => build(presented, thumbprint, registered, authorities), lists)
}

type Judge = (presented: readonly [X509Certificate, ...X509Certificate[]], thumbprint: string) => Trusted | string

function pin ([leaf]: readonly [X509Certificate, ...X509Certificate[]], thumbprint: string, registered: RegisteredCertificates): Trusted | string {
  const clientId = registered.pinned(thumbprint)
  if (clientId === undefined) return 'it is not registered with any client'
  const { validFromDate, validToDate } = leaf
  return findWeakSignature(leaf) ?? findWeakKey(leaf) ?? { key: leaf.publicKey, clientId, links: [{ notBefore: validFromDate.getTime(), notAfter: validToDate.getTime(), serial: '', issuer: undefined }] }
}

function build (presented: readonly [X509Certificate, ...X509Certificate[]], thumbprint: string, registered: RegisteredCertificates, authorities: Authorities): Trusted | string {
  const links = authorities.chainOf(presented)
  const [leaf] = presented
  return typeof links === 'string' ? links : { key: leaf.publicKey, clientId: registered.owner(thumbprint, leaf), links }
}

/**
 * Finds the certificate that a JOSE header names. What was sent is looked at once and remembered while it is good; times and revocation are
 * judged on every call. Where a header names it in several ways all must name the same.
 */
class KnownCertificates implements Certificates {
  readonly #registered: RegisteredCertificates
  readonly #fetcher: CertificateFetcher
  readonly #judge: Judge
  readonly #lists: RevocationLists | undefined
  readonly #trusted = new Lately<Trusted>(maxRemembered)

  constructor (registered: RegisteredCertificates, fetcher: CertificateFetcher, judge: Judge, lists: RevocationLists | undefined) {
    this.#registered = registered
    this.#fetcher = fetcher
    this.#judge = judge
    this.#lists = lists
  }

  find (header: Readonly<Record<string, unknown>>, now: number): FoundCertificate | Promise<FoundCertificate> {
    const fetched = this.#present(header, now)
    const decide = (presented: Fetched): FoundCertificate | Promise<FoundCertificate> => this.#decide(presented, header, now)
    return fetched instanceof Promise ? fetched.then(decide) : decide(fetched)
  }

  #present ({ x5c, x5u, 'x5t#S256': thumbprint }: Readonly<Record<string, unknown>>, now: number): Fetched | Promise<Fetched> {
    // An address that is not trusted is never ignored: whoever reads it elsewhere would see another certificate.
    if (x5u !== undefined && (x5c === undefined || !this.#fetcher.allows(x5u))) return this.#fetcher.fetch(x5u, now)
    if (x5c === undefined) return this.#registered.presented(thumbprint) ?? { untrusted: 'the registry has no file of a certificate with the thumbprint x5t#S256' }
    const presented = readX5c(x5c)
    return typeof presented === 'string' ? { untrusted: presented } : presented
  }

  #decide (presented: Fetched, header: Readonly<Record<string, unknown>>, now: number): FoundCertificate | Promise<FoundCertificate> {
    if (presented === 'unavailable' || 'untrusted' in presented) return presented
    const [thumbprint] = presented.thumbprints as [string]
    const { 'x5t#S256': named = thumbprint } = header
    if (named !== thumbprint) return untrusted('x5t#S256 is not the thumbprint of the certificate')
    const trusted = this.#trust(presented, thumbprint)
    if (typeof trusted === 'string') return untrusted(trusted)
    const finish = (): FoundCertificate => this.#judgeNow(trusted, thumbprint, now)
    return this.#lists?.renew(now)?.then(finish) ?? finish()
  }

  #trust ({ ders, thumbprints }: Presented, thumbprint: string): Trusted | string {
    const name = thumbprints.join(' ')
    const known = this.#trusted.get(name)
    if (known) return known
    const certificates = ders.flatMap((der) => parseCertificate(der) ?? [])
    const [leaf, ...more] = certificates
    if (leaf === undefined || certificates.length < ders.length) return 'there is something in it that is no certificate'
    const judged = this.#judge([leaf, ...more], thumbprint)
    if (typeof judged === 'string') return judged
    this.#trusted.set(name, judged)
    return judged
  }

  #judgeNow ({ key, clientId, links }: Trusted, thumbprint: string, now: number): FoundCertificate {
    for (const [index, { notBefore, notAfter, serial, issuer }] of links.entries()) {
      const which = index === 0 ? 'it' : 'one of its chain'
      // Written so that a time that could not be read is none at which it holds.
      if (!(notBefore <= now && now <= notAfter)) return untrusted(`${which} is not valid at this time`)
      const verdict = issuer === undefined ? 'good' : this.#lists?.verdict(issuer, serial, now) ?? 'good'
      if (verdict === 'revoked') return untrusted(`${which} was revoked`)
      if (verdict === 'unavailable') return verdict
    }
    return { key, clientId, thumbprint }
  }
}
