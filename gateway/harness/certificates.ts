import { KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import { BitString, fromBER, Integer, Sequence, Set as AsnSet, Utf8String } from 'asn1js'
import { AttributeTypeAndValue, BasicConstraints, Certificate, CertificateRevocationList, Extension, Extensions, RelativeDistinguishedNames, RevokedCertificate, Time } from 'pkijs'

/** Certificates as authorities issue them. Used by tests only. */

/** What a test wants of a certificate; times in epoch ms, from a day ago to a year ahead where nothing is said. */
export interface CertificateOptions {
  /** Attributes of the subject, the most general first; by default C=IT, O=Ente and the name. */
  readonly subject?: readonly (readonly [type: keyof typeof oids, value: string])[]
  readonly notBefore?: number
  readonly notAfter?: number
  readonly authority?: boolean
  readonly pathLength?: number
  /** Bits of keyUsage as RFC 5280, 4.2.1.3 numbers them. */
  readonly keyUsage?: readonly number[]
  /** On P-256 where nothing is said. */
  readonly key?: RsaHashedKeyGenParams | EcKeyGenParams
  /** The hash of the issuer's signature, which its key must be for; SHA-256 where nothing is said. */
  readonly hash?: string
  /** Beside basicConstraints and keyUsage. */
  readonly extensions?: readonly ExtraExtension[]
}

/** An extension with an empty sequence as its value. */
export interface ExtraExtension { readonly id: string, readonly critical: boolean }

/** What a test wants of a revocation list; times in epoch ms, from a minute ago to a day ahead where nothing is said. */
export interface ListOptions { readonly thisUpdate?: number, readonly nextUpdate?: number | undefined, readonly extensions?: readonly ExtraExtension[] }

type RsaHashedKeyGenParams = webcrypto.RsaHashedKeyGenParams
type EcKeyGenParams = webcrypto.EcKeyGenParams

const oids = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const
const basicConstraints = '2.5.29.19'
const keyUsage = '2.5.29.15'
const p256 = { name: 'ECDSA', namedCurve: 'P-256' }

/** How an RSA key is made; one of 2048 bits takes longer than most cases of a test. */
export const rsaOf = (modulusLength: number, more: object = {}): RsaHashedKeyGenParams => ({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: new Uint8Array([1, 0, 1]), ...more })

/** A certificate with its key, and the power to issue others. */
export interface Issued {
  readonly pem: string
  readonly keyPem: string
  readonly certificate: X509Certificate
  readonly privateKey: KeyObject
  readonly serial: number
  issue (name: string, options?: CertificateOptions): Promise<Issued>
  /** A list in PEM of the certificates that were revoked. */
  revoke (revoked: readonly Issued[], options?: ListOptions): Promise<string>
}

let lastSerial = 1000

/** A self-signed certificate. */
export async function selfSigned (name: string, options: CertificateOptions = {}): Promise<Issued> {
  return issue(name, options)
}

/** An authority that signs its own certificate. */
export async function makeAuthority (name: string, options: CertificateOptions = {}): Promise<Issued> {
  return issue(name, { authority: true, ...options })
}

interface Issuer { readonly subject: RelativeDistinguishedNames, readonly key: webcrypto.CryptoKey }

async function issue (name: string, options: CertificateOptions, issuer?: Issuer): Promise<Issued> {
  const pair = await webcrypto.subtle.generateKey(options.key ?? p256, true, ['sign', 'verify'])
  const serial = ++lastSerial
  const subject = subjectOf(options.subject ?? [['C', 'IT'], ['O', 'Ente'], ['CN', name]])
  const certificate = new Certificate()
  certificate.version = 2
  certificate.serialNumber = new Integer({ value: serial })
  certificate.subject = subject
  certificate.issuer = issuer?.subject ?? subject
  certificate.notBefore = new Time({ value: new Date(options.notBefore ?? Date.now() - 86_400_000) })
  certificate.notAfter = new Time({ value: new Date(options.notAfter ?? Date.now() + 365 * 86_400_000) })
  certificate.extensions = extensionsOf(options)
  await certificate.subjectPublicKeyInfo.importKey(pair.publicKey)
  await certificate.sign(issuer?.key ?? pair.privateKey, options.hash ?? 'SHA-256')
  const pem = toPem('CERTIFICATE', certificate.toSchema(true).toBER())
  const privateKey = KeyObject.from(pair.privateKey)
  const own: Issuer = { subject, key: pair.privateKey }
  return {
    pem,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificate: new X509Certificate(pem),
    privateKey,
    serial,
    issue: async (next, more = {}) => issue(next, more, own),
    revoke: async (revoked, more) => revoke(revoked, own, more)
  }
}

function subjectOf (attributes: readonly (readonly [type: keyof typeof oids, value: string])[]): RelativeDistinguishedNames {
  const parts = attributes.map(([type, value]) => new AttributeTypeAndValue({ type: oids[type], value: new Utf8String({ value }) }))
  // The library would put them all into one set, that is into one relative name.
  const sequence = new Sequence({ value: parts.map((part) => new AsnSet({ value: [part.toSchema()] })) })
  return new RelativeDistinguishedNames({ schema: fromBER(sequence.toBER(false)).result })
}

function extensionsOf ({ authority, pathLength, keyUsage: usages = authority ? [5, 6] : [0], extensions = [] }: CertificateOptions): Extension[] {
  const constraints = new BasicConstraints({ cA: authority ?? false, ...pathLength !== undefined && { pathLenConstraint: pathLength } })
  const bits = new Uint8Array([usages.reduce((all, bit) => all | (0x80 >> bit), 0)])
  return [
    new Extension({ extnID: basicConstraints, critical: true, extnValue: constraints.toSchema().toBER(false) }),
    new Extension({ extnID: keyUsage, critical: true, extnValue: new BitString({ valueHex: bits.buffer, unusedBits: 0 }).toBER(false) }),
    ...extensions.map(extra)
  ]
}

function extra ({ id, critical }: ExtraExtension): Extension {
  return new Extension({ extnID: id, critical, extnValue: new Sequence({ value: [] }).toBER(false) })
}

async function revoke (revoked: readonly Issued[], { subject, key }: Issuer, options: ListOptions = {}): Promise<string> {
  const { thisUpdate = Date.now() - 60_000, nextUpdate, extensions } = { nextUpdate: Date.now() + 86_400_000, ...options }
  const list = new CertificateRevocationList()
  list.version = 1
  list.issuer = subject
  list.thisUpdate = new Time({ value: new Date(thisUpdate) })
  if (nextUpdate !== undefined) list.nextUpdate = new Time({ value: new Date(nextUpdate) })
  if (extensions) list.crlExtensions = new Extensions({ extensions: extensions.map(extra) })
  list.revokedCertificates = revoked.map(({ serial }) => new RevokedCertificate({ userCertificate: new Integer({ value: serial }), revocationDate: new Time({ value: new Date(thisUpdate) }) }))
  await list.sign(key, 'SHA-256')
  return toPem('X509 CRL', list.toSchema(true).toBER())
}

function toPem (label: string, der: ArrayBuffer): string {
  const lines = Buffer.from(der).toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
