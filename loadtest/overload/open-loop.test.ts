import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { fireOpen } from './open-loop.ts'
import type { OpenOrder } from './open-loop.ts'
import { overloadTable, verdictOf } from './report.ts'
import { levels } from './run.ts'
import type { LevelRound, OverloadRound } from './run.ts'

/** A server, and an order to fire at it. */
async function serve (t: Test, answer: RequestListener): Promise<OpenOrder> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`, voucher: 'a.b.c', body: 'yes', rate: 200, warmUpSeconds: 0.1, seconds: 0.5, connections: 4, forgedEvery: 0 }
}

const good: RequestListener = (_request, response) => { response.writeHead(200, { 'content-length': 3 }).end('yes') }
const problem = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): RequestListener => (_request, response) => {
  const body = JSON.stringify({ status, code })
  response.writeHead(status, { ...headers, 'content-length': body.length }).end(body)
}
const shed = problem(503, 'overloaded', { 'Retry-After': '3' })

t.test('calls come at their rate whatever becomes of them: what was shed, forged or found no connection is told apart', async (t) => {
  let calls = 0
  const order = await serve(t, (request, response) => {
    const answer = request.headers.authorization !== 'Bearer a.b.c' ? problem(401, 'voucher-unverifiable') : ++calls % 2 === 0 ? shed : good
    answer(request, response)
  })
  const { offered, goodput, shed: refused, refused: forged, p99Ms } = await fireOpen({ ...order, forgedEvery: 4 })
  t.ok(offered > 190 && offered < 210, String(offered))
  t.ok(goodput > 0 && refused > 0 && forged > 0 && p99Ms > 0)
})

t.test('a target that is slow is offered no less, and latency counts from when a call was due', async (t) => {
  const order = await serve(t, (request, response) => { setTimeout(() => { good(request, response) }, 100) })
  const { offered, goodput, heldBack, p50Ms } = await fireOpen({ ...order, connections: 2 })
  t.ok(offered > 190 && offered < 210, String(offered))
  t.ok(goodput <= 30 && heldBack > 100 && p50Ms >= 95, `${goodput} ${heldBack} ${p50Ms}`)
})

t.test('whatever is neither the right answer nor a right refusal ends it', async (t) => {
  const wrong: Readonly<Record<string, readonly [RequestListener, RegExp]>> = {
    'another body': [(_request, response) => { response.writeHead(200, { 'content-length': 2 }).end('no') }, /neither right nor a right refusal/],
    'shed without Retry-After': [problem(503, 'overloaded'), /neither right nor a right refusal/],
    'another 503': [problem(503, 'registry-unavailable', { 'Retry-After': '3' }), /neither right nor a right refusal/],
    'a good voucher that is refused': [problem(401, 'voucher-unverifiable'), /neither right nor a right refusal/],
    'a connection that is cut': [(request) => { request.socket.destroy() }, /a connection (?:was closed|failed)/]
  }
  for (const [name, [answer, says]] of Object.entries(wrong)) {
    const order = await serve(t, answer)
    await t.rejects(fireOpen(order), { message: says }, name)
  }
  await t.rejects(fireOpen({ ...await serve(t, good), url: 'http://192.0.2.1/x' }), { message: /not a loopback address/ })
})

const round: LevelRound = { offered: 3000, goodput: 950, shed: 300, refused: 0, heldBack: 1750, p50Ms: 120, p99Ms: 900, shedP50Ms: 90, generatorBusy: 0.4, goodputToPeak: 0.95, statusP99Ms: 80, operationsP99Ms: 70, gatewayBusy: 1, cpuMicros: 300, rssBytes: 150 * 1024 * 1024 }
const rounds = (...ratios: readonly number[]): readonly OverloadRound[] => ratios.map((goodputToPeak) => ({ peak: 1000, peakCpuMicros: 250, levels: levels.map(() => ({ ...round, goodputToPeak })) }))

t.test('the verdict goes by the middle of the rounds', (t) => {
  t.strictSame(verdictOf(rounds(0.5, 0.91, 0.99)), { sentence: 'kept: at 3 x what can be served, 0.91 of it is (0.50-0.99); promised is 0.9', isKept: true })
  t.match(verdictOf(rounds(0.8, 0.89, 0.99)), { sentence: /^NOT KEPT: .* 0\.89 /, isKept: false })
  t.match(overloadTable(rounds(0.95)), /at 3 x +3000 +950 +0\.95 +300 /)
  t.end()
})
