import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'

/** How a caller behaves: as it should, or it goes away while it sends, while it waits or while it reads, or it reads slowly. */
export type Manner = 'whole' | 'leaves-sending' | 'leaves-waiting' | 'leaves-reading' | 'reads-slowly'

/** A call of the soak. `length` is what Content-Length says where no body follows. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly length?: number
  readonly manner: Manner
}

/** What came back: `whole` when the answer was complete; else its status is 0 unless its head came, and `body` says why. */
export interface Answer { readonly whole: boolean, readonly status: number, readonly body: string, readonly ms: number }

/** Longer than anything may take, and how long callers wait that go away or read slowly, in ms. */
const [patienceMs, leavesAfterMs, readsAfterMs] = [20_000, 30, 400]

/** Callers of one gateway, on connections that are kept. */
export class Callers implements Disposable {
  readonly #origin: URL
  // Each in its turn, so that none lies idle until the gateway closes it.
  readonly #agent: Agent

  constructor (origin: string, connections: number) {
    this.#origin = new URL(origin)
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'fifo' })
  }

  /** Makes a call, once. Never throws: a connection that is refused or breaks is what came back, too. */
  async make (call: Call): Promise<Answer> {
    const sentAt = performance.now()
    const { hostname, port } = this.#origin
    const { method, path, manner, length } = call
    const content = call.body === undefined ? length : Buffer.byteLength(call.body)
    const headers = content === undefined ? call.headers : { ...call.headers, 'content-length': `${content}` }
    return new Promise((resolve) => {
      let status = 0
      const end = (whole: boolean, body: string): void => {
        resolve({ whole, status, body, ms: performance.now() - sentAt })
        // A body that was announced and never sent keeps a connection from being used again.
        if (length !== undefined) sent.destroy()
      }
      const fail = (error: NodeJS.ErrnoException): void => { end(false, error.code ?? error.message) }
      const options: RequestOptions = { hostname, port, method, path, headers, agent: this.#agent, timeout: patienceMs }
      const sent = request(options, (response) => {
        status = response.statusCode ?? 0
        read(response, manner).then((body) => end(true, body), fail)
      })
      sent.on('timeout', () => sent.destroy(new Error(`nothing for ${patienceMs} ms`))).on('error', fail)
      send(sent, call)
    })
  }

  [Symbol.dispose] (): void {
    this.#agent.destroy()
  }
}

function send (sent: ClientRequest, { body, length, manner }: Call): void {
  const leave = (): void => { sent.destroy(new Error('left')) }
  if (manner === 'leaves-waiting') setTimeout(leave, leavesAfterMs)
  if (manner === 'leaves-sending' && body !== undefined) sent.write(body.slice(0, body.length / 2), () => { setTimeout(leave, leavesAfterMs) })
  else if (length !== undefined) sent.flushHeaders()
  else sent.end(body)
}

async function read (response: IncomingMessage, manner: Manner): Promise<string> {
  if (manner === 'reads-slowly') await wait(readsAfterMs)
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) {
    if (manner === 'leaves-reading') throw new Error('left')
    if (manner === 'reads-slowly') await wait(1)
    body += chunk
  }
  return body
}
