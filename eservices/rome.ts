const zone = 'Europe/Rome'
const minuteMs = 60_000

interface ItalianHour { readonly month: string, readonly hourOfDay: number }

/** Asked for again and again, of the same months. */
const known = new Map<number, ItalianHour>()
const mostKnown = 10_000

/** The month (YYYY-MM) and the hour of the day (0 to 23) in Italy, where the time changes between hours, of an hour of UTC (epoch ms / 3,600,000). */
export function italianHour (hour: number): ItalianHour {
  const before = known.get(hour)
  if (before) return before
  if (known.size >= mostKnown) known.clear()
  const local = Temporal.Instant.fromEpochMilliseconds(hour * 60 * minuteMs).toZonedDateTimeISO(zone)
  const found = { month: local.toPlainDate().toPlainYearMonth().toString(), hourOfDay: local.hour }
  known.set(hour, found)
  return found
}

/** The first minute (epoch ms / 60,000) of a month in Italy, and of the next one. */
export function minutesOfMonth (month: string): { readonly from: number, readonly to: number } {
  const first = Temporal.PlainYearMonth.from(month)
  const startOf = (yearMonth: Temporal.PlainYearMonth): number => yearMonth.toPlainDate({ day: 1 }).toZonedDateTime(zone).epochMilliseconds / minuteMs
  return { from: startOf(first), to: startOf(first.add({ months: 1 })) }
}

/** The months (YYYY-MM) in Italy from that of a minute to that of another, in their order. */
export function monthsBetween (from: number, to: number): readonly string[] {
  const months = [italianHour(Math.floor(from / 60)).month]
  for (const last = italianHour(Math.floor(to / 60)).month; months.at(-1) !== last;) months.push(Temporal.PlainYearMonth.from(months.at(-1) as string).add({ months: 1 }).toString())
  return months
}

/** A minute as it is told to people: date and time in UTC (ISO 8601). */
export function minuteText (minute: number): string {
  return Temporal.Instant.fromEpochMilliseconds(minute * minuteMs).toString({ smallestUnit: 'minute' })
}
