import { Agent, request } from 'node:http'

/** An answer, or none: then `status` is 0 and `body` says why. `ms` is how long it took, `sentAt` when it began (performance.now), `id` its X-Request-ID. */
export interface Answer { readonly status: number, readonly body: string, readonly ms: number, readonly sentAt: number, readonly id?: string | undefined }

/** Longer than anything may take, in ms. */
const patienceMs = 20_000

/** A caller of one gateway, on connections that are kept (so many at most), or on a new one for each call. Nothing is ever sent twice. */
export class Caller implements Disposable {
  readonly #origin: URL
  readonly #agent: Agent | false

  constructor (origin: string, keeps: number | 'none') {
    this.#origin = new URL(origin)
    this.#agent = keeps === 'none' ? false : new Agent({ keepAlive: true, maxSockets: keeps })
  }

  /** Makes a call. Never throws: a connection that is refused or breaks is an answer too, and none that anybody wants. */
  async get (path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const sentAt = performance.now()
    const { hostname, port } = this.#origin
    return new Promise((resolve) => {
      const end = (status: number, body: string, id?: string): void => { resolve({ status, body, ms: performance.now() - sentAt, sentAt, id }) }
      const fail = (error: NodeJS.ErrnoException): void => { end(0, `no answer: ${error.code ?? error.message}`) }
      const sent = request({ hostname, port, path, headers, agent: this.#agent, timeout: patienceMs }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => { body += chunk })
        response.on('end', () => { end(response.statusCode ?? 0, body, response.headers['x-request-id'] as string | undefined) }).on('error', fail)
      })
      sent.on('timeout', () => sent.destroy(new Error(`nothing for ${patienceMs} ms`))).on('error', fail).end()
    })
  }

  /** Closes the connections that were kept. */
  [Symbol.dispose] (): void {
    if (this.#agent) this.#agent.destroy()
  }
}

/** Does something over and over, on several lanes at once, until there is nothing left to do. */
export async function inLanes (lanes: number, work: (lane: number) => Promise<boolean>): Promise<void> {
  await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
    while (await work(lane));
  }))
}
