import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** What is read of a file at once, and no more is held but a line that is longer; in bytes. */
const chunkBytes = 256 * 1024

/** No line is longer; in bytes. */
export const maxLineBytes = 1024 * 1024

/** What is behind the last whole line of a file: `inZeros` when it ends in zeros, as files may after the power went. */
export interface Rest { readonly bytes: number, readonly inZeros: boolean }

/** The whole lines of a file, some at a time, without their ends, as far as it is when it is opened and no line is too long; then what is left behind them. Throws what the file system throws. */
export async function * readLines (path: string): AsyncGenerator<readonly string[], Rest> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    let at = 0
    let kept: Buffer = Buffer.alloc(0)
    while (at < size && kept.length <= maxLineBytes) {
      const chunk = await readAt(file, at, Math.min(chunkBytes, size - at))
      if (chunk.length === 0) break
      at += chunk.length
      const end = chunk.lastIndexOf(10)
      const whole = Buffer.concat([kept, end === -1 ? chunk : chunk.subarray(0, end)])
      kept = end === -1 ? whole : chunk.subarray(end + 1)
      if (end !== -1) yield whole.toString('utf8').split('\n')
    }
    const bytes = kept.length + size - at
    const last = await readAt(file, size - Math.min(16, bytes), Math.min(16, bytes))
    return { bytes, inZeros: last.length > 0 && last.every((byte) => byte === 0) }
  } finally {
    await file.close()
  }
}

async function readAt (file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}
