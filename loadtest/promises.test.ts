import t from 'tap'
import type { Measured } from './measure.ts'
import { capacityRatio, outcomesOf, promises, verdictOf } from './promises.ts'
import { rawCryptoMicros } from './raw-crypto.ts'
import { around, measuredAt } from './report/fixture.ts'
import { peersTable } from './report/peers-table.ts'
import { promisesTable } from './report/promises-table.ts'
import { scenarios } from './scenarios.ts'
import { expressStack, jwtVerify } from './scenarios/peer-names.ts'
import { peerScenarios } from './scenarios/peers.ts'

t.test('every promise is about scenarios that there are, or names the command that measures it', async (t) => {
  const names = new Set([...scenarios, ...peerScenarios(true)].map(({ name }) => name))
  for (const { id, from } of promises) {
    if ('command' in from) t.match(from.command, /^(?:npm run|node) \S+/, id)
    else t.strictSame(from.scenarios.filter((name) => !names.has(name)), [], id)
  }
  t.equal(new Set(promises.map(({ id }) => id)).size, promises.length)
})

t.test('a promise is kept by CPU time where the system tells it, and says how far', async (t) => {
  const verdicts = (admitted: Partial<Measured>): Record<string, string | undefined> => {
    const measured = [measuredAt(jwtVerify, 16_000), measuredAt('admitted', 20_000, admitted)]
    return Object.fromEntries(outcomesOf(measured).map((outcome) => [outcome.promise.id, verdictOf(outcome)]))
  }
  t.match(verdicts({}), { S1: 'first step', S4: 'goal', S2: undefined, S12: undefined })
  t.match(verdicts({ cpuMicros: around(1e6 / 33_000) }), { S1: 'goal' }, 'though no more calls came')
  t.match(verdicts({ cpuMicros: around(1e6 / 19_000) }), { S1: 'missed' })
  t.match(verdicts({ cpuMicros: undefined, requestsPerSecond: around(33_000) }), { S1: 'goal' })
  t.equal(capacityRatio(measuredAt('a', 10, { cpuMicros: around(50) }), measuredAt('b', 10, { cpuMicros: around(100) })), 2)
})

t.test('the cryptography of a call is measured where it is compared with it', async (t) => {
  const { dpop, integrity } = rawCryptoMicros()
  t.ok(dpop > 1 && integrity > 1, `${dpop} and ${integrity} µs`)
  const [outcome] = outcomesOf([measuredAt('dpop', 1, { cpuMicros: around(dpop * 2) })]).filter(({ promise: { id } }) => id === 'S7a')
  t.equal(outcome?.measured, 0.5)
})

t.test('the tables are Markdown: what was measured, the cheapest first, and what is measured elsewhere', async (t) => {
  const measured = [measuredAt('bare upstream', 90_000), measuredAt('admitted', 20_000, { rssBytes: around(140e6) }), measuredAt(jwtVerify, 16_000, { group: 'peers' }), measuredAt(expressStack, 1600, { group: 'peers' })]
  const lines = peersTable(measured).split('\n')
  t.match(lines[0], /^\| peer +\| ratio by CPU time \| .* \| RSS MB \|$/)
  t.match(lines[1], /^\| -+ \| -+: \|/)
  t.strictSame(lines.slice(2).map((line) => line.split(' | ').slice(0, 2).map((cell) => cell.replace(/^\| /, '').trim())), [['**Varco**', '1.25'], [jwtVerify, '1.00'], [expressStack, '0.100']])
  t.equal(new Set(lines.map(({ length }) => length)).size, 1)
  t.equal(peersTable([measuredAt('admitted', 1)]), '', 'nothing to compare with')
  const table = promisesTable(measured)
  t.match(table, /\| S1 .* ≥ 1\.2 .* ≥ 2 .* 1\.25 \| first step/)
  t.match(table, /\| S3a .* 12\.5 \| first step/)
  t.match(table, /\| S2 .* not in this run: own bare proxy/)
  t.match(table, /\| S10b .* measured by /)
})
