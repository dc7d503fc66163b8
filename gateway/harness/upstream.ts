import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the upstream saw it. `body` grows while it comes in. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  body: Buffer
  /** True once the gateway gave the request up. */
  aborted: boolean
}

export type AnswerAs = (request: IncomingMessage, response: ServerResponse, seen: SeenRequest) => void

/** The answer unless a test sets another: 200 with a small JSON object. */
export const answerOk: AnswerAs = (_request, response) => { response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}') }

/** An upstream that records every request, also what it cannot read, and answers as it is told once the body is in. */
export class Upstream {
  readonly requests: SeenRequest[] = []
  /** How many connections were made to it. */
  connections = 0
  answer: AnswerAs = answerOk
  readonly server: Server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => { this.#record(request, response) })

  async listen (): Promise<this> {
    this.server.on('connection', () => { this.connections++ })
    this.server.on('clientError', (error, socket) => {
      this.requests.push({ method: 'UNREADABLE', url: error.message, headers: {}, rawHeaders: [], body: Buffer.alloc(0), aborted: false })
      socket.destroy()
    })
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get url (): string { return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}` }

  async close (): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  #record (request: IncomingMessage, response: ServerResponse): void {
    const seen: SeenRequest = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, rawHeaders: request.rawHeaders, body: Buffer.alloc(0), aborted: false }
    this.requests.push(seen)
    const chunks: Buffer[] = []
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen.body = Buffer.concat(chunks)
      this.answer(request, response, seen)
    })
    response.on('close', () => { seen.aborted = !response.writableFinished })
  }
}
