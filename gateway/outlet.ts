import type { IncomingHttpHeaders } from 'node:http'
import type { Denial } from '../policies/denials.ts'
import type { Exchange } from './exchange.ts'

/** Where an upstream's answer goes that is passed on to the caller: its head, the parts of its body, its end. */
export interface Outlet {
  /** True once something of it went to the caller: a failure can then only break it off. */
  readonly begun: boolean
  /** Told of the head of every answer first, also of one that is replaced. A denial when it must not be passed on. */
  see? (status: number, headers: IncomingHttpHeaders): Denial | undefined
  /** `setHeaders` puts the headers that are passed on onto the caller's response. A denial when it is not passed on after all. */
  begin (status: number, headers: IncomingHttpHeaders, setHeaders: () => void): Denial | undefined
  /** `wait` when the caller cannot take more for now; a denial when it is not passed on after all. */
  write (chunk: Buffer): 'more' | 'wait' | Denial
  end (): void
}

/** Passes an answer on as it comes. */
export class StreamingOutlet implements Outlet {
  readonly #exchange: Exchange
  begun = false

  constructor (exchange: Exchange) {
    this.#exchange = exchange
  }

  begin (status: number, _headers: IncomingHttpHeaders, setHeaders: () => void): undefined {
    setHeaders()
    this.#exchange.response.writeHead(status)
    this.begun = true
  }

  write (chunk: Buffer): 'more' | 'wait' {
    this.#exchange.bytesSent += chunk.length
    return this.#exchange.response.write(chunk) ? 'more' : 'wait'
  }

  end (): void {
    this.#exchange.response.end()
  }
}
