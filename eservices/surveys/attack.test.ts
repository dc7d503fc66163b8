import * as fc from 'fast-check'
import t from 'tap'
import { loadDatasets } from '../dataset-folder.ts'
import type { Operation, Reply } from '../eservice.ts'
import { testCaller } from '../harness.ts'
import { openSqlite } from '../sqlite-database.ts'
import { findSmallGroups } from './attacker.ts'
import type { Claim } from './attacker.ts'
import type { Result } from './results.ts'
import { surveys } from './surveys.ts'

const administrations = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b']
const months = ['2026-02', '2026-03', '2026-04', '2026-05']
const watched = ['solved', 'recommend'] as const
const breakdowns = ['total', 'administration', 'month', 'year', 'administration-month', 'administration-year']
const datasets = await loadDatasets(new URL('data/', import.meta.url))

interface Sheet { readonly solved: string, readonly recommend: string }
interface Sending { readonly administration: string, readonly monthsAgo: number, readonly sheets: readonly Sheet[] }
type Step = 'next-month' | Sending

// Mostly content people, so that rare answers, empty cells and unanimous groups are what the attacker meets.
const someSheet = fc.record({
  solved: fc.constantFrom('yes', 'yes', 'yes', 'no'),
  recommend: fc.constantFrom('10', '10', '9', '8', '3')
})
const someSending = fc.record({
  administration: fc.constantFrom(...administrations),
  monthsAgo: fc.nat(1),
  sheets: fc.array(someSheet, { minLength: 1, maxLength: 9 })
})
const someStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.constant('next-month' as const) },
  { weight: 9, arbitrary: someSending })

/** An e-service of its own with a clock that is moved by hand and a random source with a seed. */
async function startWorld (seed: number) {
  let month = 1
  const random = generator(seed)
  const database = await openSqlite(':memory:', surveys.migrations ?? [])
  const operations = await surveys.operations({
    database,
    datasets,
    now: () => new Date(`${months[month]}-15T10:00:00Z`),
    randomUUID: () => uuid(random()),
    settings: {}
  })
  const run = async (operationId: string, parameters: object, body?: unknown, consumerId = ''): Promise<Reply> =>
    (operations[operationId] as Operation)({
      parameters: { ...parameters }, body, caller: { ...testCaller, consumerId }, grant: undefined, correlationId: ''
    })
  return {
    database,
    nextMonth () { month = Math.min(month + 1, months.length - 1) },
    async submit ({ administration, monthsAgo, sheets }: Sending) {
      const period = months[month - monthsAgo] as string
      const body = { serviceKind: 'online-service', version: '1.0.0', period, sheets: sheets.map(toAnswers) }
      await run('submitAnswers', { 'Idempotency-Key': crypto.randomUUID() }, body, administration)
      return period
    },
    async read (filters: object): Promise<readonly Result[]> {
      const { body } = await run('listResults', { serviceKind: 'online-service', ...filters })
      return (body as { items: readonly Result[] }).items
    }
  }
}

function toAnswers (sheet: Sheet) {
  const options = { ...sheet, ease: '4', experience: '4' }
  return { answers: Object.entries(options).map(([question, option]) => ({ question, option })) }
}

type World = Awaited<ReturnType<typeof startWorld>>
type Claims = Readonly<Record<(typeof watched)[number], readonly Claim[]>>

/** Every table that anybody can ask for, by question, with what each of its numbers claims to count. */
async function readEverything (world: World): Promise<Claims> {
  const filters = breakdowns.flatMap((breakdown) => [
    { breakdown },
    ...administrations.map((administration) => ({ breakdown, administration })),
    ...[...months, '2026'].map((period) => ({ breakdown, period })),
    ...administrations.map((administration) => ({ breakdown, administration, period: '2026' }))
  ])
  const results = (await Promise.all(filters.map(async (filter) => world.read(filter)))).flat()
  const claims = (id: string): readonly Claim[] => results.flatMap((result) => toClaims(result, id))
  return { solved: claims('solved'), recommend: claims('recommend') }
}

function toClaims ({ administration, period, questions }: Result, id: string): readonly Claim[] {
  const result = questions.find(({ question }) => question === id)
  if (!result) throw new Error(`${id} is missing`)
  const whose = administration ? [administration] : administrations
  const when = period?.length === 7 ? [period] : [...months, 'handed on to 2026']
  const cells = (option: string) => whose.flatMap((one) => when.map((month) => `${one} ${month} ${option}`))
  return [
    { cells: result.options.flatMap(({ option }) => cells(option)), value: result.count },
    ...result.options.map(({ option, count }) => ({ cells: cells(option), value: count }))
  ]
}

t.test('after any history of answers no table, filter, total or moment isolates one to four of them', async (t) => {
  let attacked = 0
  const steps = fc.array(someStep, { minLength: 4, maxLength: 14 })
  await fc.assert(fc.asyncProperty(steps, fc.integer(), async (history, seed) => {
    const world = await startWorld(seed)
    let before = await readEverything(world)
    for (const step of history) {
      if (step === 'next-month') world.nextMonth()
      else await world.submit(step)
      const now = await readEverything(world)
      for (const question of watched) {
        if (JSON.stringify(before[question]) === JSON.stringify(now[question])) continue
        attacked++
        const [found] = findSmallGroups(before[question], now[question])
        if (found) throw new Error(`${question}: ${found.value} answers in ${found.cells.join(', ')}`)
      }
      before = now
    }
    await world.database.close()
  }), { numRuns: 40 })
  t.ok(attacked > 20, `${attacked} changes were attacked`)
})

t.test('who counts the people finds five or more missing, and sees nothing move for fewer than five', async (t) => {
  let moved = 0
  const steps = fc.array(someStep, { minLength: 4, maxLength: 20 })
  await fc.assert(fc.asyncProperty(steps, fc.integer(), async (history, seed) => {
    const world = await startWorld(seed)
    const groups = new Map<string, { all: number, fresh: number, published: number }>()
    for (const step of history) {
      if (step === 'next-month') { world.nextMonth(); continue }
      const { administration, sheets } = step
      const period = await world.submit(step)
      const { all, fresh, published } = groups.get(administration + period) ?? { all: 0, fresh: 0, published: 0 }
      const [result] = await world.read({ administration, period, question: 'recommend' })
      const count = result?.questions[0]?.count ?? 0
      const people = { all: all + sheets.length, fresh: fresh + sheets.length }
      const missing = people.all - count
      if (count > 0 && missing < 5) throw new Error(`${missing} of ${people.all} answers are missing`)
      if (count !== published && people.fresh < 5) throw new Error(`${people.fresh} moved ${published} to ${count}`)
      if (count !== published) moved++
      groups.set(administration + period, { ...people, published: count, ...(count !== published && { fresh: 0 }) })
    }
    await world.database.close()
  }), { numRuns: 100 })
  t.ok(moved > 20, `${moved} movements were watched`)
})

t.test('the same attacker finds the people behind tables that only hide their small cells', (t) => {
  const hide = (count: number): number | null => count < 5 ? null : count
  const table = (yes: number, no: number): readonly Claim[] => [
    { cells: ['yes'], value: hide(yes) }, { cells: ['no'], value: hide(no) }, { cells: ['yes', 'no'], value: yes + no }
  ]
  const found = (before: readonly Claim[], now: readonly Claim[]) =>
    findSmallGroups(before, now).map(({ cells, value }) => `${cells.join()} = ${value}`)
  t.ok(found(table(20, 2), table(20, 2)).includes('held no = 2'), 'by subtracting from the total')
  t.ok(found(table(20, 9), table(21, 9)).includes('came yes = 1'), 'by waiting for one answer')
  const filters = [{ cells: ['north', 'south'], value: 12 }, { cells: ['north'], value: 9 }]
  t.ok(found(filters, filters).includes('held south = 3'), 'by subtracting one filter from another')
  t.same(found(table(20, 9), table(26, 15)), [], 'and finds nothing where all steps are of five or more')
  t.end()
})

/** A small generator of numbers from 0 to 1 with a seed (mulberry32). */
function generator (seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function uuid (fraction: number): string {
  const digits = Math.floor(fraction * 2 ** 48).toString(16).padStart(12, '0')
  return `${digits.slice(0, 8)}-${digits.slice(8)}-4000-8000-000000000000`
}
