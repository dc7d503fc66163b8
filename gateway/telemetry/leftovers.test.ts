import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import type { TelemetryReport } from '../../openapi/telemetry.ts'
import { keepQuotas, quotasFile } from '../adapters/quotas-file.ts'
import { MemoryQuotas } from '../adapters/quotas-memory.ts'
import { keep, noon, openTestTrail } from '../audit/audit-fixture.ts'
import { Feeds } from '../feeds.ts'
import { adoptLeftovers, leftoversOf } from './leftovers.ts'
import { readNote, writeNote } from './telemetry-note.ts'

const minute = noon / 60_000
const later = noon + 600_000

/** What a worker leaves behind that served one call and was killed; gives its name. */
async function leave (folder: string): Promise<string> {
  const kept = await keepQuotas(folder, new MemoryQuotas(), { now: () => noon, warn: () => undefined })
  const { trail } = await openTestTrail(folder)
  await keep(trail, { eservice: 'tickets', operationId: 'listTickets', status: 200, stages: { admit: 100 }, bytesReceived: 0, bytesSent: 0 }, noon)
  await Promise.all([trail.close(), kept.close()])
  await writeNote(folder, { acknowledged: { sla: minute - 2 }, runs: [{ from: minute - 1, to: minute, eservices: ['tickets'] }] })
  return kept.node
}

t.test('of four workers two are left: one of them sends what the others could not', async (t) => {
  const state = t.testdir({ 'worker-1': {}, 'worker-2': {} })
  const told: TelemetryReport[] = []
  const warnings: string[] = []
  const nodes = await Promise.all([3, 4].map(async (worker) => leave(join(state, `worker-${worker}`))))
  const parts = (worker: number) => ({ state, folder: join(state, `worker-${worker}`), destinations: () => [{ name: 'sla', send: async (text: string) => { told.push(JSON.parse(text)) } }], now: () => later, warn: (message: string) => { warnings.push(message) } })
  const stopping = new AbortController()
  const [owner, other] = [1, 2].map((worker) => new Feeds([leftoversOf(parts(worker))], stopping.signal))
  other!.owned = false
  owner!.owned = true
  const notes = async () => Promise.all([3, 4].map(async (worker) => readNote(join(state, `worker-${worker}`))))
  while ((await notes()).some(({ runs }) => runs.length > 0)) await wait(5)
  owner!.owned = false
  stopping.abort()
  t.equal(await adoptLeftovers(parts(2)), true)
  t.strictSame(told.map(({ node }) => node).toSorted(), nodes.toSorted(), 'once, each in its own name')
  for (const { minutes } of told) t.match(minutes, [{ minute: minute - 1, eservices: [{ name: 'tickets', counts: [] }] }, { minute, eservices: [{ name: 'tickets', counts: [{ calls: 1 }] }] }])
  t.strictSame(warnings, [])
})

t.test('what cannot be read is told, and keeps nothing else from being sent', async (t) => {
  const state = t.testdir({ 'worker-1': {} })
  for (const worker of [2, 3, 4]) await leave(join(state, `worker-${worker}`))
  await writeFile(join(state, 'worker-2', 'telemetry.json'), '{}')
  await writeFile(join(state, 'worker-3', quotasFile), 'nothing\n')
  await mkdir(join(state, 'worker-5'))
  const [told, warnings]: [string[], string[]] = [[], []]
  t.equal(await adoptLeftovers({ state, folder: join(state, 'worker-1'), destinations: () => [{ name: 'sla', send: async (text) => { told.push(text) } }], now: () => later, warn: (message) => { warnings.push(message) } }), false)
  t.match(warnings.toSorted(), [/worker-2 cannot be sent: .*telemetry.json is no note/, /worker-3 cannot be sent: .*quotas.jsonl:1: is no entry/])
  t.equal(told.length, 1)
})
