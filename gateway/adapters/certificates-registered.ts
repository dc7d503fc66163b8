import type { X509Certificate } from 'node:crypto'
import { nameOf } from '../../policies/certificate-name.ts'
import type { CertificateName } from '../../policies/certificate-name.ts'
import { presentedOf } from './certificates-header.ts'
import type { Presented } from './certificates-header.ts'

/** A certificate of a client as the registry file has it: by name, or as a file that was read, leaf first. */
export type RegisteredCertificate = CertificateName | { readonly file: string, readonly certificates: readonly X509Certificate[] }

/** A client of the registry file and the certificates that it signs with. */
export interface CertifiedClient { readonly id: string, readonly alias: string, readonly certificates?: readonly RegisteredCertificate[] }

/** Whose certificates are whose, by what the registry says of them. */
export class RegisteredCertificates {
  readonly #byThumbprint = new Map<string, string>()
  readonly #bySubject = new Map<string, string>()
  readonly #files = new Map<string, Presented>()

  /** Throws when a certificate is registered with two clients, or by subject although nothing but the certificate itself is trusted (`pinned`). */
  constructor (clients: readonly CertifiedClient[], mode: 'pinned' | 'ca') {
    const names = new Map<string, string>()
    for (const { id, alias, certificates = [] } of clients) {
      for (const certificate of certificates) {
        if ('subject' in certificate && mode === 'pinned') throw new Error(`client "${alias}" has a certificate by subject, which says nothing without authorities: name its thumbprint or file, or set x509.mode to ca`)
        const [name, into] = 'subject' in certificate ? [certificate.subject, this.#bySubject] : [this.#thumbprintOf(certificate), this.#byThumbprint]
        const other = names.get(name)
        if (other !== undefined && other !== alias) throw new Error(`clients "${other}" and "${alias}" have the same certificate, ${name}: who calls with it would be either`)
        names.set(name, alias)
        into.set(name, id)
      }
    }
  }

  #thumbprintOf (certificate: Exclude<RegisteredCertificate, { subject: string }>): string {
    if ('thumbprint' in certificate) return certificate.thumbprint
    const presented = presentedOf(certificate.certificates.map(({ raw }) => raw))
    const [thumbprint] = presented.thumbprints as [string]
    this.#files.set(thumbprint, presented)
    return thumbprint
  }

  /** The certificate with this thumbprint and what goes with it, where the registry has the file. */
  presented (thumbprint: unknown): Presented | undefined {
    return typeof thumbprint === 'string' ? this.#files.get(thumbprint) : undefined
  }

  /** The client whose certificate has this thumbprint. */
  pinned (thumbprint: string): string | undefined {
    return this.#byThumbprint.get(thumbprint)
  }

  /** The client that a certificate belongs to, by its thumbprint or else by its subject. */
  owner (thumbprint: string, certificate: X509Certificate): string | undefined {
    return this.pinned(thumbprint) ?? this.#bySubject.get(nameOf(certificate).subject)
  }
}
