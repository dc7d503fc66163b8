import { figures } from './admitted-call.ts'

/** What the upstream of a load test answers: both sides of the gateway know it from here. `again` is what it answers to all but the first request, where that is something else. */
export interface Prepared { readonly body: string, readonly headers: Readonly<Record<string, string>>, readonly again?: string }

/** Lengths of documents, in bytes. */
export const kib10 = 10 * 1024
export const mib1 = 1024 * 1024
export const mib8 = 8 * mib1

const basePath = '/rest/messages/v1'
export const messagesPath = `${basePath}/messages`
export const signedMessagesPath = `${basePath}/signed-messages`
export const documentPath = (bytes: number): string => `${basePath}/documents/${bytes}`
export const publicDocumentPath = `${basePath}/public-documents/1024`

/** A document of exactly so many bytes, all of them ASCII. */
export function documentOf (bytes: number): string {
  const around = '{"text":""}'
  const text = 'Il sistema di ascolto del cittadino. '.repeat(Math.ceil(bytes / 37)).slice(0, bytes - around.length)
  return `{"text":"${text}"}`
}

/** What everybody may see and a cache keep. */
export const publicDocument = documentOf(1024)

export const received = '{"received":true}'

const json = { 'Content-Type': 'application/json' }
/** What is answered to every other path. */
export const usual: Prepared = { body: figures.body, headers: { ...json, 'Cache-Control': 'max-age=60', ETag: '"1"' } }

/** What is answered to some paths. */
export const answers: ReadonlyMap<string, Prepared> = new Map([
  [messagesPath, { body: received, headers: json }],
  [signedMessagesPath, { body: received, headers: json }],
  [documentPath(kib10), { body: documentOf(kib10), headers: json }],
  [documentPath(mib8), { body: documentOf(mib8), headers: json }],
  [documentPath(mib1), { body: documentOf(mib1), headers: json }],
  // Whoever asks again did not keep it, and is found out.
  [publicDocumentPath, { body: publicDocument, again: documentOf(512), headers: { ...json, 'Cache-Control': 'public, max-age=86400', ETag: '"1"' } }]
])
