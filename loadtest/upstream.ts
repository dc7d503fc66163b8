import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

// The cheapest e-service that Node can be: one prepared answer, so that the time measured is the gateway's own.
const answer = readFileSync(new URL('channels.json', import.meta.url))
const headers = {
  'Content-Type': 'application/json',
  'Content-Length': answer.length,
  'Cache-Control': 'max-age=60',
  ETag: '"1"'
}

let served = 0

const server = createServer((request, response) => {
  served++
  request.resume()
  response.writeHead(200, headers).end(answer)
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
// Whoever launched it may ask how many requests it has served.
process.on('message', () => { process.send?.({ served }) })
process.once('SIGTERM', () => process.exit()).once('disconnect', () => process.exit())
