import { createHash } from 'node:crypto'
import type { X509Certificate } from 'node:crypto'
import { BitString } from 'asn1js'
import { BasicConstraints, Certificate } from 'pkijs'
import { readCertificates } from './certificates-file.ts'
import { maxChain } from './certificates-header.ts'
import { findWeakKey, findWeakSignature } from './certificates-strength.ts'

/**
 * Chains from a certificate to an authority that is trusted (RFC 5280, 6, without name constraints and policies: a certificate that needs
 * them is refused). Loaded only where authorities are configured.
 */

/** One certificate of a chain that was found good: its times in epoch ms, and the authority that issued it, undefined for the last. */
export interface Link { readonly notBefore: number, readonly notAfter: number, readonly serial: string, readonly issuer: string | undefined }

/** The authorities of the configuration: each certificate is trusted by itself, and held to its own issuer where that is configured too. */
export class Authorities {
  readonly certificates: readonly X509Certificate[]
  /** Each with those above it. */
  readonly #upwards: ReadonlyMap<X509Certificate, readonly X509Certificate[]>

  constructor (certificates: readonly X509Certificate[]) {
    this.certificates = certificates
    this.#upwards = new Map(certificates.map((one) => [one, upwardsFrom(one, certificates)]))
  }

  /** The chain of a certificate, leaf first, over those that were sent with it in their order; a sentence when there is none. Times are not looked at. */
  chainOf (presented: readonly X509Certificate[]): readonly Link[] | string {
    const found = this.#findAuthority(presented)
    if (typeof found === 'string') return found
    const { path, authority } = found
    const weakness = path.map((one) => findWeakSignature(one) ?? findWeakKey(one)).find((one) => one !== undefined)
    if (weakness !== undefined) return weakness
    // From above, so that of what anybody can make up no more than one signature is verified.
    for (let index = path.length - 1; index > 0; index--) if (!isSigned(path[index - 1] as X509Certificate, path[index] as X509Certificate)) return 'its chain is broken'
    const chain = [...path, ...this.#upwards.get(authority) ?? []]
    if (chain.length > maxChain) return `its chain is longer than ${maxChain}`
    const fault = findFault(chain)
    if (fault !== undefined) return fault
    if (!presented.slice(path.length).every((one) => this.#isTrusted(one))) return 'there are certificates with it that do not belong to its chain'
    return chain.map((one, index) => linkOf(one, chain[index + 1]))
  }

  /** The authority that signed the certificate or, in order, one of those behind it, which by their names issued each other. */
  #findAuthority (presented: readonly X509Certificate[]): { readonly path: readonly X509Certificate[], readonly authority: X509Certificate } | string {
    for (const [index, current] of presented.entries()) {
      const below = presented[index - 1]
      if (below && !below.checkIssued(current)) return 'its chain is broken'
      const named = this.certificates.filter((one) => current.checkIssued(one))
      const authority = named.find((one) => isSigned(current, one))
      if (authority) return { path: presented.slice(0, index + 1), authority }
      if (named.length > 0) return noAuthority
    }
    return noAuthority
  }

  #isTrusted ({ raw }: X509Certificate): boolean {
    return this.certificates.some((one) => one.raw.equals(raw))
  }
}

const noAuthority = 'no authority that is trusted here issued it'

function upwardsFrom (certificate: X509Certificate, all: readonly X509Certificate[]): readonly X509Certificate[] {
  const chain = [certificate]
  for (let next: X509Certificate | undefined = certificate; next;) {
    const current: X509Certificate = next
    next = all.find((one) => !chain.includes(one) && current.checkIssued(one) && isSigned(current, one))
    if (next) chain.push(next)
  }
  return chain
}

/** Reads the authorities of the configuration. Throws naming everything that cannot be used; what has expired is warned about. `now` in epoch ms. */
export async function readAuthorities (files: readonly string[], now: number, warn: (message: string) => void): Promise<Authorities> {
  const read = await Promise.all(files.map(async (file) => ({ file, content: await readCertificates(file) })))
  const faults = read.flatMap(({ file, content }) => typeof content === 'string' ? [content] : content.flatMap((one) => findAuthorityFault(one) ?? []).map((fault) => `the file ${file} holds a certificate that cannot be trusted as an authority: ${fault}`))
  if (faults.length > 0) throw new Error(faults.join('\n'))
  const certificates = read.flatMap(({ content }) => content as readonly X509Certificate[])
  for (const { file, content } of read) {
    for (const one of content as readonly X509Certificate[]) if (one.validToDate.getTime() < now) warn(`the authority in ${file} expired at ${one.validToDate.toISOString()}: nothing that it issued is trusted any more`)
  }
  return new Authorities(certificates)
}

function findAuthorityFault (certificate: X509Certificate): string | undefined {
  if (!certificate.ca) return 'it may not issue certificates (basicConstraints, keyUsage)'
  const extensions = readExtensions(certificate)
  return findWeakKey(certificate) ?? (typeof extensions === 'string' ? extensions : undefined)
}

/** Names an authority: its subject and its key, whatever certificate they stand in. */
export function authorityName ({ subject, publicKey }: X509Certificate): string {
  return `${createHash('sha256').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64url')} ${subject}`
}

/** A serial number as certificates and revocation lists are compared by it: hexadecimal, lower case, without leading zeros. */
export function serialOf (hexadecimal: string): string {
  return hexadecimal.toLowerCase().replace(/^0+(?=.)/, '')
}

function linkOf ({ validFromDate, validToDate, serialNumber }: X509Certificate, issuer: X509Certificate | undefined): Link {
  return { notBefore: validFromDate.getTime(), notAfter: validToDate.getTime(), serial: serialOf(serialNumber), issuer: issuer && authorityName(issuer) }
}

function isSigned (certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

/** What forbids a chain whose signatures are good: who may issue, how far down, and what the leaf is for. */
function findFault (chain: readonly X509Certificate[]): string | undefined {
  for (const [index, certificate] of chain.entries()) {
    const extensions = readExtensions(certificate)
    if (typeof extensions === 'string') return extensions
    if (index === 0 && certificate.ca) return 'it is that of an authority'
    if (index === 0 && !extensions.signs) return 'it is not for signatures (keyUsage without digitalSignature)'
    if (index > 0 && !certificate.ca) return 'one of its chain may not issue certificates'
    if (extensions.pathLength !== undefined && index - 1 > extensions.pathLength) return 'its chain is longer than one of its authorities allows (pathLenConstraint)'
  }
  return undefined
}

const keyUsage = '2.5.29.15'
const basicConstraints = '2.5.29.19'
const nameConstraints = '2.5.29.30'
/** Extensions that may be critical: what they say is looked at here, or forbids nothing that is done here (names, purposes and policies of a leaf). */
const understood = new Set([keyUsage, basicConstraints, '2.5.29.17', '2.5.29.32', '2.5.29.37'])
const digitalSignature = 0x80

interface Extensions { readonly signs: boolean, readonly pathLength: number | undefined }

function readExtensions ({ raw }: X509Certificate): Extensions | string {
  try {
    const { extensions = [] } = Certificate.fromBER(raw)
    const names = extensions.map(({ extnID }) => extnID)
    if (new Set(names).size < names.length) return 'it has an extension twice'
    if (names.includes(nameConstraints) || extensions.some(({ extnID, critical }) => critical && !understood.has(extnID))) return 'it has constraints that are not understood here'
    const valueOf = (name: string): unknown => extensions.find(({ extnID }) => extnID === name)?.parsedValue
    const [usage, constraints] = [valueOf(keyUsage), valueOf(basicConstraints)]
    if ((usage !== undefined && !(usage instanceof BitString)) || (constraints !== undefined && !isReadable(constraints))) return unreadable
    return {
      signs: usage === undefined || ((usage.valueBlock.valueHexView[0] ?? 0) & digitalSignature) !== 0,
      pathLength: constraints?.pathLenConstraint === undefined ? undefined : Number(constraints.pathLenConstraint)
    }
  } catch {
    return unreadable
  }
}

const unreadable = 'it has extensions that cannot be read'

function isReadable (value: unknown): value is BasicConstraints {
  return value instanceof BasicConstraints && !Object.hasOwn(value, 'parsingError')
}
