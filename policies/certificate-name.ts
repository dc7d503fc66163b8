/** How the registry names an X.509 certificate: by its SHA-256 thumbprint (base64url, as in x5t#S256), or by its subject (RFC 4514, as `openssl x509 -subject -nameopt RFC2253` prints it). */
export type CertificateName = { readonly thumbprint: string } | { readonly subject: string }

/** What of a certificate tells whose it is. */
export interface NamedCertificate { readonly thumbprint: string, readonly subject: string }

/** True when a name of the registry means this certificate. */
export function isCertificateOf (name: CertificateName, certificate: NamedCertificate): boolean {
  return 'thumbprint' in name ? name.thumbprint === certificate.thumbprint : name.subject === certificate.subject
}

/** The thumbprint and the subject of a certificate as the registry spells them, from what node:crypto's X509Certificate tells. */
export function nameOf ({ fingerprint256, subject }: { readonly fingerprint256: string, readonly subject: string }): NamedCertificate {
  return {
    thumbprint: Buffer.from(fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    // A line for each part, the most general first; RFC 4514, 2.1 wants the most specific first.
    subject: subject.split('\n').toReversed().join(',').replaceAll(' + ', '+').replaceAll(/[^\u0000-\u007f]/gu, escapeBytes)
  }
}

function escapeBytes (character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).toUpperCase()}`).join('')
}
