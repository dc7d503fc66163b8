import { gunzip } from 'node:zlib'
import type { Gunzip } from 'node:zlib'
import type { Denial } from '../policies/denials.ts'

/**
 * Decodes a body that came gzip-coded, so that it can be checked against its contract; what is forwarded stays as it came. One that unfolds to more than
 * `maxBytes` is given up at that size, and bytes behind the end of the coding are refused: another reader could see more in them.
 */
export async function decodeGzip (coded: Uint8Array, maxBytes: number): Promise<Uint8Array | Denial> {
  return new Promise((resolve) => {
    // With `info` the callback gets the engine too, which the types do not say.
    gunzip(coded, { maxOutputLength: maxBytes, info: true }, (error: NodeJS.ErrnoException | null, result: unknown) => {
      if (error?.code === 'ERR_BUFFER_TOO_LARGE') return resolve({ denial: 'content-too-large', check: 'Content-Encoding', reason: `it unfolds to more than ${maxBytes} bytes` })
      if (error) return resolve(notGzip)
      const { buffer, engine } = result as { buffer: Buffer, engine: Gunzip }
      resolve(engine.bytesWritten === coded.length ? buffer : notGzip)
    })
  })
}

const notGzip: Denial = { denial: 'invalid-body', check: 'Content-Encoding', detail: 'The body is not gzip-coded, or not to its end.', reason: 'it cannot be decoded' }
