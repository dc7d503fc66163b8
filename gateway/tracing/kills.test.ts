import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import t from 'tap'
import { runCommandLine } from '../command-line.ts'
import { Acknowledged } from '../harness/acknowledged.ts'
import { ConfigFiles } from '../harness/config-file.ts'
import { freePort } from '../harness/free-port.ts'
import { archiveContract, audience, basePath, ids, issuer, mintVoucher, registryContent, upstreamSecret } from '../harness/platform.ts'
import { launch, temporaryFolder } from '../harness/process.ts'
import { startStandIns } from '../harness/stand-ins.ts'
import { Wire } from '../harness/wire.ts'
import { dayAt } from './calendar.ts'
import type { TraceRow } from './trace-counts.ts'

/** The second one finds what the first one left; loadtest/ kills more often. */
const kills = 2
const clients = 6
/** So many answers come between two kills. */
const callsBetween = 200

/** The rows of a file that `varco tracing build` wrote. */
function rowsOf (text: string): TraceRow[] {
  return text.trim().split('\n').slice(1).map((line) => {
    const [, purposeId = '', status, voucherId = '', count] = line.split(',')
    return { purposeId, voucherId, status: Number(status), count: Number(count) }
  })
}

t.test('what was answered before any kill -9 is counted, and nothing that was not called', async (t) => {
  const { upstream, jwksUri } = await startStandIns(t)
  const files = new ConfigFiles(await temporaryFolder(t))
  const port = await freePort()
  await files.write('contract.json', archiveContract)
  await files.write('registry.yaml', registryContent())
  await files.change((content) => Object.assign(content, {
    pdnd: { environment: 'sandbox', issuer, jwksUri, api: { version: 'v2', clientId: ids.client, privateKey: 'api.pem' } },
    registry: 'registry.yaml', publicUrl: `http://127.0.0.1:${port}`, state: 'state', limits: { burst: { requests: 1_000_000, seconds: 60 }, unproven: { requests: 1_000_000, seconds: 60 } },
    eservices: { archive: { contract: 'contract.json', upstream: { url: upstream.url, secret: upstreamSecret }, producer: ids.producer, eserviceId: ids.eservice, descriptorIds: [ids.descriptor], audience: [audience] } }
  }))

  const start = async () => {
    const program = launch(t, ['gateway/main.ts', '--config', files.path], { cwd: files.folder, port })
    await program.says(/ready on/)
    return program
  }
  const days = new Set([dayAt(Date.now())])
  const acknowledged = new Acknowledged()
  const progress = { answers: 0, isOver: false }
  const callOn = async (client: number): Promise<void> => {
    const voucherId = randomUUID()
    const voucher = mintVoucher(Date.now(), { claims: { jti: voucherId } })
    const request = (path: string): Buffer => Buffer.from(`GET ${basePath}${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${voucher}\r\n\r\n`)
    // Good calls and calls that the contract refuses, each of them with a proven voucher.
    const requests = [request('/items'), request('/items?limit=1000'), request(`/items/${client}`)]
    while (!progress.isOver) {
      const wire = new Wire(port)
      // What was never sent cannot have been counted.
      if (!await Promise.race([once(wire.socket, 'connect').then(() => true, () => false), wire.closed.then(() => false)])) {
        await wait(20)
        continue
      }
      for (let turn = 0, isOpen = true; isOpen && !progress.isOver; turn++) {
        wire.write(requests[turn % requests.length] as Buffer)
        const { status, whole, headers } = await wire.answer()
        isOpen = status !== 0 && whole && headers['connection'] === 'keep-alive'
        // It has started, and has no keys of the platform yet.
        if (status === 503) await wait(20)
        else if (status === 0 || !whole) acknowledged.unanswered(ids.purpose, voucherId)
        else {
          acknowledged.answered(ids.purpose, voucherId, status)
          progress.answers++
        }
      }
      wire.destroy()
    }
  }
  let program = await start()
  const calling = Promise.all(Array.from({ length: clients }, async (_one, client) => callOn(client)))
  for (let kill = 0; kill < kills; kill++) {
    const enough = progress.answers + callsBetween
    for (const end = performance.now() + 20_000; progress.answers < enough && performance.now() < end;) await wait(3)
    await program.stop('SIGKILL')
    program = await start()
  }
  progress.isOver = true
  await calling
  await program.stop()
  days.add(dayAt(Date.now()))

  const rows: TraceRow[] = []
  for (const day of days) {
    let text = ''
    const code = await runCommandLine(['tracing', 'build', '--day', day, '--config', files.path], { out: (more) => { text += more }, err: () => undefined, stdin: async () => Buffer.alloc(0), env: {}, now: Date.now })
    t.equal(code, 0)
    rows.push(...rowsOf(text))
  }
  const { acknowledged: answered, counted, missing, unexplained } = acknowledged.compare(rows)
  t.ok(answered >= kills * callsBetween, `${answered} calls were answered, ${counted} counted`)
  t.strictSame({ missing, unexplained }, { missing: 0, unexplained: 0 })
  const [one, ...others] = rows as [TraceRow, ...TraceRow[]]
  // Some of its calls may be those of which nobody had the answer.
  t.ok(acknowledged.compare(others).missing > 0, 'a row that is not there is missed')
  t.match(acknowledged.compare([...rows, { ...one, status: 500, count: 1000 }]).unexplained > 0, true, 'and one too many is seen')
  t.strictSame(new Set(rows.map(({ status }) => status)), new Set([200, 400]))
})
