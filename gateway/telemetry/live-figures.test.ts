import { join } from 'node:path'
import t from 'tap'
import { sandboxSecret } from '../../openapi/varco-call.ts'
import { freePort } from '../harness/free-port.ts'
import { startGateway } from '../harness/gateway.ts'
import { ids } from '../harness/platform.ts'
import { launch, root, temporaryFolder } from '../harness/process.ts'
import type { Program } from '../harness/process.ts'

const eservices = ['sla-telemetry', 'service-usage'] as const
const idOf = (index: number, kind: number): string => `2000000${index}-0000-4000-8000-00000000000${kind}`
const [state, port] = [await temporaryFolder(t), await freePort()]

async function startHost (): Promise<Program> {
  const host = launch(t, ['eservices/main.ts', '--sandbox', '--state', join(state, 'eservices'), ...eservices], { cwd: state, port })
  await host.says(/ready on/)
  return host
}

let host = await startHost()
const gateway = await startGateway(t, {
  // The host has the time of the day.
  now: Date.now(),
  config: (usual) => ({
    ...usual,
    cache: { ...usual.cache, bytes: 0 },
    eservices: [...usual.eservices, ...eservices.map((name, index) => ({
      ...usual.eservices[0] as (typeof usual.eservices)[number], name, contract: join(root, `openapi/${name}.v1.yaml`), upstream: { url: `http://127.0.0.1:${port + 10}`, secret: sandboxSecret, timeoutMs: 5000 },
      eserviceId: idOf(index, 3), descriptorIds: [idOf(index, 4)], audience: [`https://api.ente.example.it/rest/${name}/v1`], telemetry: true
    }))]
  }),
  registry: (content) => ({
    ...content,
    eservices: [...content.eservices, ...eservices.map((alias, index) => ({ ...content.eservices[0], id: idOf(index, 3), alias, descriptors: [{ ...content.eservices[0]?.descriptors[0], id: idOf(index, 4), audience: [`https://api.ente.example.it/rest/${alias}/v1`] }] }))],
    agreements: [...content.agreements, ...eservices.map((_, index) => ({ ...content.agreements[0], id: idOf(index, 5), eserviceId: idOf(index, 3), descriptorId: idOf(index, 4) }))],
    purposes: [...content.purposes, ...eservices.map((_, index) => ({ ...content.purposes[0], id: idOf(index, 6), alias: `lettura-${index}`, eserviceId: idOf(index, 3), versions: [{ ...content.purposes[0]?.versions[0], id: idOf(index, 7) }] }))],
    clients: content.clients.map((client) => ({ ...client, purposes: [...client.purposes, ...eservices.map((_, index) => idOf(index, 6))] }))
  })
})

/** Reads a collection through the gateway, as its callers do. */
async function read (eservice: (typeof eservices)[number], path: string): Promise<readonly Readonly<Record<string, any>>[]> {
  const index = eservices.indexOf(eservice)
  const voucher = gateway.voucher({ claims: { aud: `https://api.ente.example.it/rest/${eservice}/v1`, purposeId: idOf(index, 6), eserviceId: idOf(index, 3), descriptorId: idOf(index, 4) } })
  const answer = await gateway.raw([`GET /rest/${eservice}/v1${path} HTTP/1.1`, `Host: ${gateway.host}`, `Authorization: Bearer ${voucher}`])
  t.equal(answer.status, 200, answer.body)
  return JSON.parse(answer.body).items
}

async function call (times: number): Promise<void> {
  for (let count = 0; count < times; count++) t.equal((await gateway.call('/items')).status, 200)
}

/** Lets a minute and more pass, in which the gateway does what it does while it runs. */
async function passMinute (): Promise<void> {
  gateway.clock.now += 66_000
  await gateway.gateway.telemetry.beat()
  await gateway.gateway.telemetry.ship()
}

t.test('what was called is measured, and told through the gateway itself', async (t) => {
  await call(6)
  await passMinute()
  const levels = await read('sla-telemetry', '/measurements')
  const archive = levels.filter(({ code }) => code.startsWith('ARCHIVE.')).slice(0, 5)
  t.match(archive.map(({ code, observed }) => [code, observed]), [['ARCHIVE.1', 100], ['ARCHIVE.2', Number], ['ARCHIVE.3', Number], ['ARCHIVE.4', 100], ['ARCHIVE.5', 0]])
  t.match(await read('service-usage', '/live-usages?breakdown=eservice&subject=archive'), [{ value: 6 }])
  t.match(await read('service-usage', '/live-usages?breakdown=consumer'), [{ subject: ids.consumer, value: 6 }])
})

t.test('while the host is away calls are counted all the same', async (t) => {
  await host.stop('SIGKILL')
  await call(6)
  await passMinute()
  for (const name of eservices) t.ok(gateway.logs.some(({ message }) => String(message).startsWith(`${name} does not take telemetry: `)))
  host = await startHost()
  await passMinute()
  // What was called may be of two months.
  t.equal((await read('service-usage', '/live-usages?breakdown=eservice&subject=archive')).reduce((sum, { value }) => sum + value, 0), 12)
})

t.test('nobody gets there through the gateway', async (t) => {
  for (const path of ['/-/telemetry/sla-telemetry', '/rest/sla-telemetry/v1/-/telemetry/sla-telemetry', '/rest/sla-telemetry/v1/../../../-/telemetry/sla-telemetry', '/rest/sla-telemetry/v1/%2e%2e/%2e%2e/%2e%2e/-/telemetry/sla-telemetry']) {
    const answer = await gateway.raw(Buffer.from(`POST ${path} HTTP/1.1\r\nHost: ${gateway.host}\r\nAuthorization: Bearer ${gateway.voucher()}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`))
    t.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`)
  }
})
