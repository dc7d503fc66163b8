import type { Figures, Minute } from '../figures/figures.ts'
import { Histogram } from '../figures/histogram.ts'
import type { Times } from '../figures/histogram.ts'
import type { ProcessState } from '../metrics.ts'
import type { Operated } from '../operations.ts'
import { briefOf } from '../report.ts'
import type { Report } from '../report.ts'

/** What the tests of the operations page tell it: a gateway on paper. */

/** Monday, 2 March 2026, 10:31:20 in Rome. */
export const now = Date.parse('2026-03-02T09:31:20Z')
export const token = 'operations-token-of-the-tests'
export const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(2)> "\'&amp;'

const minuteMs = 60_000
const consumerId = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
const purposeId = (index: number): string => `10000000-0000-4000-8000-${String(index).padStart(12, '0')}`

/** Times of so many calls around a middle, in µs. */
export function timesAround (middle: number, count: number): Times {
  const times = new Histogram()
  for (let index = 0; index < count; index++) times.add(middle * (0.5 + index / count * 3))
  return times.times
}

const noTimes: Times = { count: 0, sum: 0, buckets: [] }

function minuteAt (index: number): Minute {
  const calls = 100 + index * 7 % 50
  const refused = { 'voucher-expired': 3 + index % 4, 'quota-exceeded': index % 6, 'agreement-not-active': 2, 'invalid-parameter': index % 3, 'upstream-timeout': index % 9 === 0 ? 1 : 0 }
  return { at: Math.floor(now / minuteMs) * minuteMs - index * minuteMs, calls, refused: Object.fromEntries(Object.entries(refused).filter(([, count]) => count > 0)), times: timesAround(900 + index * 10, calls) }
}

/** Figures of an hour of calls by so many consumers. */
export function figuresOf (consumers: number): Figures {
  return {
    calls: [{ eservice: 'tickets', operation: 'listTickets', status: 200, code: null, count: 5200 }, { eservice: 'tickets', operation: 'listTickets', status: 401, code: 'voucher-expired', count: 260 }, { eservice: 'none', operation: 'none', status: 404, code: 'route-not-found', count: 12 }],
    eservices: [{ eservice: 'tickets', calls: timesAround(1000, 100), stages: { admit: timesAround(200, 100), body: noTimes, upstream: timesAround(600, 100), answer: timesAround(100, 100) }, bytesReceived: 0, bytesSent: 0, upstreamCalls: 5200, upstreamFailures: { 'upstream-timeout': 7 }, upstreamLately: { calls: 500, failures: 1 } }],
    quotas: Array.from({ length: consumers }, (_one, index) => ({ eservice: 'tickets', consumer: consumerId(index), purpose: purposeId(index), limit: 1000, remaining: Math.min(1000, index * 20), at: now })),
    recent: { minutes: Array.from({ length: 45 }, (_one, index) => minuteAt(index)), today: { date: '2026-03-02', consumers: Array.from({ length: consumers }, (_one, index) => ({ consumer: consumerId(index), calls: 1000 - index * 20 })), others: 12 } }
  }
}

export const noFigures: Figures = { calls: [], eservices: [], quotas: [], recent: { minutes: [], today: { date: '2026-03-02', consumers: [], others: 0 } } }

/** A report of a process that is well and has counted nothing, but for `rest`. */
export function reportWith (rest: Partial<Report> = {}): Report {
  return {
    pid: 7, startedAt: '2026-03-02T08:40:00.000Z', hash: 'c0ffee'.repeat(10), config: {},
    status: { type: 'about:blank', title: 'OK', status: 200, detail: 'The service is up.', code: 'ok' },
    eservices: [eserviceWith({})],
    keysAgeSeconds: 120,
    registry: { source: 'platform', state: 'current', ageSeconds: 20, lastError: null, undecided: 0, missing: 0, detail: '' },
    sharedState: { place: 'redis', answers: { redis: 500, local: 0, lease: 9000 } },
    load: { shed: { busy: 0, memory: 0 }, limit: null, resting: 0, delayMs: 4, delays: noTimes, activeSeconds: 12 },
    figures: noFigures, records: { works: true, written: 0, lost: 0 }, log: { droppedLines: 0 },
    memory: { rssBytes: 150 * 1024 ** 2, heapUsedBytes: 1, heapTotalBytes: 1, externalBytes: 1 }, cpu: { userSeconds: 1, systemSeconds: 1 }, openFiles: 30,
    about: { publicUrl: 'https://api.comune.example.it', environment: 'collaudo', state: '/nowhere/varco', tracing: false, names: {}, signing: [], certificates: [] },
    ...rest
  }
}

/** An e-service that is well, but for `rest`. */
export function eserviceWith (rest: Partial<Report['eservices'][number]>): Report['eservices'][number] {
  return {
    name: 'tickets', basePath: '/rest/tickets/v1', title: 'Ticket e assistenza', version: '1.0.0', contractSha256: 'abc', lint: [{ profile: 'pdnd', errors: 0, warnings: 2 }], operations: 20, upstream: 'https://10.0.0.5:8443',
    answers: { mode: 'report', answers: 5200, bodiesChecked: 5200, bodiesNotChecked: {}, violations: [], latest: [] },
    cache: { hit: 40, stale: 0, validated: 2, shared: 3, misses: 15, stores: 15, validations: 2, bytes: 20_480, entries: 9 },
    connections: { used: 3, free: 2, waiting: 0 },
    ...rest
  }
}

/** Two processes with names that are not to be trusted, many consumers, and everything that can be wrong. */
export function troubled (): readonly Report[] {
  const figures = figuresOf(50)
  const names = Object.fromEntries([...figures.quotas.map(({ consumer }, index) => [consumer, index === 0 ? hostile : `Unione dei Comuni della Bassa Valle del Fiume ${index}, Servizio associato per la transizione digitale`]), ...figures.quotas.map(({ purpose }, index) => [purpose, index === 1 ? hostile : 'Erogazione di servizi ai cittadini residenti'])]) as Record<string, string>
  const about = { ...reportWith().about, names, signing: [{ eservices: ['tickets'], kid: 'k'.repeat(43), file: '/nowhere/keys/2026.pem' }], certificates: [{ listener: 'public' as const, file: `/nowhere/${hostile}.pem` }] }
  const answers = { mode: 'report' as const, answers: 5200, bodiesChecked: 5200, bodiesNotChecked: {}, violations: [{ operationId: 'listTickets', in: 'body' as const, count: 4 }], latest: [{ time: new Date(now - 5 * minuteMs).toISOString(), operationId: 'listTickets', status: 200, in: 'body' as const, pointer: '/n', rule: 'type', detail: `the body at /${hostile} must be integer`, correlationId: consumerId(9) }] }
  const one = reportWith({ figures, about, eservices: [eserviceWith({ title: hostile, answers, lint: null })], registry: { source: 'platform', state: 'failing', ageSeconds: 3000, lastError: `status 500 ${hostile}`, undecided: 3, missing: 0, detail: '' }, sharedState: { place: 'local', answers: { redis: 500, local: 40, lease: 9000 } }, records: { works: true, written: 5472, lost: 2 } })
  return [one, { ...one, pid: 8, hash: 'decade'.repeat(10), load: { ...one.load, shed: { busy: 40, memory: 0 }, limit: 30 } }]
}

/** What is told of processes beside each other, as of several. */
export function processesOf (reports: readonly Report[]): readonly ProcessState[] {
  return reports.map((report, index) => ({ worker: index + 1, pid: report.pid, state: 'serving', answers: true, restarts: index, lastEnd: index === 0 ? null : { at: new Date(now - 20 * minuteMs).toISOString(), how: `exit code 1 ${hostile}` }, ...briefOf(report) }))
}

/** A gateway that says what `reports` does, and cannot be changed. */
export function operated (reports: () => readonly Report[]): Operated {
  const unasked = async (): Promise<never> => { throw new Error('nobody is to ask for it') }
  return { reports: async () => reports(), processes: async () => processesOf(reports()), reload: unasked, plan: unasked, restart: unasked }
}
