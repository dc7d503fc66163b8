import type { DataQualityNote, Row, Source } from '../dataset.ts'
import { italianHour } from '../rome.ts'
import { withheldCells } from '../suppression.ts'
import type { Use } from './uses.ts'

/** Where live figures come from. */
const liveSource: Source = { document: 'varco-telemetria', title: 'Telemetria del gateway, utilizzo in esercizio', section: 'Chiamate per mese' }

/** The collections with figures of a month, and their rows. */
export interface LiveUsages { readonly 'live-usages': readonly Row[], readonly 'category-usages': readonly Row[], readonly 'usage-patterns': readonly Row[] }

/** What figures are made for: of which category an e-service is, how few are not published, and what is said of the month as a whole. */
export interface Terms { readonly month: string, readonly categoryOf: (eservice: string) => string, readonly smallest: number, readonly notes: readonly DataQualityNote[] }

const usesNote: DataQualityNote = { id: 'uses-definition', note: 'È un utilizzo ogni chiamata di un ente fruitore a cui il servizio ha risposto (2xx o 3xx).' }
const usersNote: DataQualityNote = { id: 'users-are-consumers', note: 'Gli utenti sono gli enti fruitori che hanno usato i servizi in un\'ora, in media sulle ore osservate della fascia; nel documento del 2017 erano persone.' }

/**
 * Figures on the use of e-services in a month. They are counts of calls by organisations, in tables of which each adds up to the same total by itself (e-services within categories, hours within parts of the day): what is small is
 * withheld in each of them, with as much beside it as keeps it from being computed. Consumers that are withheld are not named.
 */
export function liveUsages (uses: readonly Use[], { month, categoryOf, smallest, notes }: Terms): LiveUsages {
  const total = sumOf(uses)
  const figure = (value: number, isWithheld: boolean): Pick<Row, 'source' | 'dataQuality'> & { value: number | null } => isWithheld || isSmall(total, smallest)
    ? { value: null, source: liveSource, dataQuality: [...notes, withheldNote(smallest)] }
    : { value, source: liveSource, dataQuality: notes }
  const common = { period: month, measure: 'uses', unit: 'use' }
  const categories = tableOf(uses, (use) => categoryOf(use.eservice), (use) => use.eservice, smallest)
  const day = tableOf([...emptyDay(uses), ...uses], isOutside, hourOf, smallest)
  const row = (breakdown: string, subject: string, label: string, value: number, isWithheld = false): Row => ({ breakdown, subject, ...common, label, ...figure(value, isWithheld) })
  return {
    'live-usages': [
      row('total', 'total', 'Tutti gli e-service', total),
      ...categories.parts.entries().map(([name, value]) => row('eservice', name, name, value, categories.withheldParts.has(name))),
      ...consumerRows(uses, smallest, row),
      ...day.parts.entries().toArray().toSorted(([one], [other]) => one - other).map(([hour, value]) => row('hour', `from-${twoDigits(hour)}-to-${twoDigits(hour + 1)}`, `${twoDigits(hour)}:00-${twoDigits(hour + 1)}:00`, value, day.withheldParts.has(hour)))
    ],
    'category-usages': [...categories.wholes.entries().map(([category, value]) => ({ category, ...common, ...figure(value, categories.withheldWholes.has(category)) })), { category: 'total', ...common, ...figure(total, false) }].map(withNote(usesNote)),
    'usage-patterns': [
      { subject: 'outside-office-hours', measure: 'share-percent', period: month, unit: 'percent', label: 'Tra le 18:00 e le 08:00', ...figure(share(day.wholes.get(true) ?? 0, total), day.withheldWholes.has(true)) },
      ...bands.map(({ from, to }) => bandRow(uses, from, to, { month, smallest, figure }))
    ].map(withNote(usesNote))
  }
}

function withNote (note: DataQualityNote): (row: Row) => Row {
  return (row) => ({ ...row, dataQuality: [note, ...row.dataQuality] })
}

function withheldNote (smallest: number): DataQualityNote {
  return { id: 'withheld', note: `Non pubblicato: è minore di ${smallest}, o farebbe calcolare una cifra minore di ${smallest}.` }
}

/** A table of two levels that add up to the same total: wholes, and the parts of each; a whole that is withheld has none of its parts published. */
function tableOf<Whole, Part> (uses: readonly Use[], wholeOf: (use: Use) => Whole, partOf: (use: Use) => Part, smallest: number) {
  const [wholes, parts] = [sumBy(uses, wholeOf), sumBy(uses, partOf)]
  const withheldWholes = withheldCells(wholes, smallest)
  const withheldParts = new Set(Map.groupBy(uses, wholeOf).entries().flatMap(([whole, ofWhole]) => {
    const own = sumBy(ofWhole, partOf)
    return withheldWholes.has(whole) ? own.keys() : withheldCells(own, smallest)
  }))
  return { wholes, parts, withheldWholes, withheldParts }
}

/** Those that are withheld are told together, where there are enough of them. */
function consumerRows (uses: readonly Use[], smallest: number, row: (breakdown: string, subject: string, label: string, value: number, isWithheld?: boolean) => Row): readonly Row[] {
  const consumers = sumBy(uses.filter(({ consumer }) => consumer !== ''), ({ consumer }) => consumer)
  const withheld = withheldCells(consumers, smallest)
  const others = [...withheld].reduce((sum, consumer) => sum + (consumers.get(consumer) ?? 0), 0)
  return [
    ...consumers.entries().filter(([consumer]) => !withheld.has(consumer)).map(([consumer, value]) => row('consumer', consumer, `Ente fruitore ${consumer}`, value)),
    ...withheld.size > 0 ? [row('consumer', 'other', 'Altri enti fruitori', others)] : []
  ]
}

/** The bands of the report of 2017. */
const bands = [{ from: 0, to: 8 }, { from: 8, to: 18 }, { from: 18, to: 24 }] as const

interface BandTerms { readonly month: string, readonly smallest: number, readonly figure: (value: number, isWithheld: boolean) => Pick<Row, 'source' | 'dataQuality'> & { value: number | null } }

function bandRow (uses: readonly Use[], from: number, to: number, { month, smallest, figure }: BandTerms): Row {
  const inBand = uses.filter((use) => hourOf(use) >= from && hourOf(use) < to)
  const hours = Map.groupBy(inBand, ({ hour }) => hour)
  const users = hours.values().reduce((sum, ofHour) => sum + new Set(ofHour.filter(({ consumer }) => consumer !== '').map(({ consumer }) => consumer)).size, 0)
  const label = `${twoDigits(from)}:00-${twoDigits(to)}:00`
  return withNote(usersNote)({ subject: `from-${twoDigits(from)}-to-${twoDigits(to)}`, measure: 'average-users', period: month, unit: 'user', label, ...figure(hours.size === 0 ? 0 : Math.round(users / hours.size * 10) / 10, isSmall(sumOf(inBand), smallest)) })
}

/** That an hour of the day was not used is told like of all others. Somewhere among 26 hours in a row is each of them, also where the time changes. */
function emptyDay (uses: readonly Use[]): readonly Use[] {
  const [first] = uses
  return first ? Array.from({ length: 26 }, (_, index) => ({ ...first, hour: first.hour + index, uses: 0 })) : []
}

function hourOf ({ hour }: Use): number {
  return italianHour(hour).hourOfDay
}

function isOutside (use: Use): boolean {
  return hourOf(use) < 8 || hourOf(use) >= 18
}

/** That there was nothing is no small figure. */
function isSmall (value: number, smallest: number): boolean {
  return value > 0 && value < smallest
}

function share (part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round(part / whole * 1000) / 10
}

function sumOf (uses: readonly Use[]): number {
  return uses.reduce((sum, one) => sum + one.uses, 0)
}

function sumBy<Key> (uses: readonly Use[], keyOf: (use: Use) => Key): ReadonlyMap<Key, number> {
  return new Map(Map.groupBy(uses, keyOf).entries().map(([key, some]) => [key, sumOf(some)]))
}

function twoDigits (hour: number): string {
  return String(hour).padStart(2, '0')
}
