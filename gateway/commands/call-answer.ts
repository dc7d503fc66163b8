import { isUtf8 } from 'node:buffer'
import type { AnswerVerdict } from '../pdnd/producer-signature.ts'
import type { Header } from '../raw-request.ts'
import type { RawAnswer } from './send-request.ts'

/** The value of a header field (its name in lower case), the first where there are several. */
export function valueOf (headers: readonly Header[], name: string): string | undefined {
  return headers.find(([own]) => own.toLowerCase() === name)?.[1]
}

/** The nonce that a gateway asks for instead of answering (RFC 9449, 9). */
export function nonceAskedFor ({ status, headers }: RawAnswer): string | undefined {
  const asks = status === 401 && /\buse_dpop_nonce\b/.test(valueOf(headers, 'www-authenticate') ?? '')
  return asks ? valueOf(headers, 'dpop-nonce') : undefined
}

const told = new Set(['content-type', 'content-encoding', 'content-language', 'location', 'retry-after', 'etag', 'allow', 'www-authenticate', 'digest', 'agid-jwt-signature', 'x-correlation-id', 'x-request-id',
  'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'])

/** An answer as a person reads it: status, headers that say something about the call, body, and what came of its signature. */
export function answerText ({ status, reason, headers, body }: RawAnswer, verdict: AnswerVerdict | undefined): string {
  const head = headers.filter(([name]) => told.has(name.toLowerCase())).map(([name, value]) => `${name}: ${value}\n`)
  const text = isUtf8(body) ? `${body.toString()}${body.length === 0 || body.at(-1) === 0x0a ? '' : '\n'}` : `(${body.length} bytes)\n`
  const signature = verdict && `\nsignature of the answer: ${verdict.outcome === 'verified' ? `verified, by the key ${verdict.kid} of the producer` : `${verdict.outcome}: ${verdict.reason}`}\n`
  return `HTTP/1.1 ${status} ${reason}\n${head.join('')}\n${text}${signature ?? ''}`
}
