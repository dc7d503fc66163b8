import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, access, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import type { VarcoCallClaims } from '../openapi/varco-call.ts'
import type { Line } from '../policies/check.ts'
import type { AsyncScope } from '../policies/demands.ts'
import { denials } from '../policies/denials.ts'
import type { DenialCode } from '../policies/denials.ts'
import type { HostAddress, Resolver } from '../policies/resolver.ts'
import { interactionsFile, openInteractions } from './adapters/interactions-file.ts'
import { dnsResolver } from './adapters/resolver-dns.ts'
import { startGateway } from './harness/gateway.ts'
import type { Harness, HarnessOptions } from './harness/gateway.ts'
import { basePath, ids } from './harness/platform.ts'
import { startRedis, withRedis } from './harness/redis.ts'
import { checkNextServed, checkProblem } from './harness/refusal.ts'
import { exchangeProperties, exchangeVoucher, keychainId, reportsOptions, stepRequest, steps, urlCallback, withProperties } from './harness/reports.ts'
import type { WireAnswer } from './harness/wire.ts'

/** What the e-service was told of the last call. */
function toldOf (gateway: Harness): VarcoCallClaims {
  const [, claims = ''] = String(gateway.upstream.requests.at(-1)?.headers['varco-call']).split('.')
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as VarcoCallClaims
}

type Send = (gateway: Harness, interactionId: string) => Promise<WireAnswer>
const send = (scope: AsyncScope, claims: object = {}): Send => async (gateway, interactionId) => gateway.raw(stepRequest(gateway, scope, interactionId, claims))
const start = send('start_interaction')
const callback = send('callback_invocation')
const fetchIt = send('get_resource')
const confirm = send('confirmation')
const wait = (seconds: number) => async (gateway: Harness): Promise<undefined> => { gateway.clock.now += seconds * 1000 }

/** Checks that a call is refused as expected, that nothing reached the e-service and that the next good one is served. */
async function checkStep (t: Test, gateway: Harness, sent: Promise<WireAnswer>, code: DenialCode | 'admitted'): Promise<void> {
  const before = gateway.upstream.requests.length
  const answer = await sent
  t.equal(gateway.upstream.requests.length, before + (code === 'admitted' ? 1 : 0), 'only what is admitted reaches the e-service')
  if (code === 'admitted') {
    t.equal(answer.status, 200, answer.body)
    await gateway.takeRecords(1)
    return
  }
  await checkProblem(t, gateway, answer, { status: denials[code].status, code })
  await checkNextServed(t, gateway)
}

t.test('an exchange from start to confirmation, and what the e-service is told of each step', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  const interactionId = randomUUID()
  const caller = { clientId: ids.client, consumerId: ids.consumer, purposeId: ids.purpose, eserviceId: ids.eservice, descriptorId: ids.descriptor }
  gateway.upstream.answer = (_request, response) => { response.writeHead(202, { 'content-type': 'application/json' }).end('{}') }
  t.equal((await start(gateway, interactionId)).status, 202)
  t.match(toldOf(gateway), { operationId: 'startReport', caller, interactionId, scope: 'start_interaction', urlCallback: { url: urlCallback, addresses: ['93.184.216.34'] }, replyTo: undefined })
  for (const [one, scope] of [[fetchIt, 'get_resource'], [fetchIt, 'get_resource'], [confirm, 'confirmation']] as const) {
    t.equal((await one(gateway, interactionId)).status, 202)
    const told = toldOf(gateway)
    t.match(told, { caller, interactionId, scope })
    t.notHas(told, 'urlCallback')
  }
  t.equal((await callback(gateway, randomUUID())).status, 202)
  t.match(toldOf(gateway), { caller: { ...caller, clientId: keychainId }, scope: 'callback_invocation' }, 'the producer calls back with its keychain, for the consumer')
  t.equal((await gateway.call('/items')).status, 202)
  for (const name of ['interactionId', 'scope', 'urlCallback', 'replyTo']) t.notHas(toldOf(gateway), name, 'any other call is one as ever')
})

const other = { eserviceId: '10000000-0000-4000-8000-000000000033', descriptorId: '10000000-0000-4000-8000-000000000044', purposeId: '10000000-0000-4000-8000-000000000066', aud: 'https://api.ente.example.it/rest/other/v1' }
const stranger = { sub: ids.agreement, client_id: ids.agreement }
const otherVersion = '10000000-0000-4000-8000-000000000055'

const versionsOf = <Purpose extends { readonly versions: readonly object[] }>(purpose: Purpose): Purpose => ({ ...purpose, versions: purpose.versions.map((version) => ({ ...version, id: randomUUID() })) })

/** Two e-services with one contract, the first of them in two versions, and a second consumer. */
const twoEservices: HarnessOptions = {
  ...reportsOptions,
  config: (config) => {
    const usual = reportsOptions.config!(config)
    const [first] = usual.eservices
    return { ...usual, eservices: [{ ...first!, descriptorIds: [ids.descriptor, otherVersion] }, { ...first!, name: 'other', path: '/rest/other/v1', eserviceId: other.eserviceId, descriptorIds: [other.descriptorId], audience: [other.aud] }] }
  },
  registry: (content) => {
    const [eservice] = content.eservices
    const [descriptor] = eservice!.descriptors
    const [agreement] = content.agreements
    const [purpose] = content.purposes
    const more = {
      ...content,
      tenants: [...content.tenants, { ...content.tenants[1]!, id: ids.client, alias: 'altro-fruitore' }],
      eservices: [{ ...eservice!, descriptors: [descriptor!, { ...descriptor!, id: otherVersion, version: 2 }] }, { ...eservice!, id: other.eserviceId, alias: 'other', descriptors: [{ ...descriptor!, id: other.descriptorId, audience: [other.aud] }] }],
      agreements: [agreement!, { ...agreement!, id: randomUUID(), eserviceId: other.eserviceId, descriptorId: other.descriptorId }, { ...agreement!, id: randomUUID(), consumerId: ids.client }],
      purposes: [purpose!, versionsOf({ ...purpose!, id: other.purposeId, alias: 'altra', eserviceId: other.eserviceId }), versionsOf({ ...purpose!, id: otherVersion, alias: 'altrui', consumerId: ids.client })]
    }
    return withProperties(more, exchangeProperties)
  }
}

const elsewhere: Send = async (gateway, interactionId) => gateway.raw(stepRequest(gateway, 'get_resource', interactionId, other).map((line) => line.replace(basePath, '/rest/other/v1')))
const onRoute = (scope: AsyncScope, of: AsyncScope): Send => async (gateway, interactionId) => {
  const { method, path } = steps[scope]
  return gateway.call(path, { method, voucher: exchangeVoucher(gateway, of, interactionId) })
}
const without = (claim: string): Send => send('start_interaction', { [claim]: undefined })
const plain = (scope: AsyncScope): Send => async (gateway) => gateway.call(steps[scope].path, { method: steps[scope].method })

/** What is sent before, what is sent, and what must come of it. */
const cases: readonly (readonly [name: string, before: readonly (Send | ReturnType<typeof wait>)[], sent: Send, code: DenialCode | 'admitted'])[] = [
  ['I1: a start with a voucher of another scope', [], onRoute('start_interaction', 'get_resource'), 'scope-mismatch'],
  ['I1: a start with a voucher without scope', [], plain('start_interaction'), 'scope-mismatch'],
  ['I1: another operation with a voucher of a start', [], async (gateway, interactionId) => gateway.call('/items', { voucher: exchangeVoucher(gateway, 'start_interaction', interactionId) }), 'scope-mismatch'],
  ['I2: a start without interactionId', [], without('interactionId'), 'voucher-claims-invalid'],
  ['I2: a start whose interactionId is no UUID', [], send('start_interaction', { interactionId: '../../etc/passwd' }), 'voucher-claims-invalid'],
  ['I3: a start without urlCallback', [], without('urlCallback'), 'voucher-claims-invalid'],
  ['I3: a start whose urlCallback is no URL', [], send('start_interaction', { urlCallback: 'callback' }), 'reply-to-invalid'],
  ['I4: a start', [], start, 'admitted'],
  ['I5: a start again', [start], start, 'interaction-state-mismatch'],
  ['I5: a start again, when its time is over', [start, wait(200)], start, 'interaction-state-mismatch'],
  ['I5: a start again by another client', [start], send('start_interaction', stranger), 'interaction-state-mismatch'],
  ['I8: a confirmation before the resource', [start], confirm, 'interaction-state-mismatch'],
  ['I9: a resource of an interaction that is not there', [], fetchIt, 'interaction-unknown'],
  ['I9: a confirmation of an interaction that is not there', [start], async (gateway) => confirm(gateway, randomUUID()), 'interaction-unknown'],
  ['I10: the resource of another consumer', [start], send('get_resource', { consumerId: ids.client, purposeId: otherVersion }), 'interaction-unknown'],
  ['I10: the resource of another client of the same consumer', [start], send('get_resource', stranger), 'interaction-unknown'],
  ['I10: the confirmation of another client of the same consumer', [start, fetchIt], send('confirmation', stranger), 'interaction-unknown'],
  ['I11 and I12: the resource of another e-service with the same contract', [start], elsewhere, 'interaction-unknown'],
  ['I11: the voucher of another e-service', [start], send('get_resource', other), 'eservice-mismatch'],
  ['I13: the resource', [start], fetchIt, 'admitted'],
  ['I13: the resource again', [start, fetchIt], fetchIt, 'admitted'],
  ['I14: the confirmation', [start, fetchIt], confirm, 'admitted'],
  ['I14: the confirmation again', [start, fetchIt, confirm], confirm, 'interaction-state-mismatch'],
  ['I15: the resource after the confirmation', [start, fetchIt, confirm], fetchIt, 'interaction-state-mismatch'],
  ['I16: a callback with a voucher of another scope', [start], onRoute('callback_invocation', 'get_resource'), 'scope-mismatch'],
  ['I16: a callback with a voucher without scope', [], plain('callback_invocation'), 'scope-mismatch'],
  ['I17: a callback of an exchange that began elsewhere', [], callback, 'admitted'],
  ['I17: a callback of an exchange that began here', [start], callback, 'admitted'],
  ['I18: a callback again', [callback], callback, 'interaction-state-mismatch'],
  ['I18: a callback after the resource', [start, fetchIt], callback, 'interaction-state-mismatch'],
  ['I19: a callback in the last second', [start, wait(59)], callback, 'admitted'],
  ['I19: a callback when its time is over', [start, wait(60)], callback, 'interaction-expired'],
  ['I19: the resource in the last second', [start, wait(179)], fetchIt, 'admitted'],
  ['I19: the resource when its time is over', [start, wait(180)], fetchIt, 'interaction-expired'],
  ['I19: the confirmation when its time is over', [start, fetchIt, wait(180)], confirm, 'interaction-expired'],
  ['a resource that only the consumer\'s gateway knows of', [callback], fetchIt, 'interaction-unknown']
]

t.test('the steps of an exchange, one by one', async (t) => {
  const gateway = await startGateway(t, twoEservices)
  for (const [name, before, sent, code] of cases) {
    await t.test(`${name}: ${code}`, async (t) => {
      const interactionId = randomUUID()
      for (const one of before) {
        if (await one(gateway, interactionId)) await gateway.takeRecords(1)
      }
      await checkStep(t, gateway, sent(gateway, interactionId), code)
    })
  }
})

t.test('who may not go on is told the same as for an interaction that is not there', async (t) => {
  const gateway = await startGateway(t, twoEservices)
  const interactionId = randomUUID()
  await start(gateway, interactionId)
  const told = await Promise.all([fetchIt(gateway, randomUUID()), send('get_resource', stranger)(gateway, interactionId), send('get_resource', { consumerId: ids.client, purposeId: otherVersion })(gateway, interactionId), elsewhere(gateway, interactionId)])
  t.equal(new Set(told.map(({ json }) => JSON.stringify({ ...json, correlationId: '' }))).size, 1)
})

t.test('of many starts at once exactly one is admitted, and of many confirmations', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  for (let round = 0; round < 5; round++) {
    const interactionId = randomUUID()
    gateway.upstream.requests.length = 0
    const starts = await Promise.all(Array.from({ length: 30 }, async () => start(gateway, interactionId)))
    t.equal(starts.filter(({ status }) => status === 200).length, 1)
    t.equal(starts.filter(({ json }) => json.code === 'interaction-state-mismatch').length, 29)
    t.equal(gateway.upstream.requests.length, 1)
    const resources = await Promise.all(Array.from({ length: 10 }, async () => fetchIt(gateway, interactionId)))
    t.strictSame(resources.map(({ status }) => status), Array<number>(10).fill(200), 'the resource is for whoever asks, as often as it wants')
    const confirmations = await Promise.all(Array.from({ length: 10 }, async () => confirm(gateway, interactionId)))
    t.equal(confirmations.filter(({ status }) => status === 200).length, 1)
    t.equal(gateway.upstream.requests.length, 12)
  }
})

t.test('a step that never got to the e-service is not taken, one of which that is not certain is', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  const interactionId = randomUUID()
  const { server, url } = gateway.upstream
  await gateway.upstream.close()
  t.match(await start(gateway, interactionId), { status: 502, json: { code: 'upstream-unreachable' } })
  await new Promise<void>((resolve) => { server.listen(Number(new URL(url).port), '127.0.0.1', resolve) })
  gateway.upstream.answer = ({ socket }) => { socket.destroy() }
  t.match(await start(gateway, interactionId), { status: 502, json: { code: 'upstream-unreachable' } })
  t.equal(gateway.upstream.requests.length, 1)
  t.match((await start(gateway, interactionId)).json, { code: 'interaction-state-mismatch' })
})

t.test('a step that the e-service failed at is not taken', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  const interactionId = randomUUID()
  const { answer } = gateway.upstream
  gateway.upstream.answer = (_request, response) => { response.writeHead(503, { 'content-type': 'application/problem+json' }).end('{"status":503}') }
  t.equal((await start(gateway, interactionId)).status, 503)
  gateway.upstream.answer = (_request, response) => { response.writeHead(500).end() }
  t.equal((await start(gateway, interactionId)).status, 502)
  gateway.upstream.answer = answer
  t.equal((await start(gateway, interactionId)).status, 200)
  t.match((await start(gateway, interactionId)).json, { code: 'interaction-state-mismatch' })
})

t.test('a step that is refused for another reason is not taken', async (t) => {
  const gateway = await startGateway(t, { ...reportsOptions, registry: (content) => withProperties({ ...content, purposes: content.purposes.map((purpose) => ({ ...purpose, versions: purpose.versions.map((version) => ({ ...version, dailyCalls: 3 })) })) }, exchangeProperties) })
  const interactionId = randomUUID()
  const voucher = exchangeVoucher(gateway, 'start_interaction', interactionId)
  const post = async (body: object): Promise<WireAnswer> => gateway.call('/exchanges', { method: 'POST', voucher, body })
  t.match((await post({ year: 1 })).json, { code: 'invalid-body' })
  t.match((await gateway.call('/exchanges?x=1', { method: 'POST', voucher })).json, { code: 'invalid-parameter' })
  t.match(await gateway.call('/exchanges', { method: 'POST', voucher, headers: { Accept: 'text/csv' } }), { status: 406 })
  for (let count = 0; count < 3; count++) t.equal((await gateway.call('/items')).status, 200)
  t.match((await post({ year: 2025 })).json, { code: 'quota-exceeded' })
  gateway.clock.now += 24 * 3_600_000
  t.equal((await start(gateway, interactionId)).status, 200, 'and can be taken the next day, by the consumer that did all this')
})

t.test('a step outlives the process', async (t) => {
  const state = join(t.testdir(), 'state')
  const keeping: HarnessOptions = { ...reportsOptions, config: (config) => ({ ...reportsOptions.config!(config), state }) }
  const first = await startGateway(t, keeping)
  const interactionId = randomUUID()
  await start(first, interactionId)
  const second = await startGateway(t, keeping)
  t.match((await start(second, interactionId)).json, { code: 'interaction-state-mismatch' })
  t.equal((await fetchIt(second, interactionId)).status, 200)
  t.match((await start(first, randomUUID())).json, { code: 'interactions-unavailable' }, 'the process before it takes no more steps')
  t.equal((await confirm(second, interactionId)).status, 200)
})

t.test('gateways that share a Redis take the steps of one exchange, each once; without it they are 503, and what it forgot is told again', withRedis, async (t) => {
  const redis = await startRedis(t)
  const beside = async (): Promise<Harness> => startGateway(t, { ...reportsOptions, config: (config) => ({ ...reportsOptions.config!(config), redis: { url: redis.url, expectedNodes: 2 } }) })
  const gateways = [await beside(), await beside()] as const
  const [one, two] = gateways
  const pass = (ms: number): void => { for (const { clock } of gateways) clock.now += ms }
  const upstreams = (): number => one.upstream.requests.length + two.upstream.requests.length
  pass(10_000)
  const [interactionId, second] = [randomUUID(), randomUUID()]
  const starts = await Promise.all(Array.from({ length: 10 }, async (_, index) => start(gateways[index % 2] as Harness, interactionId)))
  t.equal(starts.filter(({ status }) => status === 200).length, 1, 'of ten at both at once')
  t.equal(upstreams(), 1)
  for (const gateway of gateways) t.equal((await fetchIt(gateway, interactionId)).status, 200)
  t.equal((await start(one, second)).status, 200)
  await redis.ask('flushall')
  pass(1000)
  for (const gateway of gateways) {
    for (const [sent, of] of [[start, interactionId], [confirm, interactionId], [fetchIt, second]] as const) t.match(await sent(gateway, of), { status: 503, headers: { 'retry-after': '5' }, json: { code: 'interactions-unavailable' } })
  }
  const isTold = async (): Promise<boolean> => (await redis.ask('mget', ...[interactionId, second].map((each) => `varco:{replay}:interaction ${each}`))).split('\n').every((text) => text !== '')
  for (const end = performance.now() + 4000; !await isTold() && performance.now() < end;);
  pass(5000)
  t.equal((await fetchIt(two, second)).status, 200)
  t.match((await start(two, second)).json, { code: 'interaction-state-mismatch' })
  t.equal((await confirm(two, interactionId)).status, 200)
  t.match((await confirm(one, interactionId)).json, { code: 'interaction-state-mismatch' })
  await redis.kill()
  t.match((await start(one, randomUUID())).json, { code: 'interactions-unavailable' })
  t.equal((await one.call('/items')).status, 200, 'everything else goes on')
})

t.test('what cannot be kept is 503, and the e-service does not see it', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  await (await openInteractions(gateway.config.state, () => gateway.clock.now)).close()
  const interactionId = randomUUID()
  const answer = await start(gateway, interactionId)
  t.match(answer, { status: 503, headers: { 'retry-after': '5' }, json: { code: 'interactions-unavailable' } })
  t.equal(gateway.upstream.requests.length, 0)
  t.match((await fetchIt(gateway, interactionId)).json, { code: 'interaction-unknown' })
  t.equal((await gateway.call('/items')).status, 200, 'everything else goes on')
})

t.test('a file that the gateway did not write stops its start; half a line at its end does not', async (t) => {
  const state = join(t.testdir(), 'state')
  const keeping: HarnessOptions = { ...reportsOptions, config: (config) => ({ ...reportsOptions.config!(config), state }) }
  await mkdir(state, { mode: 0o700 })
  await writeFile(join(state, interactionsFile), '{"id":"x"}\n')
  await t.rejects(startGateway(t, keeping), { message: /interactions\.jsonl:1: / })
  await writeFile(join(state, interactionsFile), '')
  const interactionId = randomUUID()
  await start(await startGateway(t, keeping), interactionId)
  await appendFile(join(state, interactionsFile), '{"id":"')
  t.equal((await fetchIt(await startGateway(t, keeping), interactionId)).status, 200)
})

t.test('without asynchronous exchange in a contract there is no file, and a voucher of one is refused', async (t) => {
  const gateway = await startGateway(t)
  t.match((await gateway.call('/items', { voucher: exchangeVoucher(gateway, 'get_resource', randomUUID()) })).json, { code: 'scope-mismatch' })
  await t.rejects(access(join(gateway.config.state, interactionsFile)), { code: 'ENOENT' })
})

t.test('the record of a refused step explains it', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  const interactionId = randomUUID()
  await start(gateway, interactionId)
  await gateway.takeRecords(1)
  for (const [sent, check] of [[start, 'interaction state'], [send('get_resource', stranger), 'interaction'], [onRoute('get_resource', 'confirmation'), 'scope']] as const) {
    await sent(gateway, interactionId)
    const [record = {}] = await gateway.takeRecords(1)
    const lines = record['explanation'] as readonly Line[]
    t.match(record, { check, interactionId, scope: String })
    t.match(lines.find(({ outcome }) => outcome === 'fail'), { check, code: record['code'], mend: String })
    t.notMatch(JSON.stringify(record), urlCallback)
  }
})

t.test('the docs say which voucher a step needs, and how it is refused', async (t) => {
  const gateway = await startGateway(t, reportsOptions)
  const { paths } = await (await fetch(`${gateway.config.publicUrl}/docs/json`)).json() as { paths: Record<string, Record<string, { description: string, responses: Record<string, object> }>> }
  const described = (method: string, path: string) => paths[basePath + path]![method]!
  t.match(described('post', '/exchanges').description, /scope `start_interaction` \(`\/token\.oauth2\.async`\)\. La risposta arriva alla `urlCallback`/)
  t.match(described('get', '/exchanges/report').description, /scope `get_resource`/)
  t.match(described('post', '/pushes').description, /NONBLOCK_PUSH_REST:\*\* in `X-ReplyTo`/)
  t.match(described('get', '/pulls/{id}').description, /303 con il suo indirizzo in `Location`/)
  t.notMatch(described('get', '/items').description, /scope|NONBLOCK/)
  const refusals = (method: string, path: string, status: string): string => JSON.stringify(described(method, path).responses[status] ?? {})
  for (const code of ['interaction-state-mismatch', 'interaction-expired', 'interactions-unavailable', 'reply-to-invalid']) {
    t.match(refusals('post', '/exchanges', String(denials[code as DenialCode].status)), code)
    t.notMatch(refusals('get', '/items', String(denials[code as DenialCode].status)), code)
  }
  t.match(refusals('get', '/items', '403'), 'scope-mismatch')
})

t.test('101: a urlCallback is judged before it reaches the e-service, and nothing is sent to it from here', async (t) => {
  const canary = createServer(() => { t.fail('the canary was called') }).listen(0, '127.0.0.1')
  await once(canary, 'listening')
  t.teardown(() => { canary.close() })
  const { port } = canary.address() as AddressInfo
  const gateway = await startGateway(t, { ...reportsOptions, resolver: dnsResolver() })
  const hosts = ['127.0.0.1', '[::1]', '0.0.0.0', '169.254.169.254', '10.0.0.1', '172.16.0.1', '192.168.0.1', '100.64.0.1', '2130706433', '0177.0.0.1', '0x7f000001', '127.1', 'localhost', 'localhost.', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[fe80::1]', '[fc00::1]', '[64:ff9b::7f00:1]', 'upstream.invalid']
  const urls = [
    ...hosts.flatMap((host) => [`https://${host}/`, `https://${host}:${port}/`, `http://${host}:${port}/`]),
    'file:///etc/passwd', 'gopher://127.0.0.1/', 'https://8.8.8.8@127.0.0.1/', 'https://user:secret@8.8.8.8/', 'https://8.8.8.8:22/', 'https://8.8.8.8:6379/', 'https://8.8.8.8/\r\nHost: x', 'https://8.8.8.8/#x', 'https://8.8.8.8\\@127.0.0.1/'
  ]
  for (const url of urls) {
    const answer = await send('start_interaction', { urlCallback: url })(gateway, randomUUID())
    const settled = answer.json.code === 'name-resolution-unavailable' && /localhost|invalid/.test(url) ? 'no resolver here' : answer.json.code as string
    t.ok(['reply-to-invalid', 'no resolver here'].includes(settled), `${url}: ${settled}`)
    t.notOk(answer.body.includes(url), 'it is not repeated')
  }
  t.equal(gateway.upstream.requests.length, 0)
  t.equal((await send('start_interaction', { urlCallback: 'https://8.8.8.8/' })(gateway, randomUUID())).status, 200)
})

t.test('101: between check and use a name may become another: the e-service gets the addresses that were judged', async (t) => {
  const answers: (readonly HostAddress[])[] = [[{ address: '93.184.216.34', isPublic: true }], [{ address: '127.0.0.1', isPublic: false }]]
  const asked: string[] = []
  const resolver: Resolver = { resolve: (host) => {
    asked.push(host)
    return answers.shift() ?? 'unknown'
  } }
  const gateway = await startGateway(t, { ...reportsOptions, resolver })
  t.equal((await start(gateway, randomUUID())).status, 200)
  t.strictSame(toldOf(gateway).urlCallback, { url: urlCallback, addresses: ['93.184.216.34'] })
  t.strictSame(asked, ['fruitore.example.it'], 'it was looked up once')
  await gateway.takeRecords(1)
  await checkStep(t, gateway, start(gateway, randomUUID()), 'reply-to-invalid')
})
