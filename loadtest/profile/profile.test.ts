import { globSync } from 'node:fs'
import type { Profiler } from 'node:inspector'
import { join } from 'node:path'
import t from 'tap'
import type { Round } from '../measure.ts'
import type { Ground } from '../target.ts'
import { staticAnswer } from '../targets.ts'
import { areaOf, placeOf, places } from './areas.ts'
import { summarise } from './cpu-profile.ts'
import { profiled } from './recording.ts'
import { figuresOf, report } from './report.ts'

const root = join(import.meta.dirname, '../..')
const own = (file: string): string => new URL(`../../${file}`, import.meta.url).href

/** Nodes by their calls: function, URL, and the numbers of those that it calls; the first is 1. */
function nodes (...calls: readonly (readonly [string, string, ...number[]])[]): Profiler.ProfileNode[] {
  return calls.map(([functionName, url, ...children], index) => ({ id: index + 1, callFrame: { functionName, url, scriptId: '0', lineNumber: 6, columnNumber: 0 }, children }))
}

const profile: Profiler.Profile = {
  nodes: nodes(
    ['(root)', '', 2, 3, 4, 5],
    ['(idle)', ''],
    ['(program)', ''],
    ['(garbage collector)', ''],
    ['admit', own('gateway/admit.ts'), 6, 9],
    ['dispatch', 'file:///somewhere/node_modules/a/node_modules/undici/lib/client.js', 7, 8],
    ['writev', ''],
    ['', 'wasm://wasm/0003'],
    ['guard', own('gateway/guard.ts'), 10],
    ['validate3', '']
  ),
  startTime: 0,
  endTime: 2000,
  samples: [2, 3, 4, 5, 7, 8, 9, 10, 7, 7, 2],
  // A sample lasts until the next one; one that was taken too late can seem to be earlier.
  timeDeltas: [99, 1000, 50, 100, 200, 300, 25, 75, 50, -50, 200]
}

t.test('time is summed up by area: what has no area of its own is of its caller, and idle time is nobody\'s', async (t) => {
  const { coveredMicros, busyMicros, functions } = summarise([profile, profile])
  t.equal(coveredMicros, 4000)
  t.equal(busyMicros, 2000)
  t.strictSame(functions.map(({ name, place, area, micros }) => [name, place, area, micros]), [
    ['writev', '', 'system calls: sockets', 1000],
    ['admit', 'gateway/admit.ts:7', '3. admit', 400],
    ['(garbage collector)', '', 'garbage collection', 200],
    ['guard', 'gateway/guard.ts:7', '3. admit', 150],
    ['validate3', '', '3. admit', 100],
    ['(program)', '', 'native, without a JavaScript frame', 100],
    ['(anonymous)', 'wasm://wasm/0003:7', 'undici', 50]
  ])
})

const round = { calls: 1000, cpuMicros: 80 } as Round
const told = { scenario: 'admitted', round, plain: { ...round, cpuMicros: 76 }, summary: summarise([profile]) }

t.test('the report tells shares and what they come to for each call, our own stages first', async (t) => {
  t.equal(report(told), [
    'admitted: 1,000 calls, 80.0 µs of CPU each (without the profiler 76.0); the main thread was busy 50.0 % of the time, 1.00 µs for each',
    '',
    '| self time by area                  | of the busy time | µs per call |',
    '| ---------------------------------- | ---------------: | ----------: |',
    '| 3. admit                           |           32.5 % |        26.0 |',
    '| Varco, all stages                  |           32.5 % |        26.0 |',
    '| system calls: sockets              |           50.0 % |        40.0 |',
    '| garbage collection                 |           10.0 % |        8.00 |',
    '| native, without a JavaScript frame |            5.0 % |        4.00 |',
    '| undici                             |            2.5 % |        2.00 |',
    '',
    '| function            | where              | area                               | of the busy time | µs per call |',
    '| ------------------- | ------------------ | ---------------------------------- | ---------------: | ----------: |',
    '| writev              |                    | system calls: sockets              |           50.0 % |        40.0 |',
    '| admit               | gateway/admit.ts:7 | 3. admit                           |           20.0 % |        16.0 |',
    '| (garbage collector) |                    | garbage collection                 |           10.0 % |        8.00 |',
    '| guard               | gateway/guard.ts:7 | 3. admit                           |            7.5 % |        6.00 |',
    '| validate3           |                    | 3. admit                           |            5.0 % |        4.00 |',
    '| (program)           |                    | native, without a JavaScript frame |            5.0 % |        4.00 |',
    '| (anonymous)         | wasm://wasm/0003:7 | undici                             |            2.5 % |        2.00 |'
  ].join('\n'))
})

t.test('where the system does not tell CPU time there are shares only', async (t) => {
  const unknown = { ...told, round: { ...round, cpuMicros: undefined } }
  t.match(report(unknown), /1,000 calls, unknown µs of CPU each[^]*\| 3\. admit +\| +32\.5 % \| +\|\n/)
  t.strictSame(figuresOf(unknown).areas[0], { area: 'system calls: sockets', share: 0.5, microsPerCall: undefined })
})

t.test('the longest place that fits says which area it is', async (t) => {
  t.equal(areaOf({ functionName: 'count', url: own('policies/quota.ts') }, '1. wire'), '5. quota')
  t.equal(areaOf({ functionName: 'judge', url: own('policies/voucher.ts') }, '1. wire'), '3. admit')
  t.equal(areaOf({ functionName: 'parserOnHeadersComplete', url: 'node:_http_common' }, '1. wire'), 'node:http')
  t.equal(areaOf({ functionName: 'from', url: 'node:buffer' }, 'crypto'), 'crypto')
  t.equal(placeOf(own('gateway/admit.ts')), 'gateway/admit.ts')
})

t.test('all that is said of files is said of files that there are', async (t) => {
  const starts = Object.values(places).flat().filter((start) => !start.startsWith('node:'))
  t.strictSame(starts.filter((start) => globSync(`${start}*`, { cwd: root }).length === 0), [])
})

t.test('a program is profiled in the round that was asked for, and in no other', async (t) => {
  await using stack = new AsyncDisposableStack()
  const kept: (readonly Profiler.Profile[])[] = []
  const ground = { stack, signal: new AbortController().signal, folder: t.testdir(), cores: undefined } as unknown as Ground
  const target = await profiled(staticAnswer, 1, (profiles) => { kept.push(profiles) }).start(ground)
  for (const rounds of [0, 1, 1]) {
    await target.before?.()
    t.equal((await fetch(target.url, { headers: { connection: 'close' } })).status, 200)
    await target.after?.()
    t.equal(kept.length, rounds)
  }
  const [[own] = []] = kept
  t.ok(own && summarise([own]).coveredMicros > 0)
})
