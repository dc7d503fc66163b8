import type { Registry } from 'prom-client'
import type { Report } from '../report.ts'
import { open } from './series.ts'

/** One figure of a process; undefined where there is none. What is counted since the start of the process is named so (_total). */
interface Figure { readonly name: string, readonly help: string, readonly of: (report: Report) => number | undefined }

const flag = (value: boolean): number => value ? 1 : 0

const figures: readonly Figure[] = [
  { name: 'varco_ready', help: 'Whether calls can be admitted.', of: ({ status }) => flag(status.status === 200) },
  { name: 'varco_platform_keys_age_seconds', help: "How long ago the platform's keys were fetched.", of: ({ keysAgeSeconds }) => keysAgeSeconds ?? undefined },
  { name: 'varco_registry_age_seconds', help: 'How long ago agreements and purposes were in step with the platform.', of: ({ registry }) => registry.ageSeconds ?? undefined },
  { name: 'varco_registry_failing', help: 'Whether the last reading of the platform did not go well.', of: ({ registry }) => flag(registry.state === 'failing') },
  { name: 'varco_registry_unavailable', help: 'Whether nothing is known that may be relied on, so that calls are answered 503.', of: ({ registry }) => flag(registry.state === 'unavailable') },
  { name: 'varco_registry_undecided_calls_total', help: 'Calls of which nothing could be concluded, as the platform did not say.', of: ({ registry }) => registry.undecided },
  { name: 'varco_registry_missing_items_total', help: 'Things that a list of the platform did not have any more and no event had told of; each was asked for by its id.', of: ({ registry }) => registry.missing },
  { name: 'varco_calls_per_turn_limit', help: 'How many calls a turn of the event loop lets in; there is none while all are.', of: ({ load }) => load.limit ?? undefined },
  { name: 'varco_connections_resting', help: 'Connections that are not read from for a moment because a call on them was shed.', of: ({ load }) => load.resting },
  { name: 'varco_event_loop_delay_seconds', help: 'How late at most a timer came in the last 10 to 20 s, in turns of the event loop in which calls came.', of: ({ load }) => load.delayMs / 1000 },
  { name: 'varco_event_loop_active_seconds_total', help: 'For how long the event loop has worked.', of: ({ load }) => load.activeSeconds },
  { name: 'varco_limits_local', help: 'Whether limits are counted here because Redis is away.', of: ({ sharedState }) => flag(sharedState.place === 'local') },
  { name: 'varco_redis_answers_total', help: 'What Redis was asked and answered in time.', of: ({ sharedState }) => sharedState.answers.redis },
  { name: 'varco_redis_missed_answers_total', help: 'What had to be decided without Redis.', of: ({ sharedState }) => sharedState.answers.local },
  { name: 'varco_leased_calls_total', help: 'Calls that took from a lease and waited for nobody.', of: ({ sharedState }) => sharedState.answers.lease },
  { name: 'varco_records_written_total', help: 'Records of calls that were kept.', of: ({ records }) => records.written },
  { name: 'varco_records_lost_total', help: 'Records of calls that could not be kept; the calls were answered all the same.', of: ({ records }) => records.lost },
  { name: 'varco_records_failing', help: 'Whether records cannot be kept just now, so that calls whose record is part of the proof are answered 503.', of: ({ records }) => flag(!records.works) },
  { name: 'varco_log_lines_dropped_total', help: 'Lines of the log that nobody read in time.', of: ({ log }) => log.droppedLines },
  // As processes in any language tell them.
  { name: 'process_start_time_seconds', help: 'When the process was started, in seconds since 1970.', of: ({ startedAt }) => Date.parse(startedAt) / 1000 },
  { name: 'process_resident_memory_bytes', help: 'Memory that the process takes.', of: ({ memory }) => memory.rssBytes },
  { name: 'nodejs_heap_size_used_bytes', help: 'Memory that its objects take.', of: ({ memory }) => memory.heapUsedBytes },
  { name: 'nodejs_heap_size_total_bytes', help: 'Memory that there is for them.', of: ({ memory }) => memory.heapTotalBytes },
  { name: 'nodejs_external_memory_bytes', help: 'Memory that its buffers take.', of: ({ memory }) => memory.externalBytes },
  { name: 'process_cpu_user_seconds_total', help: 'CPU time in the program.', of: ({ cpu }) => cpu.userSeconds },
  { name: 'process_cpu_system_seconds_total', help: 'CPU time in the system.', of: ({ cpu }) => cpu.systemSeconds },
  { name: 'process_open_fds', help: 'File descriptors that are open.', of: ({ openFiles }) => openFiles ?? undefined }
]

/** How each process stands with what it depends on, and what it takes of its machine. */
export function addProcessMetrics (register: Registry, reports: readonly Report[]): void {
  for (const { name, help, of } of figures) {
    const figure = open(register, name, help, 'pid')
    for (const report of reports) {
      const value = of(report)
      if (value !== undefined) figure.inc({ pid: String(report.pid) }, value)
    }
  }
}
