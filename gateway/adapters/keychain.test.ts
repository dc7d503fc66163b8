import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { thumbprintOf } from '../../policies/jwk.ts'
import { until } from '../harness/gateway.ts'
import { Keychain } from './keychain.ts'
import type { KeychainOptions } from './keychain.ts'

const [first, second, third] = Array.from({ length: 3 }, () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey) as [KeyObject, KeyObject, KeyObject]
const kidOf = (key: KeyObject): string => thumbprintOf({ ...createPublicKey(key).export({ format: 'jwk' }) })
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' })

/** A folder with these files, a keychain to open on it, and what it warns of. */
async function folderWith (t: Test, files: Readonly<Record<string, KeyObject | string>>) {
  const folder = join(t.testdir({}), 'keys')
  const warnings: string[] = []
  const put = async (name: string, content: KeyObject | string, mode = 0o600): Promise<void> => writeFile(join(folder, name), typeof content === 'string' ? content : pem(content), { mode })
  await mkdir(folder)
  for (const [name, content] of Object.entries(files)) await put(name, content)
  const open = async (options: Partial<KeychainOptions> = {}): Promise<Keychain> => {
    const keychain = await Keychain.open({ folder, warn: (message) => { warnings.push(message.replaceAll(`${folder}/`, '').replaceAll(folder, 'folder')) }, ...options })
    t.teardown(() => { keychain.close() })
    return keychain
  }
  return { folder, warnings, put, open }
}

t.test('the newest file name signs, whatever was written last', async (t) => {
  const { open, put, warnings } = await folderWith(t, { '2026-02.pem': second, '2026-01.pem': first, '.2027.pem': third, '2028.txt': 'no key' })
  const keychain = await open()
  t.equal(keychain.current.kid, kidOf(second))
  await put('2026-01b.pem', third)
  await keychain.refresh()
  t.equal(keychain.current.kid, kidOf(second))
  t.strictSame(warnings, [])
})

t.test('a key that is added signs, one that is taken away does not, and the last goes on', async (t) => {
  const { folder, open, put, warnings } = await folderWith(t, { 'a.pem': first })
  const keychain = await open()
  await put('b.pem', second)
  await keychain.refresh()
  t.equal(keychain.current.kid, kidOf(second))
  await rm(join(folder, 'b.pem'))
  await keychain.refresh()
  t.equal(keychain.current.kid, kidOf(first))
  await rm(join(folder, 'a.pem'))
  await keychain.refresh()
  await keychain.refresh()
  t.equal(keychain.current.kid, kidOf(first))
  t.strictSame(warnings, ['folder: there is no key (*.pem)', 'folder: the last key goes on signing'], 'told once')
  await rm(folder, { recursive: true })
  await keychain.refresh()
  t.equal(keychain.current.kid, kidOf(first))
  t.match(warnings.at(-1), /ENOENT/)
})

const unusable: Readonly<Record<string, readonly [content: KeyObject | string, message: RegExp, mode?: number]>> = {
  'half a file': [pem(second).slice(0, 400), /no private key in PKCS#8 PEM/],
  'an empty file': ['', /no private key in PKCS#8 PEM/],
  'a public key': [createPublicKey(second).export({ type: 'spki', format: 'pem' }), /no private key/],
  'PKCS#1': [second.export({ type: 'pkcs1', format: 'pem' }), /no private key in PKCS#8/],
  'a key that needs a passphrase': [second.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }), /no private key/],
  'a key on a curve': [pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey), /RS256/],
  'a short key': [pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey), /a modulus of 1024 bits/],
  'a file for everybody': [second, /open to other users: run chmod 600/, 0o644],
  'a file for the group': [second, /open to other users/, 0o640],
  'a long file': [pem(second) + 'x'.repeat(70_000), /too long/]
}

for (const [name, [content, message, mode = 0o600]] of Object.entries(unusable)) {
  t.test(`${name} is told of, and the key before it goes on signing`, async (t) => {
    const { folder, open, put, warnings } = await folderWith(t, { 'a.pem': first })
    const keychain = await open()
    await put('b.pem', content)
    await chmod(join(folder, 'b.pem'), mode)
    await keychain.refresh()
    t.equal(keychain.current.kid, kidOf(first))
    t.equal(warnings.length, 1)
    t.match(warnings[0], /^b\.pem: /)
    t.match(warnings[0], message)
    t.notMatch(warnings[0], /BEGIN [A-Z ]*KEY-----\n|MII/)
    await rm(join(folder, 'a.pem'))
    await t.rejects(open(), { message }, 'alone it opens nothing')
  })
}

t.test('a folder without a key, or none at all, is not opened', async (t) => {
  const { open, folder } = await folderWith(t, {})
  await t.rejects(open(), { message: `${folder}: there is no key (*.pem)` })
  await t.rejects(open({ folder: join(folder, 'nothing') }), { message: /cannot be read \(ENOENT\)/ })
})

t.test('a new key signs once the platform knows it', async (t) => {
  const { open, put, warnings } = await folderWith(t, { 'a.pem': first })
  const known = new Set([kidOf(first)])
  let asked = 0
  const keychain = await open({ isPublished: async (kid) => { asked++; return known.has(kid) } })
  await put('b.pem', second)
  await keychain.refresh()
  t.equal(keychain.current.kid, kidOf(first))
  t.match(warnings, [/^b\.pem: the platform does not know the key: deposit it/])
  known.add(kidOf(second))
  await keychain.refresh()
  t.equal(keychain.current.kid, kidOf(second))
  asked = 0
  known.clear()
  await keychain.refresh()
  t.equal(keychain.current.kid, kidOf(second))
  t.equal(asked, 0, 'what is known is not asked for again')
})

t.test('while the platform does not answer the key that signs goes on, and a start takes the newest that is not denied', async (t) => {
  const { open, put } = await folderWith(t, { 'a.pem': first })
  let answers: (kid: string) => boolean = () => true
  const isPublished = async (kid: string): Promise<boolean> => answers(kid)
  const keychain = await open({ isPublished })
  answers = () => { throw new Error('away') }
  await put('b.pem', second)
  await keychain.refresh()
  t.equal(keychain.current.kid, kidOf(first))
  t.equal((await open({ isPublished })).current.kid, kidOf(second))
  answers = (kid) => {
    if (kid === kidOf(second)) return false
    throw new Error('away')
  }
  t.equal((await open({ isPublished })).current.kid, kidOf(first))
  answers = () => false
  const started = await open({ isPublished })
  t.equal(started.current.kid, kidOf(second))
  answers = (kid) => kid === kidOf(first)
  await started.refresh()
  t.equal(started.current.kid, kidOf(first), 'it turns to the one that is known')
})

t.test('a change of the folder is noticed by itself, and by the interval', async (t) => {
  const { open, put } = await folderWith(t, { 'a.pem': first })
  const watching = await open()
  watching.watch(60_000)
  const asking = await open()
  asking.watch(20)
  await put('b.pem', second)
  await until(() => watching.current.kid === kidOf(second) && asking.current.kid === kidOf(second))
  t.equal(watching.current.kid, kidOf(second))
  t.equal(asking.current.kid, kidOf(second))
})
