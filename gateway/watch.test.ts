import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { until } from './harness/gateway.ts'
import { temporaryFolder } from './harness/process.ts'
import { watchFiles } from './watch.ts'

/** Replaces a file as a whole. */
async function write (file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content)
  await rename(`${file}.new`, file)
}

/** Watches files: `taken` is what the first of them held each time when something had changed, and `meanwhile` is done before that is over. */
async function watch (t: Test, files: readonly string[], meanwhile: (times: number) => Promise<void>): Promise<{ readonly taken: string[], readonly looked: (times: number) => Promise<void> }> {
  const stopping = new AbortController()
  const taken: string[] = []
  let looks = 0
  const look = (): readonly string[] => {
    looks++
    return files
  }
  const watching = watchFiles(look, async () => {
    taken.push(await readFile(files[0] as string, 'utf8'))
    await meanwhile(taken.length)
  }, stopping.signal, 5)
  t.teardown(async () => {
    stopping.abort()
    await watching
  })
  const looked = async (times: number): Promise<void> => {
    const end = looks + times
    await until(() => looks >= end)
  }
  await looked(2)
  return { taken, looked }
}

t.test('what changes while what changed before is taken in is taken in too', async (t) => {
  const file = join(await temporaryFolder(t), 'one.yaml')
  await write(file, 'first')
  const { taken, looked } = await watch(t, [file], async (times) => { if (times === 1) await write(file, 'the third') })
  await write(file, 'a second')
  await until(() => taken.length === 2)
  await looked(4)
  t.strictSame(taken, ['a second', 'the third'])
})

t.test('a file that is watched from then on is no change by that alone', async (t) => {
  const folder = await temporaryFolder(t)
  const files = [join(folder, 'one.yaml')]
  for (const name of ['one.yaml', 'two.yaml']) await write(join(folder, name), 'first')
  const { taken, looked } = await watch(t, files, async () => { files[1] = join(folder, 'two.yaml') })
  await write(join(folder, 'one.yaml'), 'a second')
  await until(() => taken.length === 1)
  await looked(4)
  t.equal(taken.length, 1)
  await write(join(folder, 'two.yaml'), 'a second')
  await until(() => taken.length === 2)
  await looked(4)
  t.equal(taken.length, 2)
})
