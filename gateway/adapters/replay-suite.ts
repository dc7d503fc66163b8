import type { Test } from 'tap'
import type { ReplayFilter } from '../../policies/replay.ts'

/** The time at which the suite lives, in epoch ms. What it notes was issued long enough after `open` for every filter to be sure. */
export const suiteTime = Date.parse('2026-03-02T10:00:00Z')

/** What every replay filter must do, wherever it remembers. `open` gives one that remembers nothing yet and was opened a minute before `suiteTime`. */
export async function testReplay (t: Test, open: (t: Test) => Promise<ReplayFilter>): Promise<void> {
  const minute = suiteTime + 60_000

  await t.test('a key is the first once, and seen from then on', async (t) => {
    const replay = await open(t)
    t.equal(await replay.note('a', minute, suiteTime, suiteTime), 'first')
    t.equal(await replay.note('a', minute, suiteTime, suiteTime), 'seen')
    t.equal(await replay.note('b', minute, suiteTime, suiteTime), 'first', 'another key is another one')
    t.equal(await replay.note('a', minute + 200_000, minute - 1, suiteTime), 'seen', 'whatever time it comes with')
    t.equal(await replay.note('a', minute, suiteTime - 60_000, suiteTime), 'seen', 'also by a clock that goes back')
  })

  await t.test('a key is remembered for a while beyond its time, because calls are judged by when they began', async (t) => {
    const replay = await open(t)
    t.equal(await replay.note('a', suiteTime + 10, suiteTime, suiteTime), 'first')
    t.equal(await replay.note('a', suiteTime + 10, suiteTime + 14_000, suiteTime), 'seen')
    t.equal(await replay.note('b', suiteTime - 1000, suiteTime, suiteTime), 'first')
    t.equal(await replay.note('b', suiteTime - 1000, suiteTime, suiteTime), 'seen', 'also one whose time is over')
  })

  await t.test('of many at the same moment exactly one is the first', async (t) => {
    const replay = await open(t)
    for (let round = 0; round < 20; round++) {
      const verdicts = await Promise.all(Array.from({ length: 100 }, async (_, index) => replay.note(`${round} ${index % 10}`, minute, suiteTime, suiteTime)))
      t.strictSame([verdicts.filter((verdict) => verdict === 'first').length, verdicts.filter((verdict) => verdict === 'seen').length], [10, 90])
    }
  })

  await t.test('no names are special', async (t) => {
    const replay = await open(t)
    for (const key of ['', '__proto__', 'constructor', 'a ', '{a}', '-generation']) {
      t.equal(await replay.note(key, minute, suiteTime, suiteTime), 'first', key)
      t.equal(await replay.note(key, minute, suiteTime, suiteTime), 'seen', key)
    }
  })
}
