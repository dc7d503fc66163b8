import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { plainQuotas } from '../policies/fixture.ts'
import type { QuotaMode } from '../policies/quota.ts'
import { quotasFile } from './adapters/quotas-file.ts'
import { startGateway, until } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { ids } from './harness/platform.ts'
import type { RegistryContent } from './harness/platform.ts'
import { startRedis, withRedis } from './harness/redis.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import type { WireAnswer } from './harness/wire.ts'

const uuid = (last: number): string => `10000000-0000-4000-8000-0000000000${last}`
const purposes = [ids.purpose, uuid(61), uuid(62)] as const
const consumers = [ids.consumer, uuid(21)] as const
/** Whose each purpose is. */
const owners = [consumers[0], consumers[0], consumers[1]] as const

interface Limits { readonly purpose?: number, readonly consumer?: number, readonly total?: number }

/** Two consumers, the first with two purposes, and the quotas of all of them; `more` changes what is not about that. */
function limited ({ purpose = 1000, consumer = 1000, total = 1000 }: Limits, more: { readonly attributes?: object, readonly own?: readonly string[], readonly mode?: QuotaMode } & HarnessOptions = {}): HarnessOptions {
  const { attributes, own, mode = 'block', ...options } = more
  return {
    ...options,
    now: Date.parse('2026-03-02T10:00:00+01:00'),
    config: (config) => {
      const changed = options.config?.(config) ?? config
      return { ...changed, eservices: changed.eservices.map((one) => ({ ...one, quota: { mode } })) }
    },
    registry: (content: RegistryContent) => ({
      ...content,
      tenants: [...content.tenants.map((tenant) => tenant.id === ids.consumer && own ? { ...tenant, attributes: own } : tenant), { id: consumers[1], alias: 'altro', name: 'Altro ente', externalId: { origin: 'IPA', value: 'altro' } }],
      eservices: content.eservices.map((eservice) => ({ ...eservice, descriptors: eservice.descriptors.map((descriptor) => ({ ...descriptor, dailyCallsPerConsumer: consumer, dailyCallsTotal: total, ...attributes })) })),
      agreements: consumers.map((consumerId, index) => ({ ...content.agreements[0], consumerId, id: index === 0 ? ids.agreement : uuid(51) })),
      purposes: purposes.map((id, index) => ({ ...content.purposes[0], id, alias: `purpose-${index}`, consumerId: owners[index], versions: [{ id: uuid(71 + index), state: 'Active', dailyCalls: purpose }] }))
    })
  }
}

/** Calls for the purpose with this number. */
async function callFor (gateway: Harness, purpose: number, path = '/items'): Promise<WireAnswer> {
  return gateway.call(path, { voucher: gateway.voucher({ claims: { purposeId: purposes[purpose], consumerId: owners[purpose] } }) })
}

const standing = ({ headers }: WireAnswer): readonly (string | undefined)[] => ['limit', 'remaining', 'reset'].map((name) => headers[`x-ratelimit-${name}`])
const midnight = String(14 * 3600)

t.test('each of the three quotas refuses by its name, with what is left and when, and takes nothing of the others', async (t) => {
  for (const [kind, limits] of [['purpose', { purpose: 2, consumer: 50, total: 60 }], ['consumer', { purpose: 40, consumer: 2, total: 60 }], ['total', { purpose: 40, consumer: 50, total: 2 }]] as const) {
    const gateway = await startGateway(t, limited(limits))
    t.strictSame([standing(await callFor(gateway, 0)), standing(await callFor(gateway, 0))], [['2', '1', midnight], ['2', '0', midnight]], kind)
    await gateway.takeRecords(2)
    for (let count = 0; count < 3; count++) {
      const refused = await callFor(gateway, 0)
      t.match(refused, { headers: { 'retry-after': midnight }, json: { detail: new RegExp(`^The quota "${kind}" is used up: 2 calls a day`) } })
      t.strictSame(standing(refused), ['2', '0', midnight])
      await checkProblem(t, gateway, refused, { status: 429, code: 'quota-exceeded' })
    }
    t.equal(gateway.upstream.requests.length, 2)
    await checkNextServed(t, gateway)
    const others = { purpose: [1, 1], consumer: [2, 1], total: [] }[kind]
    if (others.length > 0) t.equal((await callFor(gateway, others[0] as number)).status, 200, 'whom it does not bound is served')
  }
})

t.test('a consumer has one quota for all of its purposes, and all consumers share the total', async (t) => {
  const gateway = await startGateway(t, limited({ purpose: 2, consumer: 3, total: 4 }))
  const attempt = async (purpose: number): Promise<string> => {
    const { status, json } = await callFor(gateway, purpose)
    return status === 200 ? 'served' : /"(\w+)"/.exec(json.detail)?.[1] ?? `${status}`
  }
  const outcomes = []
  for (const purpose of [0, 0, 0, 1, 1, 2, 2]) outcomes.push(await attempt(purpose))
  t.strictSame(outcomes, ['served', 'served', 'purpose', 'served', 'consumer', 'served', 'total'])
})

t.test('of many calls at the same moment exactly the tightest quota is admitted', async (t) => {
  const gateway = await startGateway(t, limited({ purpose: 15, consumer: 20, total: 30 }))
  const answers = await Promise.all(Array.from({ length: 90 }, async (_, index) => callFor(gateway, index % 3)))
  const served = [0, 1, 2].map((purpose) => answers.filter(({ status }, index) => status === 200 && index % 3 === purpose).length)
  t.strictSame([(served[0] as number) + (served[1] as number) <= 20, Math.max(...served) <= 15, served.reduce((sum, each) => sum + each)], [true, true, 30], served.join())
  t.equal(gateway.upstream.requests.length, 30)
})

t.test('the best of the certified attributes that a consumer has decides how often it may call', async (t) => {
  const attributes = { attributes: { certified: [[{ id: uuid(81), dailyCallsPerConsumer: 2 }, { id: uuid(82), dailyCallsPerConsumer: 1 }], [{ id: uuid(83) }]] } }
  for (const [own, limit] of [[[uuid(81), uuid(82), uuid(83)], '2'], [[uuid(82)], '1'], [[uuid(83)], '5']] as const) {
    const gateway = await startGateway(t, limited({ consumer: 5 }, { attributes, own }))
    t.equal((await callFor(gateway, 0)).headers['x-ratelimit-limit'], limit)
    t.equal((await callFor(gateway, 2)).headers['x-ratelimit-limit'], '5', 'another consumer has the usual')
  }
})

t.test('the tightest of burst limit and quotas is told', async (t) => {
  const burst = (requests: number): HarnessOptions => ({ config: (config) => ({ ...config, eservices: config.eservices.map((one) => ({ ...one, burst: { requests, seconds: 60 } })) }) })
  t.strictSame(standing(await callFor(await startGateway(t, limited({ consumer: 7 }, burst(5))), 0)), ['5', '4', '60'])
  t.strictSame(standing(await callFor(await startGateway(t, limited({ consumer: 7 }, burst(9))), 0)), ['7', '6', midnight])
  t.strictSame(standing(await callFor(await startGateway(t, limited({ total: 5 }, burst(5))), 0)), ['5', '4', midnight], 'of two the one that lasts longer')
})

t.test('observed calls beyond a quota are served as if there were none, warned ones with nothing left; both are recorded', async (t) => {
  for (const [mode, told] of [['observe', ['1000000', '999998', '60']], ['warn', ['1', '0', midnight]]] as const) {
    const gateway = await startGateway(t, limited({ purpose: 1, total: 2 }, { mode }))
    t.equal((await callFor(gateway, 0)).status, 200)
    const beyond = await callFor(gateway, 0)
    t.equal(beyond.status, 200, mode)
    t.strictSame(standing(beyond), told, mode)
    t.equal((await callFor(gateway, 0)).status, 200)
    t.strictSame((await gateway.takeRecords(3)).map(({ overQuota }) => overQuota as unknown), [undefined, ['purpose'], ['purpose', 'total']])
  }
})

t.test('a call whose caller left while its quotas were asked is not made and costs nothing', async (t) => {
  const quota = plainQuotas()
  const held = Promise.withResolvers<undefined>()
  let asked = 0
  const gateway = await startGateway(t, limited({ purpose: 1 }, { quota: { ...quota, take: async (...claim) => {
    const left = quota.take(...claim)
    if (asked++ === 0) await held.promise
    return left
  } } }))
  const wire = gateway.connect()
  wire.write(gateway.request('/items'))
  await until(() => asked === 1)
  wire.destroy()
  t.match(await gateway.takeRecords(1), [{ status: 499 }])
  t.strictSame([...quota.counts.values()], [1, 1, 1])
  held.resolve(undefined)
  await until(() => [...quota.counts.values()].every((calls) => calls === 0))
  t.equal(gateway.upstream.requests.length, 0)
  t.equal((await callFor(gateway, 0)).status, 200)
})

t.test('a call that never got to the e-service costs nothing; one of which that is not certain counts', async (t) => {
  const quota = plainQuotas()
  const gateway = await startGateway(t, limited({ purpose: 500 }, { quota }))
  const { server, url } = gateway.upstream
  const used = (): unknown => [...quota.counts.values()]
  await gateway.upstream.close()
  t.match(await callFor(gateway, 0), { status: 502, json: { code: 'upstream-unreachable' } })
  t.strictSame(used(), [0, 0, 0])
  await new Promise<void>((resolve) => { server.listen(Number(new URL(url).port), '127.0.0.1', resolve) })
  gateway.upstream.answer = ({ socket }) => { socket.destroy() }
  t.match(await gateway.call('/items', { method: 'POST', body: { name: 'x' } }), { status: 502, json: { code: 'upstream-unreachable' } })
  t.strictSame(used(), [1, 1, 1])
  gateway.upstream.answer = () => undefined
  const connections = 128
  const wires = Array.from({ length: connections }, () => gateway.connect())
  for (const wire of wires) wire.write(gateway.request('/items'))
  await until(() => gateway.upstream.requests.length === 1 + connections)
  const last = gateway.connect()
  last.write(gateway.request('/items'))
  await until(() => quota.counts.get(`2026-03-02 ${ids.eservice} purpose ${ids.purpose}`) === connections + 2)
  last.destroy()
  await until(() => quota.counts.get(`2026-03-02 ${ids.eservice} purpose ${ids.purpose}`) === connections + 1)
  t.strictSame(used(), [connections + 1, connections + 1, connections + 1], 'its caller left while it waited for a connection')
})

t.test('quotas survive a restart, also of a process that had no time to end', async (t) => {
  const first = await startGateway(t, limited({ purpose: 4, total: 100 }))
  const { state } = first.config
  const again = async (day = 0): Promise<Harness> => {
    const options = limited({ purpose: 4, total: 100 }, { config: (config) => ({ ...config, state }) })
    return startGateway(t, { ...options, now: (options.now as number) + day * 86_400_000 })
  }
  for (const remaining of ['3', '2']) t.equal((await callFor(first, 0)).headers['x-ratelimit-remaining'], remaining)
  await first.gateway.close()
  const second = await again()
  t.equal((await callFor(second, 0)).headers['x-ratelimit-remaining'], '1', 'one that was stopped knows all of it')
  await until(() => readFileSync(join(state, quotasFile), 'utf8').includes('"calls":3'))
  const third = await again()
  t.equal((await callFor(third, 0)).headers['x-ratelimit-remaining'], '0', 'what one that was not stopped counted is known after a second at most')
  t.match(await callFor(third, 0), { status: 429, json: { detail: /"purpose"/ } })
  await third.gateway.close()
  t.equal((await callFor(await again(1), 0)).headers['x-ratelimit-remaining'], '3', 'the next day begins anew')
})

t.test('gateways side by side share their quotas, also after a Redis that lost its memory', withRedis, async (t) => {
  const redis = await startRedis(t)
  const options = limited({ purpose: 8, consumer: 6, total: 100 }, { config: (config) => ({ ...config, redis: { url: redis.url, expectedNodes: 2 } }) })
  const gateways = [await startGateway(t, options), await startGateway(t, options)] as const
  const [one, two] = gateways
  const left = async (gateway: Harness, purpose: number): Promise<string> => {
    const { status, headers, json } = await callFor(gateway, purpose)
    return status === 200 ? headers['x-ratelimit-remaining'] as string : json.code as string
  }
  t.strictSame([await left(one, 0), await left(two, 0), await left(two, 1)], ['5', '4', '3'])
  for (const { clock } of gateways) clock.now += 1000
  await redis.ask('flushall')
  const isRestored = async (): Promise<boolean> => (await redis.ask('hvals', `varco:quota:{${ids.eservice}}:2026-03-02 consumer ${ids.consumer}`)).split('\n').length === 2
  for (const end = performance.now() + 3000; !await isRestored() && performance.now() < end;);
  t.strictSame([await left(one, 1), await left(two, 1), await left(one, 0), await left(two, 0)], ['2', '1', '0', 'quota-exceeded'])
  t.equal(one.upstream.requests.length + two.upstream.requests.length, 6)
})

t.test('from one process to several with Redis and back: what was called today stays known, whoever counted it and runs no more', withRedis, async (t) => {
  const redis = await startRedis(t)
  const alone = await startGateway(t, limited({ purpose: 9 }))
  const { state } = alone.config
  const beside = async (worker: number | undefined, url?: string): Promise<Harness> => startGateway(t, limited({ purpose: 9 }, { ...worker !== undefined && { worker }, config: (config) => ({ ...config, state, redis: url === undefined ? undefined : { url, expectedNodes: 2 } }) }))
  const left = async (gateway: Harness): Promise<string | undefined> => (await callFor(gateway, 0)).headers['x-ratelimit-remaining']
  t.strictSame([await left(alone), await left(alone)], ['8', '7'])
  await alone.gateway.close()
  const workers = [await beside(1, redis.url), await beside(2, redis.url)] as const
  t.strictSame([await left(workers[0]), await left(workers[1])], ['6', '5'], 'several after one')
  await workers[1].gateway.close()
  for (const { clock } of workers) clock.now += 1000
  await redis.ask('flushall')
  const counter = `varco:quota:{${ids.eservice}}:2026-03-02 purpose ${ids.purpose}`
  for (const end = performance.now() + 3000; (await redis.ask('hvals', counter)).split('\n').length < 3 && performance.now() < end;);
  t.equal(await left(workers[0]), '4', 'after a loss of memory, those of the two that run no more among them')
  await workers[0].gateway.close()
  await redis.ask('flushall')
  const third = await beside(3, redis.url)
  t.equal(await left(third), '3', 'another number of workers, and nobody that remembers')
  await third.gateway.close()
  const again = await beside(undefined)
  t.strictSame([await left(again), await left(again)], ['2', '1'], 'one after several')
  await again.gateway.close()
  t.strictSame([await left(await beside(undefined))], ['0'], 'each is counted once, however often it is read')
  await writeFile(join(state, 'worker-2', quotasFile), 'not ours\n')
  await t.rejects(beside(undefined), { message: /worker-2.quotas\.jsonl:1: is no entry of the gateway's/ })
})

t.test('a file of counts that somebody changed stops the start, and what is counted holds nothing but ids and numbers', async (t) => {
  const gateway = await startGateway(t, limited({}))
  await callFor(gateway, 0)
  await gateway.gateway.close()
  const file = join(gateway.config.state, quotasFile)
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  t.match(lines.map((line) => JSON.parse(line) as unknown), [{ node: /^[0-9a-f-]{36}$/ }, ...[`purpose ${ids.purpose}`, `consumer ${ids.consumer}`, `total ${ids.descriptor}`].map((key) => ({ date: '2026-03-02', eserviceId: ids.eservice, key, calls: 1 }))])
  await writeFile(file, `${lines.join('\n')}\n{"date":"2026-03-02","calls":-1}\n`)
  const options = limited({}, { config: (config) => ({ ...config, state: gateway.config.state }) })
  await t.rejects(startGateway(t, options), { message: /quotas\.jsonl:5: is no entry of the gateway's/ })
})
