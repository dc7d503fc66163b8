import t from 'tap'
import { essence } from './media-type.ts'

t.test('a media type is told without its parameters, the blanks around it and its capitals', async (t) => {
  for (const [written, expected] of [['application/json', 'application/json'], [' \tText/CSV \t; charset=utf-8', 'text/csv'], ['', ''], [' ', ''], ['text/ csv', 'text/ csv'], ['text/csv\u00a0', 'text/csv\u00a0']] as const) t.equal(essence(written), expected)
})

t.test('a long row of blanks in it is read in no time', async (t) => {
  const began = performance.now()
  const long = `a${' \t'.repeat(30_000)}b`
  t.equal(essence(long), long)
  t.ok(performance.now() - began < 1000)
})
