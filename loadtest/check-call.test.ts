import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import { startCertificateServer } from '../gateway/harness/certificate-server.ts'
import { checkCall } from './check-call.ts'
import type { CheckedCall } from './check-call.ts'

const call: Omit<CheckedCall, 'url'> = { name: 'a call', method: 'POST', headers: { host: 'varco.example.it', authorization: 'Bearer v.o.u' }, body: 'è', expected: { status: 302, body: 'right' }, signal: new AbortController().signal }

t.test('a call is sent as it is, and no redirection is followed', async (t) => {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push([request.method, request.url, request.headers.host, request.headers.authorization])
    response.writeHead(302, { location: 'http://192.0.2.1/' }).end('right')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x?y=1`
  await checkCall({ ...call, url })
  t.strictSame(seen, [['POST', '/x?y=1', 'varco.example.it', 'Bearer v.o.u']])
  await t.rejects(checkCall({ ...call, url, expected: { status: 302, body: 'wrong' } }), { message: 'a call: expected 302 with wrong, got 302 with right' })
})

t.test('nothing is sent to a server whose certificate cannot be verified', async (t) => {
  const server = await startCertificateServer(t)
  await t.rejects(checkCall({ ...call, url: server.origin }), { message: /^a call: no answer \(.*(CERT|SIGNATURE).*\)$/ })
  t.strictSame(server.requests, [])
})
