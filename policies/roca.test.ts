import { generateKeyPairSync, randomBytes } from 'node:crypto'
import t from 'tap'
import { findKeyFault } from './jwk.ts'
import { isRocaModulus } from './roca.ts'

const primes = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167].map(BigInt)
const product = primes.reduce((all, prime) => all * prime, 1n)
const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(512, '0'), 'hex')
const random = (): bigint => BigInt(`0x${randomBytes(256).toString('hex')}`) | (1n << 2047n) | 1n

/** A modulus with the mark of the flaw: a power of 65537 modulo the product of the small primes. */
function marked (exponent: number): bigint {
  const power = Array.from({ length: exponent }).reduce<bigint>((value) => value * 65537n % product, 1n)
  const start = random()
  const modulus = start - start % product + power
  return modulus % 2n === 1n ? modulus : modulus + product
}

t.test('a modulus with the mark of the flaw is refused as a key, whatever its power', async (t) => {
  for (const exponent of [0, 1, 2, 17, 1000, 4321]) t.equal(isRocaModulus(bytes(marked(exponent))), true, `65537^${exponent}`)
  const n = bytes(marked(77)).toString('base64url')
  t.equal(findKeyFault({ kty: 'RSA', n, e: 'AQAB' }, 'RS256'), 'a modulus that can be factored (CVE-2017-15361)')
})

t.test('a key made by chance has no such mark', async (t) => {
  t.strictSame(Array.from({ length: 2000 }, random).filter((modulus) => isRocaModulus(bytes(modulus))), [])
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  t.equal(findKeyFault(publicKey.export({ format: 'jwk' }), 'RS256'), undefined)
  t.equal(isRocaModulus(bytes(marked(5) + 2n)), false)
})
