import type { DataQualityNote, Row, Source } from '../dataset.ts'
import { italianHour } from '../rome.ts'
import { withoutSmall } from '../suppression.ts'
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
 * Figures on the use of e-services in a month: counts of calls by organisations. What is small, by e-service, consumer or hour of the day, is in none of them, so that it cannot be computed from others either; consumers of
 * which that is true are not named.
 */
export function liveUsages (all: readonly Use[], { month, categoryOf, smallest, notes }: Terms): LiveUsages {
  const uses = withoutSmall(all, (use) => use.uses, [(use) => use.eservice, (use) => use.consumer, hourOf], smallest)
  const totalNotes = sumOf(uses) < sumOf(all) ? [...notes, { id: 'small-left-out', note: `Le cifre minori di ${smallest} (per e-service, ente fruitore o ora del giorno) non sono comprese.` }] : notes
  const figure = (value: number, isLeftOut = false) => isLeftOut
    ? { value: null, source: liveSource, dataQuality: [...notes, { id: 'withheld', note: `Non pubblicato: è minore di ${smallest}, o lo è ogni parte di cui è fatto.` }] }
    : { value, source: liveSource, dataQuality: totalNotes }
  const common = { period: month, measure: 'uses', unit: 'use' }
  const row = (breakdown: string, subject: string, label: string, value: number, isLeftOut?: boolean): Row => ({ breakdown, subject, ...common, label, ...figure(value, isLeftOut) })
  const by = <Key extends string | number>(breakdown: string, keys: readonly Key[], keyOf: (use: Use) => Key, nameOf: (key: Key) => readonly [subject: string, label: string]): readonly Row[] => {
    const [published, before] = [sumBy(uses, keyOf), sumBy(all, keyOf)]
    return keys.map((key) => row(breakdown, ...nameOf(key), published.get(key) ?? 0, !published.get(key) && (before.get(key) ?? 0) > 0))
  }
  const eservices = [...new Set(all.map(({ eservice }) => eservice))].toSorted()
  const consumers = [...new Set(uses.filter((use) => use.uses > 0).map(({ consumer }) => consumer))].toSorted()
  const categories = Map.groupBy(uses, ({ eservice }) => categoryOf(eservice))
  return {
    'live-usages': [
      row('total', 'total', 'Tutti gli e-service', sumOf(uses)),
      ...by('eservice', eservices, ({ eservice }) => eservice, (name) => [name, name]),
      ...by('consumer', consumers, ({ consumer }) => consumer, (id) => [id, `Ente fruitore ${id}`]),
      ...by('hour', Array.from({ length: 24 }, (_, hour) => hour), hourOf, (hour) => [bandName(hour, hour + 1), bandLabel(hour, hour + 1)])
    ],
    'category-usages': [...new Set(eservices.map(categoryOf))].toSorted().map((category) => ({ category, ...common, ...figure(sumOf(categories.get(category) ?? [])) }))
      .concat({ category: 'total', ...common, ...figure(sumOf(uses)) }).map(withNote(usesNote)),
    'usage-patterns': [
      { subject: 'outside-office-hours', measure: 'share-percent', period: month, unit: 'percent', label: 'Tra le 18:00 e le 08:00', ...figure(share(sumOf(uses.filter(isOutside)), sumOf(uses))) },
      ...bands.map(({ from, to }) => ({ subject: bandName(from, to), measure: 'average-users', period: month, unit: 'user', label: bandLabel(from, to), ...figure(averageUsers(uses, all, from, to)) })).map(withNote(usersNote))
    ].map(withNote(usesNote))
  }
}

function withNote (note: DataQualityNote): (row: Row) => Row {
  return (row) => ({ ...row, dataQuality: [note, ...row.dataQuality] })
}

/** The bands of the report of 2017. */
const bands = [{ from: 0, to: 8 }, { from: 8, to: 18 }, { from: 18, to: 24 }] as const

/** How many consumers there were in an hour of a band, on average over its hours that were observed. */
function averageUsers (uses: readonly Use[], all: readonly Use[], from: number, to: number): number {
  const isIn = (use: Use): boolean => hourOf(use) >= from && hourOf(use) < to
  const hours = new Set(all.filter(isIn).map(({ hour }) => hour)).size
  const users = new Set(uses.filter((use) => use.uses > 0 && isIn(use)).map(({ hour, consumer }) => `${hour} ${consumer}`)).size
  return hours === 0 ? 0 : Math.round(users / hours * 10) / 10
}

function hourOf ({ hour }: Use): number {
  return italianHour(hour).hourOfDay
}

function isOutside (use: Use): boolean {
  return hourOf(use) < 8 || hourOf(use) >= 18
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

function bandName (from: number, to: number): string {
  return `from-${twoDigits(from)}-to-${twoDigits(to)}`
}

function bandLabel (from: number, to: number): string {
  return `${twoDigits(from)}:00-${twoDigits(to)}:00`
}

function twoDigits (hour: number): string {
  return String(hour).padStart(2, '0')
}
