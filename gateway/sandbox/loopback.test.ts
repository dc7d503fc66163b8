import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { startSandbox } from './sandbox-fixture.ts'

const sandbox = await startSandbox(t)
const { port } = new URL(sandbox.url)
const docs = 'http://127.0.0.1:8080'

/** The status line and headers of a request sent as it is written. */
async function raw (...lines: string[]): Promise<string> {
  const socket = connect(Number(port), '127.0.0.1')
  socket.end([...lines, 'Connection: close', '', ''].join('\r\n'))
  let answer = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => { answer += chunk })
  await once(socket, 'close')
  return answer
}

for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, 'localhost']) {
  t.test(`Host ${host.replace(port, 'PORT')} is this machine`, async (t) => {
    t.match(await raw('GET /status HTTP/1.1', `Host: ${host}`), /^HTTP\/1\.1 200 /)
  })
}

const strangers = ['attacker.example', `127.0.0.1.attacker.example:${port}`, 'localhost@attacker', '127.0.0.2', '']
for (const host of strangers) {
  t.test(`Host "${host.replace(port, 'PORT')}" is refused: a rebound name carries itself`, async (t) => {
    t.match(await raw('GET /debug/token-requests HTTP/1.1', `Host: ${host}`), /^HTTP\/1\.1 403 /)
  })
}

t.test('two Host headers are refused', async (t) => {
  t.match(await raw('GET /status HTTP/1.1', `Host: 127.0.0.1:${port}`, 'Host: attacker.example'), /^HTTP\/1\.1 40[03] /)
})

t.test('an unknown path is a problem too, and only for this machine', async (t) => {
  t.match(await raw('GET /none HTTP/1.1', 'Host: localhost'), /^HTTP\/1\.1 404 [^]*application\/problem\+json/)
  t.match(await raw('GET /none HTTP/1.1', 'Host: attacker.example'), /^HTTP\/1\.1 403 /)
  t.match(await raw('GET /%zz HTTP/1.1', 'Host: localhost'), /^HTTP\/1\.1 400 [^]*application\/problem\+json/)
})

t.test('a page of the documentation may ask for vouchers', async (t) => {
  const preflight = await fetch(`${sandbox.url}/debug/vouchers`, {
    method: 'OPTIONS',
    headers: { origin: docs, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }
  })
  t.equal(preflight.status, 204)
  t.match(Object.fromEntries(preflight.headers), {
    'access-control-allow-origin': docs,
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'Content-Type',
    vary: 'Origin'
  })
  const voucher = await fetch(`${sandbox.url}/debug/vouchers`, {
    method: 'POST',
    headers: { origin: docs, 'content-type': 'application/json' },
    body: JSON.stringify({ client: 'istat', purpose: 'istat-tickets' })
  })
  t.equal(voucher.status, 200)
  t.equal(voucher.headers.get('access-control-allow-origin'), docs)
})

for (const origin of ['http://attacker.example', 'http://127.0.0.1:9999', 'https://127.0.0.1:8080', 'null']) {
  t.test(`a page of ${origin} may not call`, async (t) => {
    const response = await fetch(`${sandbox.url}/debug/vouchers`, { method: 'POST', headers: { origin }, body: '{}' })
    t.equal(response.status, 403)
    t.equal(response.headers.get('access-control-allow-origin'), null)
  })
}
