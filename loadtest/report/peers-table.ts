import type { Measured } from '../measure.ts'
import { capacityRatio } from '../promises.ts'
import { jwtVerify } from '../scenarios/peer-names.ts'
import { p50, p99, requests } from './columns.ts'
import { markdown } from './markdown.ts'
import { significant, whole } from './numbers.ts'

const compared = new Set(['node static answer', 'admitted'])

/**
 * What an admitted call comes to here and at everything that others would use instead, the cheapest first. Ratios are to HAProxy, or to the static answer where that is
 * not installed: of calls per second in the same rounds, and of the CPU time that a call takes.
 */
export function peersTable (measured: readonly Measured[]): string {
  const rows = measured.filter(({ name, group }) => group === 'peers' || compared.has(name))
  const reference = rows.find(({ name }) => name === jwtVerify) ?? rows.find(({ name }) => name === 'node static answer')
  if (!reference) return ''
  const sorted = rows.toSorted((a, b) => capacityRatio(b, reference) - capacityRatio(a, reference))
  const heading = ['peer', 'ratio by CPU time', 'ratio by calls', 'calls per second', 'p50 ms', 'p99 ms', 'CPU µs per call', 'RSS MB']
  return markdown([heading, ...sorted.map((one) => [
    one.name === 'admitted' ? '**Varco**' : one.name,
    significant(capacityRatio(one, reference)),
    significant(one.requestsPerSecond.median / reference.requestsPerSecond.median),
    requests.write(one.requestsPerSecond.median),
    p50.write(one.latency.p50.median),
    p99.write(one.latency.p99.median),
    one.cpuMicros === undefined ? '' : significant(one.cpuMicros.median),
    one.rssBytes === undefined ? '' : whole(one.rssBytes.median / 1e6)
  ])], [1, 2, 3, 4, 5, 6, 7])
}
