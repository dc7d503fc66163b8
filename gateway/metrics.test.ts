import t from 'tap'
import { metricsOf } from './metrics.ts'
import type { Report } from './report.ts'

const report: Report = {
  pid: 7, startedAt: '2026-03-02T10:00:00.000Z', hash: 'abc', config: {}, eservices: [], keysAgeSeconds: 12,
  status: { type: 'about:blank', title: 'OK', status: 200, detail: 'The service is up.', code: 'ok' },
  registry: { source: 'platform', state: 'failing', ageSeconds: 90, lastError: 'status 500', undecided: 3, missing: 2, detail: '' },
  sharedState: { place: 'local', answers: { redis: 5, local: 4, lease: 3 } }
}

t.test('what operations are alarmed by is told of every process, and what there is not is left out', async (t) => {
  const other: Report = { ...report, pid: 8, keysAgeSeconds: null, registry: { ...report.registry, state: 'unavailable', ageSeconds: null }, sharedState: { place: 'redis', answers: { redis: 1, local: 0, lease: 0 } } }
  const { contentType, text } = await metricsOf([report, other], [{ worker: 1, restarts: 4 }, { worker: null, restarts: 1 }, {}])
  t.match(contentType, /^text\/plain; version=0\.0\.4/)
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
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
    'varco_limits_local{pid="7"} 1', 'varco_limits_local{pid="8"} 0',
    'varco_redis_answers_total{pid="7"} 5', 'varco_redis_answers_total{pid="8"} 1',
    'varco_redis_missed_answers_total{pid="7"} 4', 'varco_redis_missed_answers_total{pid="8"} 0',
    'varco_leased_calls_total{pid="7"} 3', 'varco_leased_calls_total{pid="8"} 0',
    'varco_configuration_info{hash="abc"} 2',
    'varco_worker_restarts_total{worker="1"} 4'
  ])
})
