import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

/** The certificates in the bytes of a PEM text, or the one of a DER file, in their order; undefined when there is none, or one that cannot be read. */
export function parseCertificates (bytes: Buffer): readonly X509Certificate[] | undefined {
  const text = bytes.toString('latin1')
  const blocks = text.includes('-----BEGIN') ? text.match(block) ?? [] : [bytes]
  try {
    return blocks.length === 0 ? undefined : blocks.map((one) => new X509Certificate(one))
  } catch {
    return undefined
  }
}

/** The same from a file, with the sentence that says why it cannot be used. */
export async function readCertificates (path: string): Promise<readonly X509Certificate[] | string> {
  try {
    return parseCertificates(await readFile(path)) ?? `the file ${path} holds no certificate that can be read`
  } catch (error) {
    return `the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`
  }
}
