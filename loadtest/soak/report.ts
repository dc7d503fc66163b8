import { whole } from '../report/numbers.ts'
import { faultsOf, slopeLimit } from './verdict.ts'
import type { Soaked } from './verdict.ts'

const unknown = 'not known here'

/** A soak for people: its figures, calls by what they were, and the verdict. */
export function report (soaked: Soaked): string {
  const { minutes, warmUpMinutes, interrupted, calls, reloads, rss, rssSlope: { slope, uncertainty }, used, descriptors, p99, delay } = soaked
  const drift = p99 && (p99.last / p99.first - 1) * 100
  const figures: readonly (readonly [string, string])[] = [
    ['watched', `${minutes.toFixed(1)} min after a warm-up of ${warmUpMinutes.toFixed(1)} min${interrupted ? ', interrupted' : ''}`],
    ['calls', `${whole(calls)}, ${whole(reloads)} reloads meanwhile`],
    ['RSS', rss ? `${rss.first.toFixed(1)} MiB at first, ${rss.last.toFixed(1)} at last, ${rss.highest.toFixed(1)} at most` : unknown],
    ['RSS slope', Number.isFinite(uncertainty) ? `${slope.toFixed(1)} ± ${uncertainty.toFixed(1)} MiB in 10 min (95 %); allowed ${slopeLimit}` : 'too few samples'],
    ['in use', `${mebibytes(used.begin)} after the warm-up, ${mebibytes(used.end)} at the end: heap and buffers, at rest, all garbage collected`],
    ['file descriptors', `${descriptors.begin ?? unknown} before the first call, ${descriptors.end ?? unknown} at rest after the last`],
    ['p99', p99 && drift !== undefined ? `${p99.first.toFixed(1)} ms in the first quarter, ${p99.last.toFixed(1)} ms in the last (${drift < 0 ? '' : '+'}${drift.toFixed(0)} %)` : 'too few calls'],
    ['event loop late', delay ? `${delay.median.toFixed(1)} ms in a usual second, ${delay.worst.toFixed(1)} ms in the worst (p99)` : unknown]
  ]
  const width = Math.max(...figures.map(([name]) => name.length), ...Object.keys(soaked.outcomes).map((name) => name.length + 2))
  const faults = faultsOf(soaked)
  return [
    ...figures.map(([name, text]) => `${name.padEnd(width)}  ${text}`),
    'calls by what came of them',
    ...Object.entries(soaked.outcomes).map(([name, count]) => `${`  ${name}`.padEnd(width)}  ${whole(count).padStart(9)}`),
    ...soaked.wrong.map((sentence) => `wrong: ${sentence}`),
    ...faults.map((fault) => `FAILED: ${fault}`),
    ...faults.length === 0 ? ['nothing grew that must not, and every answer was right'] : []
  ].join('\n')
}

/** The same for programs, with the verdict. */
export function toJson (soaked: Soaked): string {
  return `${JSON.stringify({ node: process.versions.node, ...soaked, faults: faultsOf(soaked) }, (_key, value: unknown) => typeof value === 'number' ? Math.round(value * 1000) / 1000 : value, 2)}\n`
}

function mebibytes (value: number | undefined): string {
  return value === undefined ? unknown : `${value.toFixed(1)} MiB`
}
