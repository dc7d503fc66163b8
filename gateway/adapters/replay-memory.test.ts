import t from 'tap'
import { memoryReplay } from './replay-memory.ts'

const start = Date.parse('2026-03-02T10:00:00Z')

t.test('a key is the first once, and seen until its time is over', async (t) => {
  const replay = memoryReplay()
  t.equal(replay.note('a', start + 70_000, start), 'first')
  t.equal(replay.note('a', start + 70_000, start), 'seen')
  t.equal(replay.note('b', start + 70_000, start), 'first', 'another key is another one')
  t.equal(replay.note('a', start + 200_000, start + 69_999), 'seen', 'whatever time it comes with')
  t.equal(replay.note('a', start + 140_000, start + 70_000), 'first', 'and then it may come again')
  t.equal(replay.note('a', start + 140_000, start + 139_999), 'seen')
})

t.test('of many at the same moment exactly one is the first', async (t) => {
  const replay = memoryReplay()
  const verdicts = await Promise.all(Array.from({ length: 10_000 }, async () => replay.note('a', start + 1000, start)))
  t.equal(verdicts.filter((verdict) => verdict === 'first').length, 1)
})

t.test('when it is full nothing is the first any more, and what was seen stays seen', async (t) => {
  const replay = memoryReplay(3)
  for (const key of ['a', 'b', 'c']) t.equal(replay.note(key, start + 10_000, start), 'first')
  t.equal(replay.note('d', start + 10_000, start), 'unavailable')
  t.equal(replay.note('a', start + 10_000, start), 'seen')
  t.equal(replay.note('d', start + 20_000, start + 10_000), 'first', 'room comes back as time goes by')
})

t.test('a clock that jumps forgets what is over, and one that goes back forgets nothing', async (t) => {
  const replay = memoryReplay(2)
  replay.note('a', start + 10_000, start)
  replay.note('b', start + 3_600_000, start)
  t.equal(replay.note('a', start + 10_000, start - 60_000), 'seen')
  t.equal(replay.note('c', start + 3_600_000, start + 60_000), 'first')
  t.equal(replay.note('b', start + 3_600_000, start + 60_000), 'seen')
})

t.test('no names are special', async (t) => {
  const replay = memoryReplay()
  for (const key of ['', '__proto__', 'constructor', 'a ']) t.equal(replay.note(key, start + 1000, start), 'first', key)
})
