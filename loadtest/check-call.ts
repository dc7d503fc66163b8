import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import { text } from 'node:stream/consumers'
import { describeWrong, isExpected } from './expected.ts'
import type { Expected } from './expected.ts'
import type { Headers } from './fire.ts'

/** A call that is made by itself; `name` says of what. */
export interface CheckedCall {
  readonly name: string
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Headers
  readonly body: string | undefined
  readonly expected: Expected
  readonly signal: AbortSignal
}

/** Makes a call on a connection of its own, with https over TLS that is verified. Throws when there is no answer, or another than the expected one; no redirection is followed. */
export async function checkCall ({ name, url, method, headers, body, expected, signal }: CheckedCall): Promise<void> {
  const send = url.startsWith('https:') ? requestTls : request
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    send(url, { method, headers, agent: false, signal }, resolve).once('error', (error: NodeJS.ErrnoException) => { reject(new Error(`${name}: no answer (${error.code ?? error.message})`)) }).end(body)
  })
  const received = await text(answer)
  if (!isExpected(expected, answer.statusCode ?? 0, received)) throw new Error(`${name}: ${describeWrong(expected, answer.statusCode ?? 0, received)}`)
}
