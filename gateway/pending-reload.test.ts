import { setImmediate as settled } from 'node:timers/promises'
import t from 'tap'
import { PendingReload } from './pending-reload.ts'

/** What is put together, one after the other; each is ready when it is told to be, and `done` says what became of it. */
function stage () {
  const done: string[] = []
  const ready: (() => void)[] = []
  const reload = new PendingReload(async () => {
    const hash = String(ready.length + 1)
    const waiting = Promise.withResolvers<void>()
    ready.push(waiting.resolve)
    await waiting.promise
    return { hash, commit: () => { done.push(`commit ${hash}`) }, discard: async () => { done.push(`discard ${hash}`) } }
  })
  const finish = async (index: number): Promise<void> => {
    await settled()
    ready[index]?.()
    await settled()
  }
  return { done, reload, finish }
}

t.test('what was put together goes live once', async (t) => {
  const { done, reload, finish } = stage()
  const prepared = reload.prepare()
  await finish(0)
  t.strictSame(await prepared, { hash: '1' })
  reload.commit()
  t.throws(() => { reload.commit() }, { message: /nothing is put together/ })
  t.strictSame(done, ['commit 1'])
})

t.test('what was discarded does not go live, nor what comes too late', async (t) => {
  const { done, reload, finish } = stage()
  const first = reload.prepare()
  await finish(0)
  await first
  await reload.discard()
  t.throws(() => { reload.commit() })
  const second = t.rejects(reload.prepare(), { message: /not at all/ })
  await settled()
  await reload.discard()
  await finish(1)
  await second
  t.throws(() => { reload.commit() })
  t.strictSame(done, ['discard 1', 'discard 2'])
})

t.test('of two that are asked for at a time the last one counts, in whatever order they are ready', async (t) => {
  for (const order of [[0, 1], [1, 0]] as const) {
    const { done, reload, finish } = stage()
    const [first, second] = [reload.prepare(), reload.prepare()]
    const outcome = Promise.allSettled([first, second])
    for (const index of order) await finish(index)
    t.match(await outcome, [{ status: 'rejected' }, { status: 'fulfilled', value: { hash: '2' } }])
    reload.commit()
    t.strictSame(done.toSorted(), ['commit 2', 'discard 1'])
  }
})
