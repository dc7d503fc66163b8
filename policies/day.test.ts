import * as fc from 'fast-check'
import t from 'tap'
import { prepareDay } from './day.ts'

const at = (time: string): number => Date.parse(time)
const hour = 3_600_000

/** Day, first and last instant in UTC, length in hours. */
const days: readonly (readonly [date: string, first: string, next: string, hours: number])[] = [
  ['2026-01-15', '2026-01-14T23:00:00Z', '2026-01-15T23:00:00Z', 24],
  ['2026-07-15', '2026-07-14T22:00:00Z', '2026-07-15T22:00:00Z', 24],
  ['2026-03-29', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z', 23],
  ['2026-10-25', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z', 25],
  ['2027-03-28', '2027-03-27T23:00:00Z', '2027-03-28T22:00:00Z', 23],
  ['2027-10-31', '2027-10-30T22:00:00Z', '2027-10-31T23:00:00Z', 25],
  ['2028-02-29', '2028-02-28T23:00:00Z', '2028-02-29T23:00:00Z', 24],
  ['2026-12-31', '2026-12-30T23:00:00Z', '2026-12-31T23:00:00Z', 24],
  ['2038-01-19', '2038-01-18T23:00:00Z', '2038-01-19T23:00:00Z', 24]
]

for (const [date, first, next, hours] of days) {
  t.test(`${date} in Europe/Rome has ${hours} hours, from ${first}`, async (t) => {
    t.equal(at(next) - at(first), hours * hour)
    for (const now of [at(first), at(first) + 1, at(first) + 2.5 * hour, at(next) - 1]) t.strictSame(prepareDay()(now), { date, endsAt: at(next) })
    t.not(prepareDay()(at(first) - 1).date, date)
    t.not(prepareDay()(at(next)).date, date)
  })
}

t.test('remembering the last day changes no answer, in whatever order the instants come', async (t) => {
  const instants = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') })
  fc.assert(fc.property(fc.array(instants, { minLength: 2, maxLength: 6 }), (times) => {
    const dayOf = prepareDay()
    return times.every((now) => {
      const day = dayOf(now)
      return JSON.stringify(day) === JSON.stringify(prepareDay()(now)) && day.endsAt > now && day.endsAt - now <= 25 * hour
    })
  }), { numRuns: 100 })
  t.pass('100 sequences')
})

t.test('a clock that is set back goes back to the day before', async (t) => {
  const dayOf = prepareDay()
  t.equal(dayOf(at('2026-05-02T00:30:00+02:00')).date, '2026-05-02')
  t.equal(dayOf(at('2026-05-01T23:30:00+02:00')).date, '2026-05-01')
  t.equal(dayOf(at('2026-05-02T00:30:00+02:00')).date, '2026-05-02')
})
