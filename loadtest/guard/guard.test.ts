import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { policies } from '../../policies/order.ts'
import type { Round } from '../measure.ts'
import { readBudget } from './budget.ts'
import type { Budget } from './budget.ts'
import { figureOf } from './calls.ts'
import { compared } from './compared.ts'
import { proposal, verdictTable } from './report.ts'
import { isKept, judgeStages, measureTwice } from './verdict.ts'
import type { Figure, Measures } from './verdict.ts'

const budget: Budget = {
  slack: 0.2,
  ratios: [
    { scenario: 'admitted', to: 'node static answer', floor: 0.4, measured: 0.5, circumstances: 'a test', why: 'it must be cheap' },
    { scenario: 'limited', to: 'admitted', floor: 2, measured: 2.5, circumstances: 'a test', why: 'a refusal costs less' }
  ],
  stages: { slack: 0.5, least: 0.03, unlisted: 0.5, circumstances: 'a test', why: 'tells which', measured: { route: 0.2, record: 1, 'policy dpop': 0.002 } }
}

const figure = (value: number): Figure => ({ value, min: value * 0.9, max: value * 1.1 })
const timed = (units: Readonly<Record<string, number>>) => Object.entries(units).map(([name, one]) => ({ name, units: one, ns: one * 7000, ofCall: true }))
const usualStages = { route: 0.2, record: 1, 'policy dpop': 0.002 }

/** Measures that give these values, time by time; `asked` tells of which ratios, and how long. */
function measuresOf (calls: readonly (readonly number[])[], stages: readonly (Readonly<Record<string, number>> | string)[]): Measures & { readonly asked: string[] } {
  const asked: string[] = []
  const [left, leftStages] = [[...calls], [...stages]]
  return {
    asked,
    calls: async (comparisons, longer) => {
      asked.push(`${comparisons.map(({ scenario }) => scenario).join('+')}${longer ? ' longer' : ''}`)
      return (left.shift() ?? []).map(figure)
    },
    stages: async () => {
      asked.push('stages')
      const next = leftStages.shift() ?? {}
      return typeof next === 'string' ? next : timed(next)
    }
  }
}

const quiet = (): undefined => undefined

t.test('within the budget nothing is measured twice', async (t) => {
  const measures = measuresOf([[0.41, 2.01]], [{ route: 0.29, record: 1.4, 'policy dpop': 0.03 }])
  const measurement = await measureTwice(budget, measures, quiet)
  t.ok(isKept(measurement))
  t.strictSame(measures.asked, ['stages', 'admitted+limited'])
  t.match(verdictTable(measurement), /^ratio .*\nadmitted \/ node static answer .*0\.400 .*0\.410 \(0\.369-0\.451\) +kept\n.*\n\nThe budget is kept: 2 ratios and 3 stages\.$/)
})

t.test('what fell is measured once more, longer, and must be clearly good then', async (t) => {
  for (const [second, kept] of [[0.38, false], [0.41, false], [0.43, true]] as const) {
    const measures = measuresOf([[0.39, 2.1], [second]], [usualStages])
    const measurement = await measureTwice(budget, measures, quiet)
    t.strictSame(measures.asked, ['stages', 'admitted+limited', 'admitted longer'])
    t.equal(isKept(measurement), kept, `${second}`)
    t.match(measurement.ratios, [{ kept, figure: { value: second } }, { kept: true, figure: { value: 2.1 } }])
  }
})

t.test('a stage that grew is named, with the stages that grew most where a ratio fell', async (t) => {
  const grown = { route: 0.25, record: 1.7, 'policy dpop': 0.002 }
  const measurement = await measureTwice(budget, measuresOf([[0.3, 2.1], [0.3]], [grown, grown]), quiet)
  t.notOk(isKept(measurement))
  const text = verdictTable(measurement)
  t.match(text, /\nadmitted \/ node static answer: it must be cheap\n/)
  t.match(text, /\nrecord +1\.5000 +1\.7000 +x 1\.70 +GREW\nroute +0\.3000 +0\.2500 +x 1\.25 +kept\n\nThe budget is not kept: 2 of 5 fell\./)
  t.notMatch(text, /policy dpop/)
})

t.test('a stage that was slow once is not', async (t) => {
  t.ok(isKept(await measureTwice(budget, measuresOf([[0.5, 2.5]], [{ ...usualStages, record: 1.7 }, { ...usualStages, record: 1.1 }]), quiet)))
  t.notOk(isKept(await measureTwice(budget, measuresOf([[0.5, 2.5]], [{ ...usualStages, record: 1.7 }, { ...usualStages, record: 1.49 }]), quiet)), 'not clearly')
})

t.test('stages: noise of what takes next to nothing, one that is new, one that is gone', async (t) => {
  const kept = (units: Readonly<Record<string, number>>) => Object.fromEntries(judgeStages(budget.stages, timed(units)).map(({ name, kept }) => [name, kept]))
  t.strictSame(kept({ ...usualStages, 'policy dpop': 0.031 }), { 'policy dpop': true, route: true, record: true })
  t.strictSame(kept({ ...usualStages, 'policy dpop': 0.04 }), { 'policy dpop': false, route: true, record: true })
  t.strictSame(kept({ ...usualStages, 'policy new': 0.4 }), { 'policy new': true, 'policy dpop': true, route: true, record: true })
  t.strictSame(kept({ ...usualStages, 'policy new': 4 }), { 'policy new': false, 'policy dpop': true, route: true, record: true })
  t.strictSame(kept({ route: 0.2, record: 1 }), { route: true, record: true, 'policy dpop': false })
})

t.test('a stage that does not do what it should fails a run, whatever it costs', async (t) => {
  const fault = 'the stage "answer sent in one write" does not do what it should: it gave 2'
  const measurement = await measureTwice(budget, measuresOf([[0.5, 2.5]], [fault]), quiet)
  t.notOk(isKept(measurement))
  t.match(verdictTable(measurement), `\n${fault}\n\nThe budget is not kept: 1 of 2 fell.`)
})

t.test('calls are compared by CPU time where it is known, each by its cheapest round', async (t) => {
  const rounds = (...costs: readonly [number, number | undefined][]): Round[] => costs.map(([requestsPerSecond, cpuMicros]) => ({ requestsPerSecond, cpuMicros }) as Round)
  t.strictSame(figureOf(rounds([1, 200], [1, 100], [1, 150]), rounds([1, 50], [1, 40], [1, 60])), { value: 0.4, min: 0.25, max: 0.4 })
  t.strictSame(figureOf(rounds([5000, undefined], [2500, undefined]), rounds([10_000, 3], [5000, 3])), { value: 0.5, min: 0.5, max: 0.5 })
})

t.test('the budget of the repository is about what is measured', async (t) => {
  const { ratios, stages } = await readBudget(join(import.meta.dirname, '../budget.json'))
  const names = new Set(compared.map(({ name }) => name))
  t.strictSame(ratios.flatMap(({ scenario, to }) => [scenario, to]).filter((name) => !names.has(name)), [])
  t.strictSame(Object.keys(stages.measured).filter((name) => name.startsWith('policy ') && !policies.some((policy) => `policy ${policy.name}` === name)), [])
})

t.test('a proposal is a budget that this run keeps, with its slack', async (t) => {
  const text = proposal(budget, { figures: [0.6667, 3].map(figure), timed: timed({ route: 0.12345 }) }, 'Node, a test')
  const proposed = await read(t, text)
  t.match(proposed.ratios[0], { floor: 0.533, measured: 0.667, circumstances: 'Node, a test', why: 'it must be cheap' })
  t.strictSame(proposed.stages.measured, { route: 0.1235 })
})

async function read (t: Test, text: string): Promise<Budget> {
  const folder = await mkdtemp(join(tmpdir(), 'varco-budget-'))
  t.teardown(async () => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'budget.json'), text)
  return readBudget(join(folder, 'budget.json'))
}

const [first] = budget.ratios
const bad: readonly { readonly name: string, readonly content: object, readonly says: RegExp }[] = [
  { name: 'a floor without slack', content: { ...budget, ratios: [{ ...first, floor: 0.41 }] }, says: /budget\.json:\d+: ratios\.0\.floor: 0\.41 leaves less than the slack of 20 % below 0\.5, which was measured: 0\.4 at most/ },
  { name: 'a floor without a reason', content: { ...budget, ratios: [{ ...first, why: '' }] }, says: /ratios\.0\.why: must not be empty/ },
  { name: 'a floor from no measurement', content: { ...budget, ratios: [{ ...first, measured: undefined }] }, says: /ratios\.0: must have required property 'measured'/ },
  { name: 'a ratio twice', content: { ...budget, ratios: [first, first] }, says: /ratios\.1: "admitted" is compared with "node static answer" already/ },
  { name: 'a ratio to itself', content: { ...budget, ratios: [{ ...first, to: 'admitted' }] }, says: /ratios\.0\.to: "admitted" is compared with itself/ },
  { name: 'a key that is misspelt', content: { ...budget, ratios: [{ ...first, flor: 1 }] }, says: /unknown key "flor"\. Did you mean "?floor"?\?/ },
  { name: 'no ratios', content: { ...budget, ratios: [] }, says: /ratios: must not be empty/ },
  { name: 'a slack of everything', content: { ...budget, slack: 1 }, says: /slack: must be <= 0\.5/ }
]

for (const { name, content, says } of bad) {
  t.test(`a bad budget is told: ${name}`, async (t) => { await t.rejects(read(t, JSON.stringify(content, undefined, 1)), { message: says }) })
}

t.test('a budget that is no JSON, or is not there, is told', async (t) => {
  await t.rejects(read(t, '{ "slack": '), { message: /budget\.json:1: / })
  await t.rejects(readBudget('/nowhere/budget.json'), { message: '/nowhere/budget.json: the file cannot be read (ENOENT)' })
})
