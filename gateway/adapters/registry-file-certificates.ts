import type { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import { itemsAt, textAt, valueAt } from '../document-value.ts'
import { readCertificates } from './certificates-file.ts'
import type { CertifiedClient, RegisteredCertificate } from './certificates-registered.ts'
import type { Finding } from './checked-yaml.ts'

/** The certificates of clients that a registry file names as files, by the name that it gives each, and those that cannot be used. */
export interface CertificateFiles { readonly certificates: ReadonlyMap<string, readonly X509Certificate[]>, readonly findings: readonly Finding[] }

/** The names of all of them. */
export function certificateFilesIn (document: unknown): readonly string[] {
  return itemsAt(document, 'clients').flatMap((client) => itemsAt(client, 'certificates').flatMap((certificate) => textAt(certificate, ['file']) ?? []))
}

/** Reads every certificate that a registry file names, relative to `folder`; whatever has not the expected shape is passed over. */
export async function readCertificateFiles (document: unknown, folder: string): Promise<CertificateFiles> {
  const named = itemsAt(document, 'clients').flatMap((client, at) => itemsAt(client, 'certificates').map((certificate, index) => ({ path: ['clients', at, 'certificates', index, 'file'], file: valueAt(certificate, ['file']) })))
  const certificates = new Map<string, readonly X509Certificate[]>()
  const findings = await Promise.all(named.map(async ({ path, file }): Promise<Finding[]> => {
    if (typeof file !== 'string') return []
    const read = await readCertificates(resolve(folder, file))
    if (typeof read === 'string') return [{ path, message: read }]
    certificates.set(file, read)
    return []
  }))
  return { certificates, findings: findings.flat() }
}

/** A client with its files in place of their names. */
export function withCertificates<Client extends CertifiedClient> (client: Client, files: CertificateFiles['certificates']): Client {
  if (!client.certificates) return client
  const read = (certificate: RegisteredCertificate): RegisteredCertificate => 'file' in certificate ? { ...certificate, certificates: files.get(certificate.file) ?? [] } : certificate
  return { ...client, certificates: client.certificates.map(read) }
}
