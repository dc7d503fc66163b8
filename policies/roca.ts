/**
 * RSA keys that a flawed library made on many smart cards and security chips until 2017 (ROCA, CVE-2017-15361): whoever has the public key
 * can compute the private one. Their primes are a power of 65537 modulo the product of the first primes, and so is their product.
 */

const generator = 65537
/** The odd primes that go into the library's product for a key of any size. */
const primes = Array.from({ length: 165 }, (_, index) => index + 3).filter((number) => Array.from({ length: number - 2 }, (_, index) => index + 2).every((divisor) => number % divisor !== 0))
const product = primes.reduce((all, prime) => all * BigInt(prime), 1n)

/** For every prime what a power of 65537 can leave; where it can leave everything it tells nothing. */
const residues = primes.map((prime) => ({ prime: BigInt(prime), possible: powersModulo(prime) })).filter(({ prime, possible }) => possible.size < Number(prime) - 1)

function powersModulo (prime: number): ReadonlySet<bigint> {
  const powers = new Set<bigint>()
  for (let power = 1; !powers.has(BigInt(power)); power = power * generator % prime) powers.add(BigInt(power))
  return powers
}

/** True for the modulus of such a key. A key made by chance looks like one once in 10^8. */
export function isRocaModulus (modulus: Buffer): boolean {
  const remainder = BigInt(`0x${modulus.toString('hex')}`) % product
  return residues.every(({ prime, possible }) => possible.has(remainder % prime))
}
