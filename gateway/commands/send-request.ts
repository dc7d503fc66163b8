import { Agent as HttpAgent, request as requestHttp } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import type { Header, RawRequest } from '../raw-request.ts'

/** An answer as it was received: header fields in their order, the bytes of the body as they came, transfer coding removed. */
export interface RawAnswer { readonly status: number, readonly reason: string, readonly headers: readonly Header[], readonly body: Buffer }

/** PEM texts for mutual TLS. */
export interface ClientCertificate { readonly cert: Buffer, readonly key: Buffer }

const deadlineMs = 30_000
const mostBytes = 64 * 1024 * 1024

/**
 * Sends a request exactly as it is written, on a connection of its own, and gives the answer; on TLS
 * with the client certificate, if there is one. Throws a sentence when there is no whole answer.
 */
export async function sendRequest (origin: URL, { method, target, headers, body }: RawRequest, certificate?: ClientCertificate): Promise<RawAnswer> {
  const secure = origin.protocol === 'https:'
  const options = { host: origin.hostname.replace(/^\[|\]$/g, ''), port: origin.port || (secure ? 443 : 80), method, path: target, headers: headers.flat(), setHost: false, signal: AbortSignal.timeout(deadlineMs) }
  try {
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = secure ? requestHttps({ ...options, agent: new HttpsAgent({ keepAlive: false, ...certificate }) }) : requestHttp({ ...options, agent: new HttpAgent({ keepAlive: false }) })
      request.once('response', resolve).once('error', reject).end(body)
    })
    return { status: message.statusCode ?? 0, reason: message.statusMessage ?? '', headers: pairs(message.rawHeaders), body: await readBody(message) }
  } catch (error) {
    throw new Error(`${origin.origin} ${reasonOf(error)}`, { cause: error })
  }
}

async function readBody (message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBytes) throw new Error('its answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function pairs (raw: readonly string[]): readonly Header[] {
  return raw.flatMap((name, index) => index % 2 === 0 ? [[name, raw[index + 1] as string] as const] : [])
}

function reasonOf (error: unknown): string {
  const { name, code, message } = error as NodeJS.ErrnoException
  if (name === 'TimeoutError' || name === 'AbortError') return `did not answer within ${deadlineMs / 1000} s`
  if (code === 'ECONNREFUSED') return 'did not answer: nothing listens there. Is the gateway running, and is the port right?'
  return code === undefined ? `gave no usable answer: ${message}` : `gave no whole answer (${code})`
}
