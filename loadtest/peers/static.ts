import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tellPort } from './tell-port.ts'

// The least that a Node server can do: one prepared answer, whatever is asked. What a gateway costs is told beside it on any machine.
const answer = readFileSync(new URL('../channels.json', import.meta.url))
const headers = { 'Content-Type': 'application/json', 'Content-Length': answer.length }

const server = createServer((_request, response) => { response.writeHead(200, headers).end(answer) })
server.listen(0, '127.0.0.1', () => { tellPort((server.address() as AddressInfo).port) })
