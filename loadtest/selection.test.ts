import t from 'tap'
import { nothing } from './proofs.ts'
import type { Scenario } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { listed, select } from './selection.ts'
import type { TargetKind } from './target.ts'

const kind = (missing?: string): TargetKind => ({ name: 'kind', missing: () => missing, start: async () => ({ url: 'http://127.0.0.1:1', pids: [] }) })
const scenario = (name: string, group: string, ratioTo?: string, target = kind()): Scenario => ({ name, group, ...ratioTo !== undefined && { ratioTo }, target, path: '/', proof: nothing, expected: { status: 200, body: '' } })
const why = 'nothing is installed here'
const all = [scenario('bare', 'reference'), scenario('Good', 'calls', 'bare'), scenario('proof', 'calls', 'Good'), scenario('far', 'redis', 'Good', kind(why)), scenario('further', 'redis', 'far'), scenario('proof, twice', 'calls')]
const namesOf = (names: readonly string[]): readonly string[] => select(all, names).chosen.map(({ name }) => name)

t.test('scenarios are chosen by name or group, with what they are compared with, in their order', async (t) => {
  t.strictSame(namesOf(['proof']), ['bare', 'Good', 'proof'])
  t.strictSame(namesOf(['good, REFERENCE']), ['bare', 'Good'])
  t.strictSame(namesOf(['proof, twice']), ['proof, twice'])
  t.strictSame(namesOf(['calls', 'bare']), ['bare', 'Good', 'proof', 'proof, twice'])
  t.throws(() => select(all, ['calls,nothing']), { message: 'there is no scenario or group "nothing": --list tells them all' })
})

t.test('what is not installed is skipped, and so is what is compared with it', async (t) => {
  t.strictSame(namesOf([]), ['bare', 'Good', 'proof', 'proof, twice'])
  t.strictSame(select(all, []).skipped, [{ name: 'far', why }, { name: 'further', why }])
  t.strictSame(select(all, ['proof']).skipped, [], 'nobody asked for it')
  t.strictSame(select(all, ['far', 'proof']).skipped, [{ name: 'far', why }])
  t.throws(() => select(all, ['redis']), { message: `nothing of that can be measured here: ${why}` })
})

t.test('they are listed by their groups', async (t) => {
  t.equal(listed(all), 'reference\n  bare\ncalls\n  Good\n  proof\n  proof, twice\nredis\n  far\n  further\n')
})

t.test('every scenario has a name of its own, and is compared with one that comes before it', async (t) => {
  const names = scenarios.map(({ name }) => name.toLowerCase())
  t.equal(new Set(names).size, names.length)
  for (const [index, { name, ratioTo }] of scenarios.entries()) t.ok(ratioTo === undefined || scenarios.findIndex((one) => one.name === ratioTo) < index && scenarios.some((one) => one.name === ratioTo), name)
})
