import { createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import t from 'tap'
import { prepareHmac } from './hmac.ts'

const ascii = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: 'binary-ascii', maxLength })

t.test('it is HMAC-SHA-256, whatever the secret and the text', async (t) => {
  fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 40 }), fc.string({ minLength: 60, maxLength: 70 }), fc.string({ minLength: 100, maxLength: 300 })), fc.array(ascii(300), { minLength: 1, maxLength: 4 }), (secret, texts) => {
    const sign = prepareHmac(secret)
    for (const text of texts) if (sign(text) !== createHmac('sha256', secret).update(text).digest('base64url')) throw new Error('another one')
  }), { seed: 20_261_122, numRuns: 300 })
  t.pass()
})

t.test('texts longer than any before, then a short one again', async (t) => {
  const sign = prepareHmac('secret')
  for (const length of [10, 4096, 4097, 100_000, 5, 200_000, 0]) {
    const text = 'x'.repeat(length)
    t.equal(sign(text), createHmac('sha256', 'secret').update(text).digest('base64url'), String(length))
  }
})

t.test('the case of RFC 4231, 4.3', async (t) => {
  t.equal(Buffer.from(prepareHmac('Jefe')('what do ya want for nothing?'), 'base64url').toString('hex'), '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
})
