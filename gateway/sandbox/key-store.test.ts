import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import t from 'tap'
import { clientKeyPath, keychainKeyPath, openKeyStore } from './key-store.ts'

const client = 'd0f6a8c3-7e59-4b14-8ad2-f9e5c0b7d161'
const producer = '6f1c3a52-0b7e-4c1d-9a44-3e2f5d7b8c01'
const owners = { clients: [client], producers: [producer] }
const nobody = { clients: [], producers: [] }
const stateDir = join(t.testdir(), 'new', 'state')
const stores = await Promise.all([1, 2, 3].map(async () => openKeyStore(stateDir, owners)))

t.test('concurrent first starts end with the same keys and leave nothing behind', async (t) => {
  t.equal(new Set(stores.map(({ platform }) => platform.kid)).size, 1)
  t.equal(new Set(stores.map(({ clients }) => clients.get(client)?.kid)).size, 1)
  t.strictSame((await readdir(stateDir)).toSorted(), [`client-${client}.pem`, `keychain-${producer}.pem`, 'platform.pem'])
})

t.test('a second start reads the keys of the first', async (t) => {
  const again = await openKeyStore(stateDir, owners)
  t.equal(again.platform.kid, stores[0]?.platform.kid)
  t.equal(again.clients.get(client)?.kid, stores[0]?.clients.get(client)?.kid)
  t.equal(again.keychains.get(producer)?.kid, stores[0]?.keychains.get(producer)?.kid)
})

t.test('a kid is the RFC 7638 thumbprint of an RSA-2048 key', async (t) => {
  const { kid, publicJwk, privateKey } = stores[0]!.platform
  t.match(kid, /^[A-Za-z0-9_-]{43}$/)
  t.equal(kid, await calculateJwkThumbprint({ kty: publicJwk.kty!, n: publicJwk.n!, e: publicJwk.e! }))
  t.equal(privateKey.asymmetricKeyDetails?.modulusLength, 2048)
})

t.test('keys are for their owner only', { skip: process.platform === 'win32' }, async (t) => {
  t.equal((await stat(stateDir)).mode & 0o777, 0o700)
  for (const path of [clientKeyPath(stateDir, client), keychainKeyPath(stateDir, producer)]) t.equal((await stat(path)).mode & 0o777, 0o600)
  const open = join(t.testdir(), 'open')
  await mkdir(open)
  await chmod(open, 0o755)
  await t.rejects(openKeyStore(open, nobody), { message: /is open to other users: run chmod 700/ })
})

t.test('a file that is not a key is never replaced', async (t) => {
  const broken = join(t.testdir(), 'broken')
  await mkdir(broken, { mode: 0o700 })
  await writeFile(join(broken, 'platform.pem'), 'not a key')
  await t.rejects(openKeyStore(broken, nobody), { message: /platform\.pem is not an RSA private key of 2048 bits/ })
})
