import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { agreedClaims, evidenceDigestOf, makeEvidence } from '../../policies/evidence-fixture.ts'
import { clientKeysOf } from '../../policies/signature-fixture.ts'
import type { JsonObject } from '../../openapi/document.ts'
import { startGateway, until } from '../harness/gateway.ts'
import { archiveContract, audience, ids, mintVoucher } from '../harness/platform.ts'
import type { CallRecord } from '../records/call-record.ts'
import { readRecords } from './audit-reader.ts'

const now = Date.parse('2026-03-02T10:00:00Z')
const contract = { ...archiveContract, 'x-modi': { patterns: ['AUDIT_REST_02'], audit: { claims: agreedClaims } } } as unknown as JsonObject
const gateway = await startGateway(t, { now, contract, clientKeys: clientKeysOf(ids.client, ids.client) })
const folder = join(gateway.config.state, 'audit')
const body = '{"items":[]}'
gateway.upstream.answer = (_request, response) => { response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body) }

async function records (): Promise<CallRecord[]> {
  const all: CallRecord[] = []
  for await (const some of readRecords(folder)) all.push(...some)
  return all
}

async function call (user: unknown): Promise<{ status: number, body: string }> {
  const evidence = makeEvidence({ clientId: ids.client, purposeId: ids.purpose, audience, now }, { claims: { userID: user } })
  return gateway.call('/items', { voucher: mintVoucher(now, { claims: { digest: evidenceDigestOf(evidence) } }), headers: { 'Agid-JWT-TrackingEvidence': evidence } })
}

t.test('a call is in the files by the time that it is answered; who used it is told by a pseudonym', async (t) => {
  for (const user of ['canary-mario-rossi', 'canary-mario-rossi', 'canary-lucia-bianchi']) {
    t.equal((await call(user)).status, 200)
    t.match((await records()).at(-1), { status: 200, purposeId: ids.purpose, trackingEvidence: /^[0-9a-f]{64}$/, user: /^[\w-]{43}$/ })
  }
  const [first, second, third] = await records()
  t.equal(first?.user, second?.user)
  t.not(first?.user, third?.user)
  t.equal((await gateway.call('/items')).status, 401)
  t.match((await records()).at(-1), { status: 401, code: 'evidence-missing', user: undefined })
  for (const name of await readdir(folder)) t.notMatch(await readFile(join(folder, name), 'utf8'), /canary|Bearer|eyJhbGciOiJ[^F]/i)
  t.notMatch(JSON.stringify(gateway.logs), /canary/)
})

t.test('130: while the disk takes nothing a call that has to be proved is answered 503, and it goes on by itself', async (t) => {
  await rm(folder, { recursive: true })
  await writeFile(folder, 'in the way')
  let answer = await call('somebody')
  t.match(answer, { status: 503, body: /record-store-unavailable/ })
  await until(() => !gateway.gateway.recording.trail.works)
  const before = gateway.upstream.requests.length
  answer = await call('somebody')
  t.match(answer, { status: 503, body: /record-store-unavailable/ })
  t.equal(gateway.upstream.requests.length, before, 'it is not made')
  t.notMatch(answer.body, /ENOENT|EEXIST|ENOTDIR|audit/)
  t.equal((await gateway.call('/items')).status, 401, 'what is refused is refused all the same')
  await rm(folder)
  await until(() => gateway.gateway.recording.trail.works)
  t.equal((await call('somebody')).status, 200)
  t.equal((await records()).length, 1)
  t.match(gateway.logs.filter(({ message }) => /records of calls/.test(message as string)).map(({ message }) => message as string), [/cannot be kept/, /again/])
})
