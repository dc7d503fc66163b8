import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** CPU time of the cryptography of one call, in µs: what no gateway can do without. */
export interface RawCrypto { readonly dpop: number, readonly integrity: number }

const measuredMs = 150
let known: RawCrypto | undefined

/** Measures it once: the signature of a DPoP proof (ES256) with the hash of the voucher, and that of a message (RS256) with the hash of 1 KiB. */
export function rawCryptoMicros (): RawCrypto {
  known ??= {
    dpop: verifying({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }), dsaEncoding: 'ieee-p1363' }, 900),
    integrity: verifying(generateKeyPairSync('rsa', { modulusLength: 2048 }), 1024)
  }
  return known
}

interface Keys { readonly privateKey: KeyObject, readonly publicKey: KeyObject, readonly dsaEncoding?: 'ieee-p1363' }

/** CPU time of verifying a short token and of hashing so many bytes, in µs. */
function verifying ({ privateKey, publicKey, ...encoding }: Keys, hashedBytes: number): number {
  const [token, hashed] = [Buffer.alloc(400, 'a'), Buffer.alloc(hashedBytes, 'b')]
  const signature = sign('sha256', token, { key: privateKey, ...encoding })
  const once = (): void => {
    verify('sha256', token, { key: publicKey, ...encoding }, signature)
    createHash('sha256').update(hashed).digest('base64url')
  }
  for (let warm = 0; warm < 200; warm++) once()
  const [start, end] = [process.cpuUsage(), performance.now() + measuredMs]
  let times = 0
  for (; performance.now() < end; times++) once()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / times
}
