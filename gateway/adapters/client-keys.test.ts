import { generateKeyPairSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import t from 'tap'
import type { Test } from 'tap'
import { thumbprintOf } from '../../policies/jwk.ts'
import { until } from '../harness/gateway.ts'
import { json, notFound, openClient, startPlatform } from '../pdnd/platform-fixture.ts'
import type { Answering } from '../pdnd/platform-fixture.ts'
import { PlatformClientKeys } from './client-keys.ts'

const minutes = 60_000
const hours = 60 * minutes
const client = 'd0f6a8c3-7e59-4b14-8ad2-f9e5c0b7d161'
const rsa = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength }).publicKey
const jwkOf = (key: KeyObject) => ({ ...key.export({ format: 'jwk' }) })
const [first, second] = [rsa(), rsa()]
const kid = thumbprintOf(jwkOf(first))
const deposit = (jwk: object = {}, clientId: unknown = client): object => ({ clientId, jwk: { ...jwkOf(first), kid, use: 'sig', alg: 'RS256', ...jwk } })
const invented = (): string => randomBytes(32).toString('base64url')
const hang: Answering = () => undefined

/** A platform with one key deposited, and the gateway's view of its client keys. */
async function start (t: Test, answer: Answering = json(deposit())) {
  const platform = await startPlatform(t)
  platform.answer = answer
  const { api, now, warn, warnings } = await openClient(t, platform, 'v2', { deadlineMs: 300 })
  return { platform, warnings, api, keys: new PlatformClientKeys({ api, now, warn }) }
}

t.test('a key is looked up once, with its owner, and never waits after that', async (t) => {
  const { keys, platform } = await start(t)
  const all = await Promise.all(Array.from({ length: 200 }, async () => keys.find(kid)))
  t.ok(all.every((found) => typeof found === 'object' && found.clientId === client && found.key.equals(first)))
  const again = keys.find(kid)
  t.notOk(again instanceof Promise)
  t.match(again, { clientId: client })
  t.strictSame(platform.asked, [`/v2/keys/${kid}`])
})

t.test('a kid of any other form than the platform\'s is unknown, and nobody is asked', async (t) => {
  const { keys, platform } = await start(t)
  for (const other of ['', 'x', kid.slice(1), `${kid}x`, `../keys/${kid.slice(8)}`, `${kid.slice(1)}%`, `${kid.slice(1)}/`, `${kid.slice(1)}\0`, `${kid}\n`, 'x'.repeat(5000), '__proto__']) t.equal(keys.find(other), 'unknown', other)
  t.strictSame(platform.asked, [])
})

t.test('what the platform does not know is asked for again after 45 s', async (t) => {
  const { keys, platform } = await start(t, notFound)
  t.equal(await keys.find(kid), 'unknown')
  platform.answer = json(deposit())
  platform.now += 44_999
  t.equal(keys.find(kid), 'unknown')
  t.equal(platform.asked.length, 1)
  platform.now += 1
  t.match(await keys.find(kid), { clientId: client })
})

t.test('10000 invented ids cause 20 questions a second at most; over that nothing is decided, and known keys serve on', async (t) => {
  const { keys, platform } = await start(t)
  await keys.find(kid)
  platform.answer = notFound
  platform.now += 1000
  const verdicts = await Promise.all(Array.from({ length: 10_000 }, async () => keys.find(invented())))
  t.equal(platform.asked.length, 21)
  t.equal(verdicts.filter((verdict) => verdict === 'unknown').length, 20)
  t.equal(verdicts.filter((verdict) => verdict === 'unavailable').length, 9980)
  t.notOk(keys.find(kid) instanceof Promise)
  t.match(keys.find(kid), { clientId: client })
  platform.now += 1000
  t.equal(await keys.find(invented()), 'unknown')
})

t.test('of more than 10000 keys the one that was not used for longest is forgotten', async (t) => {
  // Any odd number of that length passes for a modulus: what makes it a good one nobody can see.
  const byKid = new Map(Array.from({ length: 10_001 }, () => {
    const n = randomBytes(256)
    n[0] = 0xff
    n[255] = 0xff
    const jwk = { kty: 'RSA', n: n.toString('base64url'), e: 'AQAB' }
    return [thumbprintOf(jwk), jwk]
  }))
  let now = 1e12
  const asked: string[] = []
  const ask = async ([, one = '']: readonly string[]) => {
    asked.push(one)
    return { clientId: client, jwk: byKid.get(one) }
  }
  const keys = new PlatformClientKeys({ now: () => now, warn: () => undefined, api: { get: ask } })
  const [used = '', unused = '', ...others] = byKid.keys()
  for (const one of [used, unused, ...others.slice(0, -1)]) {
    await keys.find(one)
    now += 50
  }
  keys.find(used)
  await keys.find(others.at(-1) as string)
  t.equal(keys.kept().length, 10_000)
  t.notOk(keys.find(used) instanceof Promise)
  t.ok(keys.find(unused) instanceof Promise)
})

t.test('a key that is used is asked for again behind its use after an hour, and is gone when the platform has it no more', async (t) => {
  const { keys, platform } = await start(t)
  await keys.find(kid)
  platform.now += hours - 1
  keys.find(kid)
  t.equal(platform.asked.length, 1)
  platform.now += 1
  t.notOk(keys.find(kid) instanceof Promise)
  await until(() => keys.kept()[0]?.checkedAt === platform.now)
  t.equal(platform.asked.length, 2)
  platform.answer = notFound
  platform.now += hours
  t.match(keys.find(kid), { clientId: client }, 'nobody waits')
  await until(() => keys.kept().length === 0)
  t.equal(keys.find(kid), 'unknown')
})

const away: Readonly<Record<string, Answering>> = {
  'hangs': hang,
  'breaks connections': (_request, response) => { response.destroy() },
  'answers 500': json({}, 500),
  'asks for patience': json({}, 429, { 'retry-after': '60' }),
  'answers with a page': (_request, response) => { response.end('<html>') },
  'answers 404 with a page': (_request, response) => { response.writeHead(404).end('<html>') },
  'answers for another key': json({ ...deposit(), jwk: jwkOf(second) }),
  'answers nonsense': json({ clientId: client, jwk: 'x' }),
  'names no client': json(deposit({}, null)),
  'names a client that is none': json(deposit({}, '../x'))
}

for (const [name, answer] of Object.entries(away)) {
  t.test(`while the platform ${name}, keys serve on for 24 hours and what is not known is undecided`, async (t) => {
    const { keys, platform, warnings } = await start(t)
    await keys.find(kid)
    platform.answer = answer
    platform.now += 30 * minutes
    t.equal(await keys.find(invented()), 'unavailable')
    platform.now += 23 * hours
    t.match(keys.find(kid), { clientId: client })
    await until(() => platform.asked.length === 3)
    platform.now += 30 * minutes - 1
    t.match(keys.find(kid), { clientId: client })
    platform.now += 1
    t.equal(await keys.find(kid), 'unavailable')
    t.ok(warnings.length >= 1)
    t.notMatch(warnings.join(), /voucher-|"n"|<html>/)
    platform.answer = json(deposit())
    platform.now += 11 * minutes
    t.match(await keys.find(kid), { clientId: client }, 'and at once again when it is back')
  })
}

t.test('whoever waits is told after 5 s; the answer is of use to the next one', async (t) => {
  let answer: (value: object) => void = () => undefined
  const keys = new PlatformClientKeys({ now: () => 1e12, warn: () => undefined, api: { get: async () => new Promise((resolve) => { answer = resolve as typeof answer }) } })
  const started = performance.now()
  t.equal(await keys.find(kid), 'unavailable')
  t.ok(performance.now() - started < 7000)
  answer(deposit())
  await until(() => keys.kept().length === 1)
  t.match(keys.find(kid), { clientId: client })
})

const { d, p, q, dp, dq, qi } = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
const short = rsa(1024)
const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
const unfit: Readonly<Record<string, object>> = {
  'private members': deposit({ d, p, q, dp, dq, qi }),
  'an exponent of 1': deposit({ e: 'AQ' }),
  'a use for encryption': deposit({ use: 'enc' }),
  'operations that do not verify': deposit({ key_ops: ['encrypt'] }),
  'RSA of 1024 bits': { clientId: client, jwk: jwkOf(short) },
  'a curve': { clientId: client, jwk: jwkOf(curve) },
  'a shared secret': { clientId: client, jwk: { kty: 'oct', k: 'AAAA' } }
}

for (const [name, document] of Object.entries(unfit)) {
  t.test(`a key with ${name} is none`, async (t) => {
    const { keys, platform, warnings } = await start(t, json(document))
    t.equal(await keys.find(kid), 'unknown')
    t.equal(keys.find(kid), 'unknown')
    t.equal(platform.asked.length, 1)
    t.match(warnings, [/^a client key of the platform is not taken: /])
    t.notMatch(warnings.join(), String(d))
  })
}

t.test('a key that has become unfit is taken out', async (t) => {
  const { keys, platform } = await start(t)
  await keys.find(kid)
  platform.answer = json(deposit({ use: 'enc' }))
  platform.now += hours
  keys.find(kid)
  await until(() => keys.kept().length === 0)
  t.equal(keys.find(kid), 'unknown')
})

t.test('the alg that the uploader wrote is not looked at', async (t) => {
  for (const alg of ['', 'ES256', 'none', 'RSA-OAEP', 7, null]) {
    const { keys } = await start(t, json(deposit({ alg })))
    t.match(await keys.find(kid), { clientId: client }, String(alg))
  }
})

t.test('a deleted key is gone at once, also when it is just being asked for; an added one is not held for unknown', async (t) => {
  const answers: ((value: object | undefined) => void)[] = []
  const keys = new PlatformClientKeys({ now: () => 1e12, warn: () => undefined, api: { get: async () => new Promise((resolve) => { answers.push(resolve as typeof answers[0]) }) } })
  const known = keys.find(kid)
  answers.pop()?.(deposit())
  t.match(await known, { clientId: client })
  keys.deleted(kid)
  t.equal(keys.find(kid), 'unknown', 'and the platform, which may be late itself, is not asked')
  t.equal(answers.length, 0)
  keys.added(kid)
  const asking = keys.find(kid)
  keys.deleted(kid)
  answers.pop()?.(deposit())
  t.equal(await asking, 'unavailable')
  t.equal(keys.find(kid), 'unknown')
  keys.added(kid)
  const late = keys.find(kid)
  keys.added(kid)
  answers.pop()?.(undefined)
  t.equal(await late, 'unavailable', 'this "not found" is of before it was added')
  const now = keys.find(kid)
  answers.pop()?.(deposit())
  t.match(await now, { clientId: client })
  keys.forget()
  t.ok(keys.find(kid) instanceof Promise)
  t.strictSame(keys.kept(), [])
})

t.test('what was kept is taken again, but for what is no such key, too old, or of a time to come', async (t) => {
  const { keys, platform } = await start(t)
  await keys.find(kid)
  const [kept] = keys.kept()
  const restored = async (change: object, laterMs = 0): Promise<unknown> => {
    const other = new PlatformClientKeys({ api: { get: async () => { throw new Error('away') } }, now: () => platform.now + laterMs, warn: () => undefined })
    other.restore([null, 7, {}, JSON.parse(JSON.stringify({ ...kept, ...change }))])
    return other.find(kid)
  }
  t.match(await restored({}), { clientId: client })
  t.match(await restored({}, 24 * hours - 1), { clientId: client })
  t.equal(await restored({}, 24 * hours), 'unavailable')
  t.equal(await restored({}, -1), 'unavailable')
  for (const change of [{ kid: invented() }, { clientId: 'x' }, { jwk: jwkOf(second) }, { jwk: { ...jwkOf(first), d } }, { checkedAt: '1' }, { checkedAt: Infinity }]) t.equal(await restored(change), 'unavailable', JSON.stringify(change).slice(0, 60))
})
