import t from 'tap'
import { rememberedLongerMs } from '../../policies/replay.ts'
import { memoryReplay } from './replay-memory.ts'
import { suiteTime as start, testReplay } from './replay-suite.ts'

await testReplay(t, async () => memoryReplay())

t.test('a key may come again when its time is over, and what it was remembered beyond', async (t) => {
  const replay = memoryReplay()
  const over = start + 70_000 + rememberedLongerMs
  t.equal(replay.note('a', start + 70_000, start, start), 'first')
  t.equal(replay.note('a', start + 200_000, over - 1, start), 'seen')
  t.equal(replay.note('a', start + 140_000, over, start), 'first')
  t.equal(replay.note('a', start + 140_000, start + 139_999, start), 'seen')
})

t.test('when it is full nothing is the first any more, and what was seen stays seen', async (t) => {
  const replay = memoryReplay(3)
  for (const key of ['a', 'b', 'c']) t.equal(replay.note(key, start + 10_000, start, start), 'first')
  t.equal(replay.note('d', start + 10_000, start, start), 'unavailable')
  t.equal(replay.note('a', start + 10_000, start, start), 'seen')
  t.equal(replay.note('d', start + 60_000, start + 10_000 + rememberedLongerMs, start), 'first', 'room comes back as time goes by')
})

t.test('a clock that jumps forgets what is over, and one that goes back forgets nothing', async (t) => {
  const replay = memoryReplay(2)
  replay.note('a', start + 10_000, start, start)
  replay.note('b', start + 3_600_000, start, start)
  t.equal(replay.note('a', start + 10_000, start - 60_000, start), 'seen')
  t.equal(replay.note('c', start + 3_600_000, start + 60_000, start), 'first')
  t.equal(replay.note('b', start + 3_600_000, start + 60_000, start), 'seen')
})
