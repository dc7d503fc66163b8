import t from 'tap'
import { countable, replaceMinutes } from './reported-minutes.ts'
import { sqliteIn } from './sqlite-database.ts'
import { minuteAt, minuteOf, reportOf } from './telemetry-fixture.ts'

const now = new Date('2026-03-02T10:00:00Z')
const first = minuteAt('2026-03-01T10:00:00Z')

t.test('of a minute that is told twice in a report the last telling counts', (t) => {
  const told = [minuteOf(first, { archive: [] }), minuteOf(first + 1, {}), minuteOf(first, { tickets: [] })]
  t.strictSame(countable(reportOf(told), now), [told[2], told[1]])
  t.end()
})

t.test('however many minutes are told anew, each takes the place of what the same node told of it', async (t) => {
  const database = await sqliteIn(':memory:')('things', ['CREATE TABLE told (minute INTEGER NOT NULL, node TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (minute, node)) STRICT'])
  t.teardown(async () => database.close())
  const minutes = Array.from({ length: 303 }, (_, index) => minuteOf(first + index, {}))
  const tell = async (node: string, n: number) => database.transaction(async (queries) => replaceMinutes(queries, 'told', node, minutes, minutes.map(({ minute }) => [minute, node, n])))
  await tell('one', 1)
  await tell('other', 2)
  await tell('one', 3)
  const rows = await database.query<{ node: string, rows: number, sum: number }>('SELECT node, count(*) AS rows, sum(n) AS sum FROM told GROUP BY node ORDER BY node')
  t.strictSame(rows.map((row) => ({ ...row })), [{ node: 'one', rows: 303, sum: 909 }, { node: 'other', rows: 303, sum: 606 }])
})
