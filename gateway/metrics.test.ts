import t from 'tap'
import { readExposition } from './harness/exposition.ts'
import { metricsOf } from './metrics.ts'
import { noDisk } from './operations/disk.ts'
import { eservicesOf } from './report.ts'
import type { Report } from './report.ts'
import type { EServiceFigures, Figures } from './figures/figures.ts'
import { bucketOf } from './figures/histogram.ts'

const report: Report = {
  pid: 7, startedAt: '2026-03-02T10:00:00.000Z', hash: 'abc', config: {}, eservices: [], keysAgeSeconds: 12,
  status: { type: 'about:blank', title: 'OK', status: 200, detail: 'The service is up.', code: 'ok' },
  registry: { source: 'platform', state: 'failing', ageSeconds: 90, lastError: 'status 500', undecided: 3, missing: 2, detail: '' },
  sharedState: { place: 'local', answers: { redis: 5, local: 4, lease: 3 } },
  load: { shed: { busy: 6, memory: 1 }, limit: 120, resting: 9, delayMs: 45, delays: { count: 0, sum: 0, buckets: [] }, activeSeconds: 2.5 },
  figures: { calls: [], eservices: [], quotas: [], recent: undefined }, records: { works: true, written: 40, lost: 2 }, log: { droppedLines: 8 },
  memory: { rssBytes: 1000, heapUsedBytes: 300, heapTotalBytes: 400, externalBytes: 50 }, cpu: { userSeconds: 1.5, systemSeconds: 0.5 }, openFiles: 30,
  about: { publicUrl: 'https://api.comune.example.it', environment: 'sandbox', state: '/var/lib/varco', tracing: false, names: {}, signing: [], certificates: [] }
}

t.test('what operations are alarmed by is told of every process, and what there is not is left out', async (t) => {
  const other: Report = { ...report, pid: 8, keysAgeSeconds: null, registry: { ...report.registry, state: 'unavailable', ageSeconds: null }, sharedState: { place: 'redis', answers: { redis: 1, local: 0, lease: 0 } }, load: { ...report.load, limit: null } }
  const { contentType, text } = await metricsOf({ reports: [report, other], processes: [{ worker: 1, restarts: 4 }, { worker: null, restarts: 1 }, {}], disk: noDisk, now: 0 })
  t.match(contentType, /^text\/plain; version=0\.0\.4/)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('varco_event_loop_late'))
  t.match(text, /# TYPE varco_ready gauge\n/)
  t.match(text, /# TYPE varco_redis_answers_total counter\n/)
  t.strictSame(lines, [
    'varco_ready{pid="7"} 1', 'varco_ready{pid="8"} 1',
    'varco_platform_keys_age_seconds{pid="7"} 12',
    'varco_registry_age_seconds{pid="7"} 90',
    'varco_registry_failing{pid="7"} 1', 'varco_registry_failing{pid="8"} 0',
    'varco_registry_unavailable{pid="7"} 0', 'varco_registry_unavailable{pid="8"} 1',
    'varco_registry_undecided_calls_total{pid="7"} 3', 'varco_registry_undecided_calls_total{pid="8"} 3',
    'varco_registry_missing_items_total{pid="7"} 2', 'varco_registry_missing_items_total{pid="8"} 2',
    'varco_calls_per_turn_limit{pid="7"} 120',
    'varco_connections_resting{pid="7"} 9', 'varco_connections_resting{pid="8"} 9',
    'varco_event_loop_delay_seconds{pid="7"} 0.045', 'varco_event_loop_delay_seconds{pid="8"} 0.045',
    'varco_event_loop_active_seconds_total{pid="7"} 2.5', 'varco_event_loop_active_seconds_total{pid="8"} 2.5',
    'varco_limits_local{pid="7"} 1', 'varco_limits_local{pid="8"} 0',
    'varco_redis_answers_total{pid="7"} 5', 'varco_redis_answers_total{pid="8"} 1',
    'varco_redis_missed_answers_total{pid="7"} 4', 'varco_redis_missed_answers_total{pid="8"} 0',
    'varco_leased_calls_total{pid="7"} 3', 'varco_leased_calls_total{pid="8"} 0',
    ...[
      ['varco_records_written_total', 40], ['varco_records_lost_total', 2], ['varco_records_failing', 0], ['varco_log_lines_dropped_total', 8],
      ['process_start_time_seconds', 1_772_445_600], ['process_resident_memory_bytes', 1000], ['nodejs_heap_size_used_bytes', 300], ['nodejs_heap_size_total_bytes', 400], ['nodejs_external_memory_bytes', 50],
      ['process_cpu_user_seconds_total', 1.5], ['process_cpu_system_seconds_total', 0.5], ['process_open_fds', 30]
    ].flatMap(([name, value]) => [`${name}{pid="7"} ${value}`, `${name}{pid="8"} ${value}`]),
    'varco_certificates_unreadable 0',
    ...[7, 8].flatMap((pid) => [`varco_calls_shed_total{pid="${pid}",reason="busy"} 6`, `varco_calls_shed_total{pid="${pid}",reason="memory"} 1`]),
    'varco_configuration_info{hash="abc"} 2',
    'varco_worker_restarts_total{worker="1"} 4'
  ])
})

const eservice = (answers: Partial<Report['eservices'][number]['answers']>): Report['eservices'][number] => ({
  name: 'archive', basePath: '/rest/archive/v1', title: 'Archivio', version: '1.0.0', contractSha256: 'abc', lint: null, operations: 2, upstream: 'http://127.0.0.1:9',
  answers: { mode: 'report', answers: 0, bodiesChecked: 0, bodiesNotChecked: {}, violations: [], latest: [], ...answers },
  cache: { hit: 4, stale: 1, validated: 2, shared: 3, misses: 5, stores: 6, validations: 2, bytes: 2048, entries: 1 },
  connections: { used: 3, free: 2, waiting: 1 }
})
const violation = (time: string) => ({ time, operationId: 'listItems', status: 200, in: 'body', pointer: '/n', rule: 'type', detail: 'the body at /n must be integer', correlationId: time } as const)

t.test('how answers keep to contracts is counted by process, e-service, operation and kind; operations see all processes together', async (t) => {
  const reports: Report[] = [
    { ...report, eservices: [eservice({ answers: 7, bodiesChecked: 4, bodiesNotChecked: { 'too-long': 1 }, violations: [{ operationId: 'listItems', in: 'body', count: 2 }, { operationId: 'getItem', in: 'status', count: 1 }], latest: [violation('2026-03-02T10:00:03Z'), violation('2026-03-02T10:00:01Z')] })] },
    { ...report, pid: 8, eservices: [eservice({ answers: 5, bodiesChecked: 5, bodiesNotChecked: { 'too-long': 1, 'coding': 2 }, violations: [{ operationId: 'listItems', in: 'body', count: 3 }], latest: [violation('2026-03-02T10:00:02Z')] })] }
  ]
  const { text } = await metricsOf({ reports, processes: [], disk: noDisk, now: 0 })
  t.strictSame(text.split('\n').filter((line) => /^varco_(?:answer|contract)/.test(line)), [
    'varco_answers_total{pid="7",eservice="archive"} 7', 'varco_answers_total{pid="8",eservice="archive"} 5',
    'varco_answer_bodies_checked_total{pid="7",eservice="archive"} 4', 'varco_answer_bodies_checked_total{pid="8",eservice="archive"} 5',
    'varco_answer_bodies_unchecked_total{pid="7",eservice="archive",reason="too-long"} 1', 'varco_answer_bodies_unchecked_total{pid="8",eservice="archive",reason="too-long"} 1', 'varco_answer_bodies_unchecked_total{pid="8",eservice="archive",reason="coding"} 2',
    'varco_contract_violations_total{pid="7",eservice="archive",operation="listItems",in="body"} 2', 'varco_contract_violations_total{pid="7",eservice="archive",operation="getItem",in="status"} 1', 'varco_contract_violations_total{pid="8",eservice="archive",operation="listItems",in="body"} 3'
  ])
  t.strictSame(text.split('\n').filter((line) => /^varco_cache.*pid="7"/.test(line)), [
    ...[['hit', 4], ['stale', 1], ['validated', 2], ['shared', 3]].map(([outcome, count]) => `varco_cache_answers_total{pid="7",eservice="archive",outcome="${outcome}"} ${count}`),
    ...[['misses_total', 5], ['stores_total', 6], ['validations_total', 2], ['bytes', 2048], ['entries', 1]].map(([name, count]) => `varco_cache_${name}{pid="7",eservice="archive"} ${count}`)
  ])
  t.strictSame(eservicesOf(reports)[0]?.cache, { hit: 8, stale: 2, validated: 4, shared: 6, misses: 10, stores: 12, validations: 4, bytes: 4096, entries: 2 })
  t.match(eservicesOf(reports), [{ name: 'archive', answers: { mode: 'report', answers: 12, bodiesChecked: 9, bodiesNotChecked: { 'too-long': 2, 'coding': 2 }, violations: [{ operationId: 'listItems', in: 'body', count: 5 }, { operationId: 'getItem', in: 'status', count: 1 }] } }])
  t.strictSame(eservicesOf(reports)[0]?.answers.latest.map(({ time }) => time.slice(-3)), ['03Z', '02Z', '01Z'])
})

const none = { count: 0, sum: 0, buckets: [] }

t.test('calls are told by their outcome, with how long they took and what of quotas is used', async (t) => {
  const day = 86_400_000
  const times = { count: 3, sum: 1_503_000, buckets: [bucketOf(1000), 1, bucketOf(2000), 1, bucketOf(1_500_000), 1] }
  const archive: EServiceFigures = { eservice: 'archive', calls: times, stages: { admit: none, body: none, upstream: times, answer: none }, bytesReceived: 10, bytesSent: 2000, upstreamCalls: 3, upstreamFailures: { 'upstream-timeout': 1 }, upstreamLately: { calls: 3, failures: 1 } }
  const quota = (purpose: string, remaining: number, at: number) => ({ eservice: 'archive', consumer: 'c', purpose, limit: 100, remaining, at })
  const figures: Figures = {
    calls: [{ eservice: 'archive', operation: 'listItems', status: 200, code: null, count: 2 }, { eservice: 'archive', operation: 'listItems', status: 504, code: 'upstream-timeout', count: 1 }],
    eservices: [archive], quotas: [quota('p', 90, 1), quota('q', 20, 1)], recent: undefined
  }
  const signing = [{ eservices: ['archive', 'tickets'], kid: 'k', file: '/keys/1.pem' }]
  const { text } = await metricsOf({
    reports: [{ ...report, eservices: [eservice({})], figures, about: { ...report.about, signing } }, { ...report, pid: 8, figures: { ...figures, eservices: [], calls: [], quotas: [quota('p', 50, 2)] } }],
    processes: [], now: 10 * day,
    disk: { certificates: [{ of: 'public', file: '/tls.pem', subject: 'CN=x', endsAt: 12 * day }, { of: 'internal', file: '/other.pem', subject: null, endsAt: null }], since: new Map([['/keys/1.pem', 9 * day]]), tracing: { lastFiled: '2026-02-28', lastFiledAt: 5000, lastError: 'status 500', missing: ['2026-03-01'], refused: [] } }
  })
  const exposed = readExposition(text)
  const samplesOf = (name: string) => exposed.get(name)?.samples.map(({ labels, value }) => [Object.values(labels).join(' '), value])
  t.strictSame(samplesOf('varco_calls_total'), [['7 archive listItems 200 none', 2], ['7 archive listItems 504 upstream-timeout', 1]])
  const buckets = exposed.get('varco_call_duration_seconds')?.samples.filter(({ name }) => name.endsWith('_bucket')).map(({ labels, value }) => [labels['le'], value])
  t.match(buckets?.slice(3, 7), [['0.0005', 0], ['0.001', 1], ['0.0025', 2], ['0.005', 2]])
  t.strictSame(buckets?.slice(-5), [['2.5', 3], ['5', 3], ['10', 3], ['30', 3], ['+Inf', 3]])
  t.equal(exposed.get('varco_call_duration_seconds')?.samples.find(({ name }) => name.endsWith('_sum'))?.value, 1.503)
  t.equal(exposed.get('varco_call_stage_seconds')?.samples.filter(({ name }) => name.endsWith('_count')).length, 4)
  t.strictSame(samplesOf('varco_quota_used_ratio'), [['archive c q', 0.8], ['archive c p', 0.5]], 'whoever saw the last call knows')
  t.strictSame([samplesOf('varco_upstream_calls_total'), samplesOf('varco_upstream_failures_total')], [[['7 archive', 3]], [['7 archive upstream-timeout', 1]]])
  t.strictSame(samplesOf('varco_upstream_connections'), [['7 archive used', 3], ['7 archive free', 2], ['7 archive waiting', 1]])
  t.strictSame([samplesOf('varco_call_received_bytes_total'), samplesOf('varco_call_sent_bytes_total')], [[['7 archive', 10]], [['7 archive', 2000]]])
  t.strictSame(samplesOf('varco_signing_key_age_seconds'), [['archive', 86_400], ['tickets', 86_400]])
  t.strictSame([samplesOf('varco_certificate_days_left'), samplesOf('varco_certificates_unreadable')], [[['public', 2]], [['', 1]]])
  t.strictSame(['missing_days', 'refused_days', 'last_filed_timestamp_seconds', 'failing'].map((name) => samplesOf(`varco_tracing_${name}`)?.[0]?.[1]), [1, 0, 5, 1])
})

t.test('an upstream that fails is told by its e-service, over all processes, however much others are called', async (t) => {
  const of = (name: string, calls: number, failures: number): EServiceFigures => ({ eservice: name, calls: none, stages: { admit: none, body: none, upstream: none, answer: none }, bytesReceived: 0, bytesSent: 0, upstreamCalls: calls, upstreamFailures: {}, upstreamLately: { calls, failures } })
  const eservices = ['busy', 'small', 'new'].map((name) => ({ ...eservice({}), name }))
  const reports = [[of('busy', 100_000, 0), of('small', 1, 1), of('removed', 5, 5)], [of('busy', 100_000, 3), of('small', 2, 1)]].map((figures) => ({ ...report, eservices, figures: { ...report.figures, eservices: figures } }))
  const { text } = await metricsOf({ reports, processes: [], disk: noDisk, now: 0 })
  t.strictSame(text.split('\n').filter((line) => line.startsWith('varco_upstream_failing')), ['varco_upstream_failing{eservice="busy"} 0', 'varco_upstream_failing{eservice="small"} 1', 'varco_upstream_failing{eservice="new"} 0'])
})
