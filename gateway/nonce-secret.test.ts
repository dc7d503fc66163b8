import t from 'tap'
import { noncesOf } from '../policies/nonce.ts'
import { nonceSecretOf } from './nonce-secret.ts'

const now = Date.parse('2026-03-02T10:00:00Z')
const noncesWith = (...secrets: string[]) => noncesOf(nonceSecretOf(secrets.map((secret) => ({ upstream: { url: 'http://127.0.0.1:1', secret, timeoutMs: 1 } }))))
const [one, two] = ['a secret of 32 characters, or more', 'another secret of that many, or more'] as const

t.test('the same secrets give the same nonces, in whatever order and however often they are used', async (t) => {
  for (const other of [noncesWith(one, two), noncesWith(two, one), noncesWith(one, two, one)]) t.ok(other.accepts(noncesWith(one, two).current(now), now))
})

t.test('other secrets give others, also where they read the same one after the other', async (t) => {
  for (const other of [noncesWith(one), noncesWith(`${one}${two}`), noncesWith(one, `${two} `), noncesWith()]) t.notOk(other.accepts(noncesWith(one, two).current(now), now))
})

t.test('it is long enough, and tells nothing of what it was made from', async (t) => {
  const secret = nonceSecretOf([{ upstream: { url: '', secret: one, timeoutMs: 1 } }])
  t.equal(secret.length, 32)
  t.notOk(Buffer.from(secret).includes(one.slice(0, 8)))
})
