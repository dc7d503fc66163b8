import type { Readable } from 'node:stream'

const newline = 0x0a

/** Passes on what comes, whole lines at a time: what several processes write to one pipe is mixed up where a line is long. What is left without an end gets one. */
export function passLines (from: Readable, write: (lines: string) => unknown): void {
  const rest: Buffer[] = []
  from.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(newline) + 1
    if (end > 0) write(Buffer.concat([...rest.splice(0), chunk.subarray(0, end)]).toString())
    if (end < chunk.length) rest.push(chunk.subarray(end))
  })
  from.on('end', () => { if (rest.length > 0) write(`${Buffer.concat(rest).toString()}\n`) })
}
