import { percentile } from '../../openapi/latency.ts'
import type { DataQualityNote, Row } from '../dataset.ts'
import { notesOnPart } from '../live-figures.ts'
import { minutesOfMonth } from '../rome.ts'
import { columnsOf, liveIndicators, liveSource, throughput } from './live-indicators.ts'
import type { LiveIndicator } from './live-indicators.ts'
import type { Objectives } from './objectives.ts'
import type { Hour, Observed } from './observations.ts'

/** A month of an e-service, as far as it was observed: from when on and until when (epoch minutes), and what was seen in it. */
interface Period { readonly from: number, readonly to: number, readonly served: number, readonly available: number, readonly calls: number, readonly failed: number, readonly durationUs: number, readonly bytes: number, readonly latency: ReadonlyMap<number, number> }

/** The service levels of an e-service in a month (YYYY-MM) in the form of the report, and its throughput; what nothing was seen of is left out. */
export function levelsOf (observed: Observed, month: string, hours: readonly Hour[], objectives: Objectives): { readonly measurements: readonly Row[], readonly throughputs: readonly Row[] } {
  const span = minutesOfMonth(month)
  const period = sum(hours, Math.max(span.from, observed.first), Math.min(span.to, observed.last + 1))
  if (period.to <= period.from) return { measurements: [], throughputs: [] }
  const values = valuesOf(period, objectives)
  const quality = notesOnPart(period, span)
  const measurements = liveIndicators.flatMap((indicator) => {
    const value = values[indicator.number - 1]
    return value === undefined ? [] : [{ ...columnsOf(observed, indicator), period: month, ...comparison(round(value), indicator.expected(objectives), indicator.unit), source: liveSource, dataQuality: qualityFor(indicator, period, quality) }]
  })
  const rate = round(period.bytes / ((period.to - period.from) * 60))
  return { measurements, throughputs: [{ ...columnsOf(observed, throughput), period: month, observed: rate, observed_text: `${italian(rate)} B/s`, source: liveSource, dataQuality: quality }] }
}

function sum (hours: readonly Hour[], from: number, to: number): Period {
  const latency = new Map<number, number>()
  for (const hour of hours) for (const [bucket, count] of hour.latency) latency.set(bucket, (latency.get(bucket) ?? 0) + count)
  const total = (name: 'served' | 'available' | 'calls' | 'failed' | 'durationUs' | 'bytes'): number => hours.reduce((all, hour) => all + hour[name], 0)
  return { from, to, served: total('served'), available: total('available'), calls: total('calls'), failed: total('failed'), durationUs: total('durationUs'), bytes: total('bytes'), latency }
}

/** In the order of the indicators. */
function valuesOf ({ from, to, available, calls, failed, durationUs, latency }: Period, { successRate }: Objectives): readonly (number | undefined)[] {
  const failures = failed / calls * 100
  const ofCalls = calls === 0 ? [undefined, undefined, undefined, undefined] : [durationUs / calls / 1000, percentile(latency, 0.9), 100 - failures, failures / (100 - successRate) * 100]
  return [available / (to - from) * 100, ...ofCalls]
}

/** Expected, observed and deviation, as the report of 2017 writes them: what is observed less what is expected, and a dash for none. */
function comparison (observed: number, expected: number, unit: LiveIndicator['unit']): Readonly<Record<string, number | string>> {
  const deviation = round(observed - expected)
  const text = (value: number, digits = 0): string => unit === 'percent' ? `${italian(value, digits)}%` : `${italian(value)} ms`
  return {
    expected, expected_text: text(expected), observed, observed_text: text(observed),
    ...deviation === 0 ? { deviation_text: '-' } : { deviation, deviation_text: `${deviation > 0 ? '+' : ''}${text(deviation, 3)}` }
  }
}

function qualityFor ({ number }: LiveIndicator, { from, to, served }: Period, quality: readonly DataQualityNote[]): readonly DataQualityNote[] {
  const away = to - from - served
  return number === 1 && away > 0 ? [...quality, { id: 'gateway-away', note: `Minuti senza alcun gateway in servizio: ${away} dei ${to - from} osservati.` }] : quality
}

function round (value: number): number {
  return Math.round(value * 1000) / 1000
}

function italian (value: number, digits = 0): string {
  return value.toLocaleString('it-IT', { minimumFractionDigits: digits, maximumFractionDigits: 3, useGrouping: false })
}
