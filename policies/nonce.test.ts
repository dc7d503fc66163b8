import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { testTime } from './fixture.ts'
import { noncesOf } from './nonce.ts'

const secret = randomBytes(32)
const nonces = noncesOf(secret)

t.test('a nonce is taken for one to two minutes, by every process that has the secret', async (t) => {
  const nonce = nonces.current(testTime)
  t.match(nonce, /^[A-Za-z0-9_-]{27}$/)
  for (const later of [0, 59_000, 119_000]) t.ok(noncesOf(secret).accepts(nonce, testTime + later), `${later} ms later`)
  for (const later of [120_000, 86_400_000, -1]) t.notOk(nonces.accepts(nonce, testTime + later), `${later} ms later`)
})

t.test('nothing else is taken', async (t) => {
  t.notOk(noncesOf(randomBytes(32)).accepts(nonces.current(testTime), testTime), 'not that of another secret')
  for (const nonce of [undefined, null, 7, '', [nonces.current(testTime)], `${nonces.current(testTime)}=`, ` ${nonces.current(testTime)}`]) t.notOk(nonces.accepts(nonce, testTime))
  fc.assert(fc.property(fc.string(), (nonce) => !nonces.accepts(nonce, testTime)))
})
