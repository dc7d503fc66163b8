import type { DataQualityNote, Row, Source } from '../dataset.ts'
import type { Objectives } from './objectives.ts'
import type { Observed } from './observations.ts'

/** Where live figures come from. */
export const liveSource: Source = { document: 'varco-telemetria', title: 'Telemetria del gateway, misure in esercizio', section: 'Misure per e-service e mese' }

/** Something that is measured of every e-service in every month: its number in codes, the end of its name (ModI RAC_ROBUSTEZZA_003), and what is expected of it. */
export interface LiveIndicator {
  readonly number: number
  readonly name: string
  readonly label: string
  readonly unit: 'percent' | 'millisecond' | 'byte-per-second'
  readonly direction: 'higher' | 'lower'
  readonly expected?: (objectives: Objectives) => number
  readonly notes: readonly DataQualityNote[]
}

// ModI knows days, and no months.
const month: DataQualityNote = { id: 'calendar-month', note: 'Il periodo di aggregazione è il mese di calendario (ora italiana), da 28 a 31 giorni; il nome lo indica come 30 giorni (30d).' }
const gateway: DataQualityNote = { id: 'gateway-included', note: 'Il tempo è misurato dal gateway, dalla lettura della richiesta alla fine della risposta: comprende il gateway e le chiamate respinte perché oltre i limiti (429).' }

/** What is measured of each e-service that the gateway serves. */
export const liveIndicators = [
  {
    number: 1, name: 'availability-30d', label: 'Minuti in cui il servizio è disponibile', unit: 'percent', direction: 'higher', expected: ({ availability }) => availability,
    notes: [month, { id: 'availability-by-minute', note: 'Un minuto non è disponibile se nessun gateway era in servizio, o se nel minuto ci sono stati errori del servizio (5xx) e nessuna chiamata ha avuto risposta (2xx o 3xx): le chiamate respinte (4xx) non contano. Un minuto senza chiamate, con il gateway in servizio, è disponibile.' }]
  },
  { number: 2, name: 'response-time-mean-30d', label: 'Tempo medio di risposta', unit: 'millisecond', direction: 'lower', expected: ({ responseTimeMean }) => responseTimeMean, notes: [month, gateway] },
  {
    number: 3, name: 'response-time-p90-30d', label: 'Tempo entro cui hanno risposta nove chiamate su dieci', unit: 'millisecond', direction: 'lower', expected: ({ responseTimeP90 }) => responseTimeP90,
    notes: [month, gateway, { id: 'latency-scale', note: 'Ricavato da una scala di tempi i cui passi sono al più del 6,25%: è indicato il limite superiore del passo.' }]
  },
  {
    number: 4, name: 'success-rate-30d', label: 'Chiamate senza errori del servizio', unit: 'percent', direction: 'higher', expected: ({ successRate }) => successRate,
    notes: [month, { id: 'success-definition', note: 'È un errore del servizio ogni risposta 5xx, del gateway o dell\'e-service; non lo sono le chiamate respinte per causa di chi chiama (4xx, tra cui 429).' }]
  },
  {
    number: 5, name: 'error-budget-used-30d', label: 'Budget di errore consumato', unit: 'percent', direction: 'lower', expected: () => 100,
    notes: [month, { id: 'error-budget', note: 'Gli errori del servizio in percentuale di quelli che l\'obiettivo sulle chiamate senza errori consente; oltre 100 l\'obiettivo è mancato.' }]
  }
] as const satisfies readonly LiveIndicator[]

/** What is measured for its own sake: nothing is expected of it. */
export const throughput = {
  number: 6, name: 'throughput-30d', label: 'Byte trasferiti al secondo', unit: 'byte-per-second', direction: 'higher',
  notes: [month, { id: 'throughput-definition', note: 'I byte dei corpi di richieste e risposte, per secondo del periodo osservato.' }]
} as const satisfies LiveIndicator

/** The columns by which an indicator of an e-service is known. */
export function columnsOf ({ name, prefix }: Observed, indicator: LiveIndicator): { readonly code: string, readonly indicator: string, readonly label: string, readonly unit: string, readonly direction: string } {
  return {
    code: `${prefix}.${indicator.number}`,
    // No indicator's name is longer than 60 characters.
    indicator: `${name.slice(0, 59 - indicator.name.length)}-${indicator.name}`,
    label: `${indicator.label}, e-service ${name}`,
    unit: indicator.unit,
    direction: indicator.direction
  }
}

/** What explains the codes of the e-services that were observed. */
export function indicatorRows (observed: readonly Observed[]): readonly Row[] {
  return observed.flatMap((one) => liveIndicators.map((indicator) => ({ ...columnsOf(one, indicator), source: liveSource, dataQuality: indicator.notes })))
}
