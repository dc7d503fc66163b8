import { promisify } from 'node:util'
import { brotliDecompress, gunzip, zstdDecompress } from 'node:zlib'
import type { IncomingHttpHeaders } from 'node:http'

type Decode = (coded: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>
const decoders: ReadonlyMap<string, Decode> = new Map<string, Decode>([['gzip', promisify(gunzip)], ['x-gzip', promisify(gunzip)], ['br', promisify(brotliDecompress)], ['zstd', promisify(zstdDecompress)]])

/** The content coding of an answer (RFC 9110, 8.4), in lower case; undefined when it has none. */
export function codingOf (headers: IncomingHttpHeaders): string | undefined {
  const written: string | readonly string[] | undefined = headers['content-encoding']
  if (written === undefined) return undefined
  const coding = [written].flat().join(',').trim().toLowerCase()
  return coding === '' || coding === 'identity' ? undefined : coding
}

/** Decodes an answer off the event loop, or gives why it cannot be: it unfolds to more than `maxBytes`, the coding is not known here, or it is not in it. */
export async function decodeAnswer (coded: Uint8Array, coding: string, maxBytes: number): Promise<Uint8Array | 'too-long' | 'coding' | 'broken'> {
  const decode = decoders.get(coding)
  if (!decode) return 'coding'
  try {
    return await decode(coded, { maxOutputLength: maxBytes })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-long' : 'broken'
  }
}
