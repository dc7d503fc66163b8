import { generateKeyPairSync } from 'node:crypto'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openDpopKey } from './dpop-key.ts'

const folder = t.testdir()
const path = join(folder, 'dpop.pem')

t.test('the first use makes a PKCS#8 key for its owner only, the next ones read it', async (t) => {
  const keys = await Promise.all([1, 2, 3].map(async () => openDpopKey(path)))
  t.match(await readFile(path, 'utf8'), /^-----BEGIN PRIVATE KEY-----\n/)
  t.strictSame(await readdir(folder), ['dpop.pem'])
  if (process.platform !== 'win32') t.equal((await stat(path)).mode & 0o777, 0o600)
  const again = await openDpopKey(path)
  for (const { publicKey, privateKey } of keys) t.ok(publicKey.equals(again.publicKey) && privateKey.equals(again.privateKey))
  t.equal(again.privateKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
})

t.test('a key that others can read is refused', { skip: process.platform === 'win32' }, async (t) => {
  const open = join(t.testdir(), 'open.pem')
  await openDpopKey(open)
  await chmod(open, 0o640)
  await t.rejects(openDpopKey(open), { message: /open\.pem is open to other users: run chmod 600 / })
})

t.test('a file that is no ES256 key is refused and left as it is, a folder that is not there is named', async (t) => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  for (const content of ['not a key', ...[rsa, p384].map((key) => key.export({ type: 'pkcs8', format: 'pem' }))]) {
    const wrong = join(t.testdir({}), 'wrong.pem')
    await writeFile(wrong, content, { mode: 0o600 })
    await t.rejects(openDpopKey(wrong), { message: /wrong\.pem is not a private key for ES256/ })
    t.equal(await readFile(wrong, 'utf8'), content)
  }
  await t.rejects(openDpopKey(join(folder, 'none', 'dpop.pem')), { message: /none\/dpop\.pem cannot be made \(ENOENT\)/ })
})
