import type { Finding } from './adapters/checked-yaml.ts'
import { valueAt } from './document-value.ts'

/** What a schema cannot say of `x509`: what goes with which mode, and origins in another spelling than the one that they are compared in. */
export function findCertificateFaults (document: unknown): Finding[] {
  const mode = valueAt(document, ['x509', 'mode'])
  const origins = valueAt(document, ['x509', 'x5u'])
  return [
    ...mode === 'ca' && valueAt(document, ['x509', 'ca']) === undefined ? [{ path: ['x509'], message: 'mode ca needs ca: name the files of the authorities' }] : [],
    ...['ca', 'crl'].filter((name) => mode === 'pinned' && valueAt(document, ['x509', name]) !== undefined).map((name) => ({
      path: ['x509', name],
      message: 'is for mode ca: with mode pinned nothing but the certificates in the registry is trusted, and taking one out there revokes it'
    })),
    ...(Array.isArray(origins) ? origins : []).flatMap((origin: unknown, index) => {
      const fault = faultOfOrigin(origin)
      return fault === undefined ? [] : [{ path: ['x509', 'x5u', index], message: fault }]
    })
  ]
}

function faultOfOrigin (origin: unknown): string | undefined {
  if (typeof origin !== 'string') return undefined
  if (!URL.canParse(origin)) return 'is not a URL'
  const spelled = new URL(origin).origin
  return spelled === origin ? undefined : `must be written as a URL has it: ${spelled}`
}
