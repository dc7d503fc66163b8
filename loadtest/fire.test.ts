import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import type { Expected } from './expected.ts'
import { fire } from './fire.ts'
import type { Fired, Headers, Order } from './fire.ts'

const expected: Expected = { status: 200, body: 'right' }

async function listen (t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** Fires for a second at a server that answers as told; the listener gets the number of the request. */
async function fireAt (t: Test, answer: (number: number, ...exchange: Parameters<RequestListener>) => void, order: Partial<Order> = {}): Promise<Fired> {
  let number = 0
  const url = await listen(t, createServer((request, response) => { answer(++number, request, response) }))
  return fire({ url, headers: { authorization: 'Bearer v.o.u' }, expected, seconds: 1, connections: 4, ...order })
}

t.test('a round of right answers gives its figures, and every request carries the voucher', async (t) => {
  const vouchers = new Set<string | undefined>()
  let answers = 0
  const round = await fireAt(t, (number, request, response) => {
    answers = number
    vouchers.add(request.headers.authorization)
    response.end('right')
  })
  t.strictSame([...vouchers], ['Bearer v.o.u'])
  t.ok(round.requestsPerSecond > 0 && round.requestsPerSecond <= answers, 'no more than were asked for')
  t.ok(round.latency.p50 > 0 && round.latency.p99 >= round.latency.p50)
  t.ok(round.generatorBusy > 0)
})

const problem = (code: string, status = 401): string => JSON.stringify({ code, status })
const wrong: readonly { name: string, expected: Expected, status: number, body: string, says: RegExp }[] = [
  { name: 'another status', expected, status: 404, body: 'right', says: /^expected 200 with right, got 404 with right \(after 9 right answers\)$/ },
  { name: 'another body', expected, status: 200, body: 'wrong', says: /^expected 200 with right, got 200 with wrong / },
  { name: 'no body', expected, status: 200, body: '', says: /^expected 200 with right, got 200 with no body / },
  { name: 'a longer body, cut', expected, status: 200, body: 'x'.repeat(5000), says: /^expected 200 with right, got 200 with x{300}… / },
  {
    name: 'another code',
    expected: { status: 401, code: 'voucher-expired' },
    status: 401,
    body: problem('voucher-missing'),
    says: /^expected 401 with a problem "voucher-expired", got 401 with \{"code":"voucher-missing","status":401\} /
  },
  { name: 'a problem that is about another status', expected: { status: 401, code: 'voucher-expired' }, status: 401, body: problem('voucher-expired', 403), says: /^expected 401 / },
  { name: 'no problem at all', expected: { status: 401, code: 'voucher-expired' }, status: 401, body: '<html>', says: /got 401 with <html> / },
  { name: 'null instead of a problem', expected: { status: 401, code: 'voucher-expired' }, status: 401, body: 'null', says: /got 401 with null / }
]

for (const { name, expected, status, body, says } of wrong) {
  t.test(`one wrong answer in ten fails the round and is told: ${name}`, async (t) => {
    const right = 'code' in expected ? problem(expected.code, expected.status) : 'right'
    await t.rejects(fireAt(t, (number, _request, response) => {
      if (number === 10) response.writeHead(status).end(body)
      else response.writeHead(expected.status).end(right)
    }, { expected, connections: 1 }), { message: says })
  })
}

/** So many sets of headers, all different. */
const proofs = (count: number): readonly Headers[] => Array.from({ length: count }, (_, number) => ({ dpop: `proof-${number}` }))

t.test('what may be used once is sent once, all of it, and then the round is over', async (t) => {
  const seen: string[] = []
  const round = await fireAt(t, (_number, request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => { body += chunk }).on('end', () => {
      seen.push([request.method, request.headers.authorization, body, request.headers['dpop']].join(' '))
      response.end('right')
    })
  }, { method: 'POST', body: '{"è":1}', each: proofs(101), seconds: 60 })
  t.strictSame(seen.toSorted(), proofs(101).map(({ dpop }) => `POST Bearer v.o.u {"è":1} ${dpop}`).toSorted())
  t.equal(round.calls, 101)
})

t.test('a round can be so many calls instead of a time, and one that is lost fails it', async (t) => {
  t.match(await fireAt(t, (_number, _request, response) => { response.end('right') }, { calls: 50, seconds: 60 }), { calls: 50 })
  await t.rejects(fireAt(t, (number, request, response) => {
    if (number === 10) request.socket.end()
    else response.end('right')
  }, { calls: 50, seconds: 60 }), { message: /^1 calls got no answer: their connections were closed$/ })
})

t.test('fewer calls than connections are made on fewer connections', async (t) => {
  t.match(await fireAt(t, (_number, _request, response) => { response.end('right') }, { each: proofs(2) }), { calls: 2 })
})

t.test('what may be used once is not sent again when its connection is closed, and the round fails', async (t) => {
  const seen: unknown[] = []
  await t.rejects(fireAt(t, (number, request, response) => {
    seen.push(request.headers['dpop'])
    if (number === 10) request.socket.end()
    else response.end('right')
  }, { each: proofs(40) }), { message: /^1 calls got no answer: their connections were closed$/ })
  t.equal(new Set(seen).size, seen.length)
})

t.test('a wrong answer among calls that are made once fails the round', async (t) => {
  await t.rejects(fireAt(t, (number, _request, response) => { response.end(number === 40 ? 'wrong' : 'right') }, { each: proofs(40), connections: 1 }), { message: 'expected 200 with right, got 200 with wrong (after 39 right answers)' })
})

t.test('a long answer is compared to its last byte', async (t) => {
  const long = 'x'.repeat(1_000_000)
  await t.rejects(fireAt(t, (_number, _request, response) => { response.end(`${long.slice(1)}y`) }, { expected: { status: 200, body: long } }), { message: /^expected 200 with x{300}…, got 200 with x{300}… / })
})

t.test('a call whose connection is closed without an answer fails the round', async (t) => {
  await t.rejects(fireAt(t, (number, request, response) => {
    if (number === 10) request.socket.end()
    else response.end('right')
  }), { message: /^1 calls got no answer: their connections were closed$/ })
})

t.test('a connection that never gets an answer fails the round', async (t) => {
  await t.rejects(fireAt(t, (number, _request, response) => { if (number > 1) response.end('right') }), { message: '1 of 4 connections got no answer at all' })
})

t.test('an address where nobody listens fails the round', async (t) => {
  const server = createTcpServer()
  const url = await listen(t, server)
  server.close()
  await t.rejects(fire({ url, headers: {}, expected, seconds: 1, connections: 1 }), { message: /^a call failed: .*ECONNREFUSED/ })
})

t.test('load is fired at no other machine', async (t) => {
  for (const host of ['api.comune.milano.example.it', '192.0.2.1', '127.0.0.1.example.it', 'localhost', '[2001:db8::1]']) {
    const order = { url: `http://${host}/`, headers: {}, expected, seconds: 1, connections: 1 }
    await t.rejects(fire(order), { message: `${host} is not a loopback address: a load test stays on this machine` })
  }
})
