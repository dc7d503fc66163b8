import { Busboy } from '@fastify/busboy'
import * as fc from 'fast-check'
import t from 'tap'
import { multipartCases } from '../cases/multipart.ts'
import { readMultipart } from './multipart.ts'
import type { Part } from './multipart.ts'

const contentType = 'multipart/form-data; boundary=b'

/** What another reader finds in a body: of each part its name, its file name and its bytes; undefined when it finds it broken. */
async function otherReading (type: string, body: Buffer): Promise<readonly unknown[] | undefined> {
  return new Promise((resolve) => {
    const found: [name: string, filename: string | undefined, content: string][] = []
    const reader = new Busboy({ headers: { 'content-type': type }, isPartAFile: () => true })
    reader.on('file', (name, stream, filename) => {
      const part: (typeof found)[number] = [name, filename || undefined, '']
      found.push(part)
      stream.on('data', (chunk: Buffer) => { part[2] += chunk.toString('latin1') })
    })
    reader.on('finish', () => { resolve(found) })
    reader.on('error', () => { resolve(undefined) })
    reader.end(body)
  })
}

const ownReading = (parts: readonly Part[]): readonly unknown[] => parts.map(({ name, filename, bytes }) => [name, filename || undefined, bytes.toString('latin1')])

t.test('whatever is taken apart here, another reader takes apart in the same way', async (t) => {
  let read = 0
  for (const { name, sent: { type = '', body = '' } } of multipartCases) {
    const bytes = Buffer.from(body)
    const parts = readMultipart(type, bytes)
    if ('fault' in parts || parts.length === 0) continue
    read++
    // Which of two filenames counts is for each reader to say; here neither is used.
    const plain = (reading: readonly unknown[] | undefined) => body.includes('filename*=') ? reading?.map((part) => (part as readonly string[]).toSpliced(1, 1)) : reading
    t.strictSame(plain(ownReading(parts)), plain(await otherReading(type, bytes)), name)
  }
  t.ok(read > 30, `${read} were read`)
})

const tokens = ['--b', '--b--', '\r\n', '\n', '\r', '--', 'b', ' ', 'x', 'Content-Disposition: form-data; name="n"', 'Content-Disposition: form-data; name="f"; filename="a"', 'Content-Type: text/plain', '\r\n\r\n', ': ', ';', '"', '--b\r\nContent-Disposition: form-data; name="m"\r\n\r\n', '\r\n--b--\r\n', '\r\n--b\r\n']

t.test('also what is made of pieces of such bodies in any order', async (t) => {
  let read = 0
  await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom(...tokens), { maxLength: 8 }), async (middle) => {
    const body = Buffer.from(`--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n${middle.join('')}\r\n--b--\r\n`)
    const parts = readMultipart(contentType, body)
    if ('fault' in parts) return true
    read++
    return JSON.stringify(ownReading(parts)) === JSON.stringify(await otherReading(contentType, body))
  }), { numRuns: 1500 })
  t.ok(read > 100, `${read} of 1500 were read`)
})

t.test('a body of 1 MiB is read in time, whatever is in it', async (t) => {
  const big = 1024 * 1024
  for (const [name, content] of Object.entries({ 'boundaries in a line': ' --b'.repeat(big / 4), 'line breaks': '\r\n'.repeat(big / 2), 'dashes': '-'.repeat(big), 'parts': '\r\n--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'.repeat(big / 60) })) {
    const started = process.cpuUsage()
    readMultipart(contentType, Buffer.from(`--b\r\nContent-Disposition: form-data; name="n"\r\n\r\n${content}\r\n--b--\r\n`))
    t.ok(process.cpuUsage(started).user < 2e6, name)
  }
})
