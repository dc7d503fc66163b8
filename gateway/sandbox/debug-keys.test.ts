import { generateKeyPairSync } from 'node:crypto'
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import type { KeyPair } from '../pdnd/key-file.ts'
import { apiCaller } from './interop-fixture.ts'
import { keychainId } from './producer-keychain.ts'
import { postJson, postTokenRequest, signAssertion, startSandbox } from './sandbox-fixture.ts'

const sandbox = await startSandbox(t)
const call = await apiCaller(sandbox, 'v3')
const istat = sandbox.idOf('clients', 'istat')
const milano = sandbox.idOf('tenants', 'comune-di-milano')

async function makeKey (bits = 2048): Promise<Pick<KeyPair, 'kid' | 'privateKey'> & { jwk: Record<string, unknown> }> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  const jwk = { ...publicKey.export({ format: 'jwk' }) }
  return { kid: await calculateJwkThumbprint(jwk), privateKey, jwk }
}

async function remove (path: string) {
  const response = await fetch(`${sandbox.url}${path}`, { method: 'DELETE' })
  return { status: response.status, body: await response.json() as Record<string, any> }
}

const deposit = async (holder: string, jwk: unknown) => postJson(`${sandbox.url}/debug/${holder}/keys`, jwk)
const events = async (path: string) => (await call(`${path}?limit=500`)).body.events as Record<string, string>[]
const ask = async (key: Pick<KeyPair, 'kid' | 'privateKey'>) =>
  (await postTokenRequest(sandbox.url, await signAssertion(sandbox, { header: { kid: key.kid }, key: key as KeyPair }))).status

t.test('a client that deposits another key asks with either; a deleted one is not there any more', async (t) => {
  const [old, young] = [await sandbox.keyOf('istat'), await makeKey()]
  t.equal(await ask(young), 400)
  const { status, body } = await deposit('clients/istat', young.jwk)
  const jwk = { ...young.jwk, kid: young.kid, use: 'sig', alg: 'RS256' }
  t.equal(status, 201)
  t.strictSame(body, { clientId: istat, kid: young.kid, jwk, event: body.event })
  t.match(body.event, { eventType: 'CLIENT_KEY_ADDED', kid: young.kid, clientId: istat })
  t.strictSame((await call(`/keys/${young.kid}`)).body, { clientId: istat, jwk })
  t.strictSame([await ask(old), await ask(young)], [200, 200])

  const removed = await remove(`/debug/clients/${istat}/keys/${old.kid}`)
  t.strictSame(removed, { status: 200, body: { clientId: istat, kid: old.kid, event: removed.body.event } })
  t.match(removed.body.event, { eventType: 'CLIENT_KEY_DELETED', kid: old.kid, clientId: istat })
  t.equal((await call(`/keys/${old.kid}`)).status, 404)
  t.strictSame([await ask(old), await ask(young)], [400, 200])
  t.strictSame(await events('/keyEvents'), [body.event, removed.body.event])
  t.equal((await remove(`/debug/clients/istat/keys/${old.kid}`)).status, 404, 'and not a second time')
  t.equal((await deposit('clients/istat', old.publicJwk)).status, 201, 'but it can be deposited again')
})

t.test('a keychain takes a second key and gives one up, in its own events', async (t) => {
  const key = await makeKey()
  const producerKeychainId = keychainId(milano)
  const added = await deposit('keychains/comune-di-milano', key.jwk)
  t.match(added, { status: 201, body: { producerKeychainId, kid: key.kid, event: { eventType: 'PRODUCER_KEYCHAIN_KEY_ADDED', producerKeychainId, kid: key.kid } } })
  t.match(await call(`/producerKeys/${key.kid}`), { status: 200, body: { producerKeychainId, jwk: { kid: key.kid } } })
  t.equal((await remove(`/debug/clients/istat/keys/${key.kid}`)).status, 404, 'it is no client\'s')
  const removed = await remove(`/debug/keychains/${milano}/keys/${key.kid}`)
  t.match(removed, { status: 200, body: { producerKeychainId, event: { eventType: 'PRODUCER_KEYCHAIN_KEY_DELETED' } } })
  t.equal((await call(`/producerKeys/${key.kid}`)).status, 404)
  t.strictSame(await events('/producerKeyEvents'), [added.body.event, removed.body.event])
})

t.test('a key has one holder, whoever deposits it again', async (t) => {
  const key = await makeKey()
  t.equal((await deposit('clients/istat', key.jwk)).status, 201)
  for (const holder of ['clients/istat', 'clients/comune-di-bologna', 'keychains/comune-di-milano']) {
    t.match(await deposit(holder, { ...key.jwk, use: 'enc' }), { status: 409, body: { detail: /deposited already/ } })
  }
})

t.test('alg is what the depositor says: nobody may choose an algorithm by it', async (t) => {
  const { jwk, kid } = await makeKey()
  t.equal((await deposit('clients/comune-di-bologna', { ...jwk, alg: 'HS256', use: 'enc', kid })).status, 201)
  t.match((await call(`/keys/${kid}`)).body, { jwk: { alg: 'HS256', use: 'enc', kid } })
})

t.test('what the platform takes for no key is 400 and leaves no trace', async (t) => {
  const { jwk, privateKey } = await makeKey()
  const before = (await events('/keyEvents')).length
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const wrong: [string, unknown][] = [
    ['a key that is too short', (await makeKey(1024)).jwk],
    ['an elliptic curve', ec],
    ['a secret', { kty: 'oct', k: 'AAAA' }],
    ['a private key', privateKey.export({ format: 'jwk' })],
    ['a kid that is no thumbprint', { ...jwk, kid: 'my-key' }],
    ['an even exponent', { ...jwk, e: 'Ag' }],
    ['no modulus', { ...jwk, n: undefined }],
    ['a list', [jwk]],
    ['an alg that is no text', { ...jwk, alg: 1 }],
    ['another use', { ...jwk, use: 'both' }]
  ]
  for (const [what, key] of wrong) {
    const { status, body } = await deposit('clients/istat', key)
    t.equal(status, 400, what)
    t.notOk(JSON.stringify(body).includes(String(privateKey.export({ format: 'jwk' }).d)))
  }
  t.equal((await events('/keyEvents')).length, before)
})

t.test('a holder that is not there is 404 with the one that was meant', async (t) => {
  const { jwk } = await makeKey()
  t.match(await deposit('clients/istta', jwk), { status: 404, body: { detail: /Did you mean "istat"\?/ } })
  t.match(await deposit('keychains/istat', jwk), { status: 404, body: { detail: /no producer is called "istat"/ } })
  t.equal((await remove('/debug/keychains/none/keys/x')).status, 404)
})

t.test('a client has at most 100 keys', async (t) => {
  // The numbers need not be products of two primes to be counted.
  const jwk = (index: number) => {
    const modulus = Buffer.alloc(256, 0xff)
    modulus.writeUInt32BE(index, 100)
    return { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' }
  }
  const statuses: number[] = []
  for (let index = 0; index < 100; index++) statuses.push((await deposit('clients/comune-di-prato', jwk(index))).status)
  t.strictSame(statuses, [...Array<number>(99).fill(201), 409])
})
