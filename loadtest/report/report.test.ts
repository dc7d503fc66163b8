import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { temporaryFolder } from '../../gateway/harness/process.ts'
import { circumstances, measured, measuredAt } from './fixture.ts'
import { header, targetLines } from './header.ts'
import { keep, placeOf, readHistory } from './history.ts'
import { toJson } from './json.ts'
import type { Run } from './json.ts'
import { Progress } from './progress.ts'
import { followRounds } from './rounds.ts'
import { table } from './table.ts'

t.test('the table aligns the figures under their headings, in groups, and says what a ratio is to', async (t) => {
  t.equal(table(measured), [
    'scenario                              req/s median (min-max)  p50 ms  p99 ms  CPU µs/call  RSS MiB      ratio (min-max)  to',
    'admitted',
    '  bare upstream                       40,000 (38,000-42,000)    1.60    4.62         25.0                                ',
    '  admitted                             10,000 (9,500-10,500)    6.40    18.5          100           0.250 (0.237-0.263)  bare upstream',
    '  admitted, <b>unseen</b> & "quoted"     2,500 (2,375-2,625)    25.6    74.0          400           0.250 (0.237-0.263)  admitted',
    'refused',
    '  voucher expired                     20,000 (19,000-21,000)    3.20    9.25         50.0      150     2.00 (1.50-2.50)  admitted',
    'note: at "bare upstream" the generator was busy for 97 % of a core and may be what was measured',
    'note: the ratios of 1 of 4 scenarios lie more than 30 % apart from round to round, those of "voucher expired" 50 %: the machine was not quiet, or the rounds were too short'
  ].map((line) => line.trimEnd()).join('\n'))
})

t.test('a column without a figure is left out', async (t) => {
  const text = table([measuredAt('one', 1000, { cpuMicros: undefined })])
  t.notMatch(text, /CPU|RSS|reader/)
})

t.test('the header says under which circumstances, and what was started', async (t) => {
  t.strictSame(header(circumstances), [
    'Node 26.10.0, 2 cores (Example CPU), commit be2e2c9f0a1b+',
    '64 connections, what is measured has a core of its own; for each scenario a warm-up three times as long and 3 x 5 s, interleaved',
    'not measured: nginx: it is not installed here'
  ])
  t.match(header({ ...circumstances, url: 'https://varco.example.it', pinned: false }).join('\n'), /no core is set apart.*\naimed at https:\/\/varco\.example\.it\n/)
  const posts = new Map(['gateway', 'bare upstream'].map((name, index) => [name, { kind: { name }, target: { url: `http://127.0.0.1:${index}` } }]))
  t.strictSame(targetLines({ posts, folder: '/tmp/varco' } as unknown as Parameters<typeof targetLines>[0]), [
    'gateway        http://127.0.0.1:0',
    'bare upstream  http://127.0.0.1:1',
    'what they write is in /tmp/varco until the end; every answer is checked'
  ])
})

t.test('the figures for programs are the same, to a thousandth', async (t) => {
  const run = JSON.parse(toJson(measured, circumstances)) as Run
  t.match(run, { node: '26.10.0', seconds: 5, rounds: 3, connections: 64, pinned: true })
  t.match(run.scenarios[1], { name: 'admitted', ratioTo: 'bare upstream', ratio: { median: 0.25, min: 0.238, max: 0.263 }, latency: { p50: { median: 6.4 } } })
})

t.test('runs are kept in their order, no more than 200, and what is no run is passed over', async (t) => {
  const folder = join(await temporaryFolder(t), 'history')
  t.strictSame(await readHistory(folder), [], 'before the first run')
  const dates = Array.from({ length: 203 }, (_, minute) => new Date(Date.parse(circumstances.date) + minute * 60_000).toISOString())
  for (const date of dates) await keep(folder, toJson(measured, { ...circumstances, date }))
  t.strictSame((await readHistory(folder)).map(({ date }) => date), dates.slice(3))
  t.equal((await readdir(folder)).length, 200)
  await writeFile(join(folder, '2027.json'), '{"node":"26.10.0","date":"2027-01-01"}')
  await writeFile(join(folder, '2028.json'), '{"node":')
  t.equal((await readHistory(folder)).length, 200)
})

t.test('runs are compared that were made in the same place, and in the same way', async (t) => {
  const run: Run = { ...circumstances, scenarios: measured }
  t.equal(placeOf(run), 'Example CPU, 2 cores, Node 26.10.0, 64 connections, pinned')
  t.equal(placeOf({ ...run, date: '2026-11-23T00:00:00Z', commit: 'x', rounds: 9 }), placeOf(run))
  for (const other of [{ cpuModel: 'Other CPU' }, { cores: 4 }, { node: '24.0.0' }, { url: 'http://127.0.0.1:8080' }, { pinned: false }, { connections: 8 }]) t.not(placeOf({ ...run, ...other }), placeOf(run), JSON.stringify(other))
})

/** What is written while two scenarios are fired in a warm-up and one round, each taking a second. */
function followed (output: { isTTY?: boolean, columns?: number }): string {
  let [text, now] = ['', 0]
  const progress = new Progress({ ...output, write: (written) => { text += written } }, () => now)
  const scenarios = [{ name: 'bare upstream' }, { name: 'admitted' }]
  progress.tell('64 connections')
  const onRound = followRounds(progress, scenarios, 1)
  for (const round of [0, 1]) {
    for (const scenario of scenarios) {
      now += 1000
      onRound(scenario, round, { requestsPerSecond: 5000 })
    }
  }
  progress.tell('over')
  progress.end()
  return text
}

t.test('progress is a bar on a terminal, with what is measured now and the time that is left', async (t) => {
  const clear = '\r\u001B[2K'
  t.strictSame(followed({ isTTY: true, columns: 60 }).split(clear), [
    '64 connections\n',
    '[######..................] 25 %  3 s left  warm-up: admitte',
    '[############............] 50 %  2 s left  round 1: bare up',
    '[##################......] 75 %  1 s left  round 1: admitte',
    '[########################] 100 %  done',
    'over\n[########################] 100 %  done',
    ''
  ])
})

t.test('elsewhere progress is a plain line for each round', async (t) => {
  t.equal(followed({}), ['64 connections', 'warm-up  bare upstream  5,000 req/s', 'warm-up  admitted  5,000 req/s', 'round 1  bare upstream  5,000 req/s', 'round 1  admitted  5,000 req/s', 'over', ''].join('\n'))
})
