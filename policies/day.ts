/** A calendar day in Europe/Rome: its ISO date, and when the next one starts (epoch milliseconds). */
export interface Day { readonly date: string, readonly endsAt: number }

const rome = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Rome', dateStyle: 'short' })

/** Finds the Europe/Rome day of an instant, 23- and 25-hour days included; remembers the last one, because calls come in order. */
export function prepareDay (): (now: number) => Day {
  let last: Day = { date: '', endsAt: 0 }
  let startsAt = Infinity
  return (now) => {
    if (now < startsAt || now >= last.endsAt) {
      last = findDay(now)
      startsAt = now
    }
    return last
  }
}

function findDay (now: number): Day {
  const date = rome.format(now)
  // Time zone changes happen on whole minutes, so a search by minutes finds the boundary exactly.
  let low = Math.floor(now / 60_000)
  let high = low + 26 * 60
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (rome.format(middle * 60_000) === date) low = middle
    else high = middle
  }
  return { date, endsAt: high * 60_000 }
}
