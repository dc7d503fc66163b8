import { verify, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { BitString, fromBER } from 'asn1js'
import { Certificate, CertificateRevocationList } from 'pkijs'
import type { Extension } from 'pkijs'
import { authorityName, serialOf } from './certificates-chain.ts'
import type { ListAnswer, ListTask } from './certificates-crl.ts'
import { signatureHashes } from './certificates-strength.ts'

/** Reads one revocation list (RFC 5280, 5) in a thread of its own, which ends with it: a long one takes seconds. */

const maxBytes = 64 * 1024 * 1024
const maxNodes = 20_000_000
const armour = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/
const keyUsage = '2.5.29.15'
const cRLSign = 0x02
const partial = new Set(['2.5.29.27', '2.5.29.28'])

async function readList ({ file, authorities }: ListTask): Promise<ListAnswer> {
  const list = parse(await readFile(file))
  if (!list) return { fault: 'it is no revocation list' }
  if (list.crlExtensions?.extensions.some(({ extnID, critical }) => critical || partial.has(extnID)) || list.revokedCertificates?.some(({ crlEntryExtensions }) => hasCritical(crlEntryExtensions?.extensions))) {
    return { fault: 'it is only a part of a list, or one of several authorities: a complete one is needed' }
  }
  const issuers = authorities.map((raw) => new X509Certificate(raw)).filter((authority) => isIssuer(authority, list))
  if (issuers.length === 0) return { fault: 'none of the authorities in x509.ca signed it' }
  if (!list.nextUpdate) return { fault: 'it does not say until when it holds (nextUpdate)' }
  return {
    issuers: [...new Set(issuers.map(authorityName))].toSorted(),
    thisUpdate: list.thisUpdate.value.getTime(),
    nextUpdate: list.nextUpdate.value.getTime(),
    serials: (list.revokedCertificates ?? []).map(({ userCertificate }) => serialOf(Buffer.from(userCertificate.valueBlock.valueHexView).toString('hex')))
  }
}

function parse (bytes: Buffer): CertificateRevocationList | undefined {
  const [, base64] = bytes.length > maxBytes ? [] : armour.exec(bytes.toString('latin1')) ?? []
  const der = base64 === undefined ? bytes : Buffer.from(base64, 'base64')
  try {
    const { offset, result } = fromBER(der, { maxNodes, maxContentLength: maxBytes })
    return offset === der.length ? new CertificateRevocationList({ schema: result }) : undefined
  } catch {
    return undefined
  }
}

function hasCritical (extensions: readonly Extension[] = []): boolean {
  return extensions.some(({ critical }) => critical)
}

function isIssuer (authority: X509Certificate, list: CertificateRevocationList): boolean {
  const { subject, extensions = [] } = Certificate.fromBER(authority.raw)
  const usage: unknown = extensions.find(({ extnID }) => extnID === keyUsage)?.parsedValue
  const maySign = usage === undefined || (usage instanceof BitString && ((usage.valueBlock.valueHexView[0] ?? 0) & cRLSign) !== 0)
  const { signatureAlgorithm: { algorithmId }, signature, issuer, tbsView, signatureValue } = list
  const hash = signatureHashes[algorithmId]
  if (!maySign || hash === undefined || signature.algorithmId !== algorithmId || !issuer.isEqual(subject)) return false
  try {
    return verify(hash, tbsView, authority.publicKey, signatureValue.valueBlock.valueHexView)
  } catch {
    return false
  }
}

const answer = await readList(workerData as ListTask).catch((error: NodeJS.ErrnoException): ListAnswer => ({ fault: `it cannot be read (${error.code ?? 'unknown error'})` }))
parentPort?.postMessage(answer)
