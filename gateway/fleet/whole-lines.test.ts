import { PassThrough } from 'node:stream'
import t from 'tap'
import { passLines } from './whole-lines.ts'

t.test('lines are passed on whole, however they come in', async (t) => {
  const text = 'one\ntwo, è lunga\n\nthree\nfour without an end'
  const bytes = Buffer.from(text)
  for (let size = 1; size <= bytes.length; size++) {
    const from = new PassThrough()
    const written: string[] = []
    passLines(from, (lines) => written.push(lines))
    for (let at = 0; at < bytes.length; at += size) from.write(bytes.subarray(at, at + size))
    from.end()
    await new Promise((resolve) => from.once('end', resolve))
    t.equal(written.join(''), `${text}\n`)
    t.ok(written.every((lines) => lines.endsWith('\n')), `in pieces of ${size}`)
  }
})
