import type { X509Certificate } from 'node:crypto'
import { findAnyKeyFault } from '../../policies/jwk.ts'
import type { Jwk } from '../../policies/jwk.ts'

/** The hashes of the signatures that certificates and revocation lists may have, by algorithm: RSA (PKCS #1 v1.5) or ECDSA, never SHA-1 or MD5. */
export const signatureHashes: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512'
}

/** What is weak about how a certificate is signed, or undefined. */
export function findWeakSignature ({ signatureAlgorithmOid }: X509Certificate): string | undefined {
  return signatureAlgorithmOid !== undefined && Object.hasOwn(signatureHashes, signatureAlgorithmOid) ? undefined : 'it is signed with an algorithm that is not taken'
}

/** What is weak about the key of a certificate, or undefined: RSA of at least 2048 bits, or P-256, P-384, P-521. Whether it goes with the algorithm of a token is for its verifier to say. Never throws. */
export function findWeakKey (certificate: X509Certificate): string | undefined {
  try {
    const fault = findAnyKeyFault(certificate.publicKey.export({ format: 'jwk' }) as Jwk)
    return fault === undefined ? undefined : `its key is ${fault}`
  } catch {
    return 'its key is of a type that is not taken'
  }
}
