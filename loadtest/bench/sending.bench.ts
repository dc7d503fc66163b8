import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { AnswerHead } from '../../gateway/answer-head.ts'
import { StreamingOutlet } from '../../gateway/outlet.ts'
import { figures } from '../admitted-call.ts'
import { exchangeWith } from './request.ts'
import type { Stage } from './stage.ts'
import type { World } from './world.ts'

/** A connection that takes whatever is written and counts how often: each time is a system call, and those are what a call costs most of. */
class Connection extends Writable {
  writes = 0

  override _write (_chunk: unknown, _encoding: string, done: () => void): void {
    this.writes++
    done()
  }

  override _writev (_chunks: unknown, done: () => void): void {
    this.writes++
    done()
  }
}

/** Step 7: a short answer that came in one piece goes out in one write, its head included. */
export function sendingStages ({ request, now }: World): readonly Stage[] {
  const body = Buffer.from(figures.body)
  const headers = { 'content-length': String(body.length) }
  const connection = new Connection()
  const send = (): number => {
    const exchange = exchangeWith(request, now)
    exchange.response.assignSocket(connection as unknown as Socket)
    connection.writes = 0
    const outlet = new StreamingOutlet(exchange, () => { throw new Error('the answer is not sent') })
    outlet.begin(200, headers, () => new AnswerHead(['content-type', 'application/json', 'cache-control', 'max-age=60', 'Content-Length', headers['content-length']]))
    outlet.write(body)
    outlet.end()
    exchange.response.detachSocket(connection as unknown as Socket)
    return connection.writes
  }
  return [{ name: 'answer sent in one write', ofCall: true, run: send, isRight: (writes) => writes === 1 }]
}
