import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { Test } from 'tap'
import { ecKey, jktOf, makeProof } from '../policies/proof-fixture.ts'
import { freePort } from './harness/free-port.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { archiveContract, basePath, ids, mintVoucher, registryContent } from './harness/platform.ts'
import { launch, temporaryFolder } from './harness/process.ts'
import { startRedis, withRedis } from './harness/redis.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import { Wire } from './harness/wire.ts'
import type { WireAnswer } from './harness/wire.ts'

/** The clock stands still here, but where a test moves it. */
const now = Date.parse('2026-03-02T10:00:00Z')
const publicUrl = 'https://api.ente.example.it'
const bound = mintVoucher(now, { claims: { cnf: { jkt: jktOf(ecKey.publicKey) } } })

/** A gateway beside others: all have one public URL, and share one Redis. */
async function startBeside (t: Test, url: string, burst = { requests: 1_000_000, seconds: 60 }): Promise<Harness> {
  const options: HarnessOptions = { now, config: (config) => ({ ...config, publicUrl, redis: { url, expectedNodes: 2 }, eservices: config.eservices.map((one) => ({ ...one, burst })) }) }
  return startGateway(t, options)
}

/** Two gateways on one Redis, long enough after it was empty. */
async function startTwo (t: Test, url: string, burst?: { requests: number, seconds: number }): Promise<readonly [Harness, Harness]> {
  const gateways = [await startBeside(t, url, burst), await startBeside(t, url, burst)] as const
  pass(gateways, 10_000)
  return gateways
}

function pass (gateways: readonly Harness[], ms: number): void {
  for (const { clock } of gateways) clock.now += ms
}

function proven ({ clock, host }: Harness, proof = makeProof({ method: 'GET', url: `${publicUrl}${basePath}/items`, voucher: bound, now: clock.now })): { readonly proof: string, readonly bytes: Buffer } {
  return { proof, bytes: Buffer.from([`GET ${basePath}/items HTTP/1.1`, `Host: ${host}`, `Authorization: DPoP ${bound}`, `DPoP: ${proof}`, '', ''].join('\r\n')) }
}

/** Sends one request on each of several connections, at the same moment, and gives the answers. */
async function sendTogether (wires: readonly Wire[], requests: readonly Buffer[]): Promise<readonly WireAnswer[]> {
  return Promise.all(wires.map(async (wire, index) => {
    wire.write(requests[index] as Buffer)
    return wire.answer()
  }))
}

t.test('36: of 500 proofs that come to two gateways at the same moment each is admitted once', withRedis, async (t) => {
  const redis = await startRedis(t)
  const gateways = await startTwo(t, redis.url)
  const [one, two] = gateways
  const tally = { once: 0, twice: 0, never: 0 }
  const lane = async (): Promise<void> => {
    const wires = gateways.map((gateway) => gateway.connect())
    while (tally.once < 500) {
      const { proof, bytes } = proven(one)
      const answers = await sendTogether(wires, [bytes, proven(two, proof).bytes])
      const admitted = answers.filter(({ status }) => status === 200).length
      tally[admitted === 2 ? 'twice' : admitted === 1 ? 'once' : 'never']++
      const codes = answers.flatMap(({ status, json }) => status === 200 ? [] : json.code as string)
      // On a machine that is too busy an answer of Redis is late now and then; then neither is admitted, or one of them.
      if (!codes.every((code) => code === 'dpop-replayed')) t.match(codes.filter((code) => code !== 'dpop-replayed'), codes.filter((code) => code === 'replay-filter-unavailable'))
    }
  }
  await Promise.all(Array.from({ length: 5 }, lane))
  t.equal(tally.twice, 0, 'none is admitted twice')
  const late = gateways.reduce((all, { gateway }) => all + gateway.shared.answers.local, 0)
  t.ok(tally.never <= late, `${tally.never} of ${tally.once + tally.never} pairs could not be decided`)
  t.equal(one.upstream.requests.length + two.upstream.requests.length, tally.once)
})

t.test('G3: what was used before Redis came back empty is not admitted after', withRedis, async (t) => {
  const redis = await startRedis(t)
  const gateways = await startTwo(t, redis.url)
  const [one, two] = gateways
  const proofs = []
  for (let count = 0; count < 20; count++) {
    const { proof, bytes } = proven(one)
    proofs.push(proof)
    t.equal((await one.raw(bytes)).status, 200)
  }
  for (const lose of [async () => { await redis.ask('flushall') }, async () => {
    await redis.kill()
    await redis.start()
    await until(() => gateways.every(({ gateway }) => gateway.shared.place === 'redis'), 10_000)
  }]) {
    await lose()
    pass(gateways, 2000)
    for (const proof of proofs) t.match(await two.raw(proven(two, proof).bytes), { status: 503, headers: { 'retry-after': '5' }, json: { code: 'replay-filter-unavailable' } })
    pass(gateways, 7000)
    t.equal((await two.raw(proven(two).bytes)).status, 200, 'a proof that was issued since then')
  }
  t.equal(two.upstream.requests.length, 2)
})

t.test('95: a burst limit holds for two gateways together, to one call each', withRedis, async (t) => {
  const redis = await startRedis(t)
  const gateways = await startTwo(t, redis.url, { requests: 50, seconds: 60 })
  const answers: WireAnswer[] = []
  while (answers.length < 200) answers.push(...await Promise.all(Array.from({ length: 10 }, async (_, index) => (gateways[index % 2] as Harness).call('/items'))))
  const late = gateways.reduce((all, { gateway }) => all + gateway.shared.answers.local, 0)
  const admitted = answers.filter(({ status }) => status === 200).length
  // A gateway may hear one call late that the other used the limit up. On a machine that is too busy an answer of Redis is late now and then, and the gateway decides by its share.
  t.ok(admitted >= 50 - late && admitted <= 50 + gateways.length + late, `${admitted} admitted, ${late} answers were late`)
  t.equal(answers.filter(({ json }) => json?.code === 'burst-exceeded').length, 200 - admitted)
  for (const gateway of gateways) t.match((await gateway.call('/items')).headers, { 'x-ratelimit-limit': '50', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': /^[1-9]\d?$/, 'retry-after': /^[1-9]\d?$/ })
})

t.test('a call waits for one answer of Redis at most, and nearly all for none', withRedis, async (t) => {
  const redis = await startRedis(t)
  const gateway = await startBeside(t, redis.url)
  const { shared } = gateway.gateway
  let waited = 0
  const watch = <T>(answer: T): T => {
    if (answer instanceof Promise) waited++
    return answer
  }
  const [consume, take] = [shared.burst.consume.bind(shared.burst), shared.quota.take.bind(shared.quota)]
  t.intercept(shared.burst, 'consume', { value: (...counter: Parameters<typeof consume>) => watch(consume(...counter)) })
  t.intercept(shared.quota, 'take', { value: (...claim: Parameters<typeof take>) => watch(take(...claim)) })
  const waits: number[] = []
  for (let count = 0; count < 60; count++) {
    waited = 0
    t.equal((await gateway.call('/items')).status, 200)
    waits.push(waited)
  }
  t.ok(waits.every((each) => each <= 1), waits.join())
  t.ok(waits.filter((each) => each > 0).length <= 3, waits.join())
  t.ok(shared.answers.lease >= 57)
  await gateway.gateway.close()
  t.equal(await redis.ask('hvals', `varco:quota:{${ids.eservice}}:2026-03-02 purpose ${ids.purpose}`), '60', 'what was leased and not used is given back')
})

t.test('121: without Redis good calls are served, limits are shares, and what may be used once is refused', withRedis, async (t) => {
  const redis = await startRedis(t)
  const gateways = await startTwo(t, redis.url, { requests: 20, seconds: 60 })
  const [one, two] = gateways
  for (let count = 0; count < 4; count++) t.equal((await one.call('/items')).status, 200)
  await one.takeRecords(4)
  redis.freeze()
  const before = performance.now()
  const first = await one.raw(proven(one).bytes)
  t.ok(performance.now() - before < 2000, 'the first waits for 100 ms at most, and for a machine that is busy')
  await checkProblem(t, one, first, { status: 503, code: 'replay-filter-unavailable' })
  await checkNextServed(t, one)
  t.match(first.headers, { 'retry-after': '5' })
  const admitted = async (gateway: Harness): Promise<number> => {
    const answers = []
    for (let count = 0; count < 15; count++) answers.push(await gateway.call('/items'))
    t.ok(answers.every(({ status, json }) => status === 200 || json.code === 'burst-exceeded'))
    return answers.filter(({ status }) => status === 200).length
  }
  t.equal(await admitted(one), 6, '20 / 2 - 4')
  t.equal(await admitted(two), 10, '20 / 2')
  t.match(gateways.map(({ gateway }) => gateway.shared.place), ['local', 'local'])
  redis.thaw()
  await until(() => gateways.every(({ gateway }) => gateway.shared.place === 'redis'), 10_000)
  t.match(gateways.map(({ gateway }) => gateway.shared.place), ['redis', 'redis'], 'it heals by itself')
  t.equal((await two.call('/items')).status, 200)
  const told = one.logs.filter((line) => line['event'] === 'shared state')
  t.match([told[0], told.at(-1)], [{ message: /is away: no answer within/ }, { message: /is back$/ }])
})

t.test('a gateway that starts while Redis is away serves, and is told of it when it comes', withRedis, async (t) => {
  const redis = await startRedis(t)
  await redis.kill()
  const gateway = await startBeside(t, redis.url)
  t.equal((await gateway.call('/items')).status, 200)
  t.match(await gateway.raw(proven(gateway).bytes), { status: 503, json: { code: 'replay-filter-unavailable' } })
  t.match(gateway.logs.filter((line) => line['event'] === 'shared state'), [{ message: /is away: ECONNREFUSED/ }])
  await redis.start()
  await until(() => gateway.gateway.shared.place === 'redis', 10_000)
  pass([gateway], 10_000)
  t.equal((await gateway.raw(proven(gateway).bytes)).status, 200)
})

t.test('a program that is given a Redis that cannot be used does not start, and says why', withRedis, async (t) => {
  const redis = await startRedis(t, '--requirepass', 'right')
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'contract.json'), JSON.stringify(archiveContract))
  await writeFile(join(folder, 'registry.yaml'), JSON.stringify(registryContent()))
  await writeFile(join(folder, 'gateway.yaml'), JSON.stringify({
    pdnd: { environment: 'sandbox' }, publicUrl: 'http://127.0.0.1:${GATEWAY_PORT}', registry: 'registry.yaml', producer: ids.producer, state: 'state',
    eservices: { archive: { contract: 'contract.json', upstream: { url: 'http://127.0.0.1:9', secret: 'any' }, eserviceId: ids.eservice, descriptorIds: [ids.descriptor], audience: ['https://api.example.it'] } }
  }))
  const start = async (password: string) => launch(t, ['gateway/main.ts', '--config', join(folder, 'gateway.yaml')], { cwd: folder, port: await freePort(), env: { REDIS_URL: `redis://:${password}@127.0.0.1:${redis.port}` } })
  const refused = await start('canary4711')
  t.equal(await refused.ended, 78)
  t.match(refused.err, `the gateway cannot start:\n  Redis (127.0.0.1:${redis.port}) cannot be used: its user or password is wrong (WRONGPASS)\n`)
  t.notMatch(refused.out + refused.err, 'canary4711')
  const good = await start('right')
  await good.says(/^gateway ready on/m)
  t.match(await redis.ask('-a', 'right', 'keys', 'varco:*'), /generation/)
  t.equal(await good.stop(), 0)
  await wait(50)
  t.equal((await redis.ask('-a', 'right', 'client', 'list')).split('\n').length, 1, 'its connection is closed')
})
