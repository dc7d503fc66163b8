import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodies, delaysMs } from './answers.ts'

let served = 0

const send = (response: ServerResponse, status: number, type: string, body: string | Buffer): void => {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) }).end(body)
}
const prepared = { usual: Buffer.from(bodies.usual), large: Buffer.from(bodies.large), huge: Buffer.from(bodies.huge) }
const sendUsual = (response: ServerResponse): void => { send(response, 200, 'application/json', prepared.usual) }

/** What the e-service does by the last part of the path: most of it no e-service should. */
const answers: Readonly<Record<string, (response: ServerResponse, request: IncomingMessage) => void>> = {
  usual: sendUsual,
  large: (response) => { send(response, 200, 'application/json', prepared.large) },
  huge: (response) => { send(response, 200, 'application/octet-stream', prepared.huge) },
  slow: (response) => { setTimeout(sendUsual, delaysMs.slow, response) },
  late: (response) => { setTimeout(sendUsual, delaysMs.late, response) },
  failed: (response) => { send(response, 500, 'text/html', '<h1>Internal Server Error</h1>') },
  reset: (_response, request) => { request.socket.destroy() },
  broken: (response, request) => {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': prepared.large.length })
    response.write(prepared.large.subarray(0, prepared.large.length / 2), () => { request.socket.destroy() })
  },
  notes: (response, request) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => { parts.push(part) }).on('end', () => { send(response, 201, 'application/json', Buffer.concat(parts)) })
  }
}

const server = createServer((request, response) => {
  served++
  const kind = /([a-z]+)(?:\?.*)?$/.exec(request.url ?? '')?.[1] ?? ''
  const answer = answers[kind] ?? sendUsual
  if (kind !== 'notes') request.resume()
  answer(response, request)
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
// Whoever launched it may ask how many requests it has served.
process.on('message', () => { process.send?.({ served }) })
process.once('SIGTERM', () => process.exit()).once('disconnect', () => process.exit())
