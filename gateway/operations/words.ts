/** How figures and times are written in Italian. */

const whole = new Intl.NumberFormat('it-IT', { maximumFractionDigits: 0, useGrouping: 'always' })
const precise = new Intl.NumberFormat('it-IT', { maximumSignificantDigits: 2, useGrouping: 'always' })
const share = new Intl.NumberFormat('it-IT', { style: 'percent', maximumFractionDigits: 1 })
const zone = 'Europe/Rome'
const clock = new Intl.DateTimeFormat('it-IT', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
const clockSeconds = new Intl.DateTimeFormat('it-IT', { timeZone: zone, hour: '2-digit', minute: '2-digit', second: '2-digit' })
const date = new Intl.DateTimeFormat('it-IT', { timeZone: zone, day: 'numeric', month: 'long', year: 'numeric' })
const shortDate = new Intl.DateTimeFormat('it-IT', { timeZone: zone, day: '2-digit', month: '2-digit' })

/** What stands for a figure that there is not. */
export const none = '–'

/** A number of things: `842.571`. */
export function count (value: number): string {
  return whole.format(value)
}

/** A time span in ms, as precise as it matters: `0,84 ms`, `131 ms`, `2,1 s`. */
export function span (ms: number | null): string {
  if (ms === null) return none
  if (ms >= 1000) return `${precise.format(ms / 1000)} s`
  return `${ms >= 100 ? whole.format(ms) : precise.format(ms)} ms`
}

/** A part of a whole in per cent; nothing where there is no whole. */
export function percent (part: number, of: number): string {
  return of === 0 ? none : share.format(part / of)
}

/** How many bytes in a unit that fits. */
export function size (bytes: number | null): string {
  if (bytes === null) return none
  const power = bytes >= 1024 ** 3 ? 3 : bytes >= 1024 ** 2 ? 2 : 1
  return `${precise.format(bytes / 1024 ** power)} ${['KiB', 'MiB', 'GiB'][power - 1]}`
}

/** A thing or several: `1 giorno`, `3 giorni`. */
export function several (value: number, one: string, more: string): string {
  return `${count(value)} ${value === 1 ? one : more}`
}

/** How long something has lasted, in the unit that matters. */
export function age (seconds: number | null): string {
  if (seconds === null) return none
  if (seconds < 90) return several(Math.round(seconds), 'secondo', 'secondi')
  if (seconds < 90 * 60) return several(Math.round(seconds / 60), 'minuto', 'minuti')
  if (seconds < 36 * 3600) return several(Math.round(seconds / 3600), 'ora', 'ore')
  return several(Math.round(seconds / 86_400), 'giorno', 'giorni')
}

/** The time of the day at which something was (epoch ms), with its day where that is not the day of `now`. */
export function moment (at: number, now: number): string {
  return date.format(at) === date.format(now) ? `alle ${clock.format(at)}` : `il ${shortDate.format(at)} alle ${clock.format(at)}`
}

export function timeOf (at: number): string {
  return clock.format(at)
}

export function exactTimeOf (at: number): string {
  return clockSeconds.format(at)
}

export function dateOf (at: number): string {
  return date.format(at)
}

/** An ISO date as people write it. */
export function dayOf (iso: string): string {
  return dateOf(Date.parse(`${iso}T12:00:00Z`))
}
