import type { Test } from 'tap'
import type { DenialCode } from '../../policies/denials.ts'
import type { Harness } from './gateway.ts'
import type { WireAnswer } from './wire.ts'

/** A hostile request and what must come of it. `bytes` are sent on a connection of their own; strings as Latin-1, lines joined with CRLF. */
export interface HostileCase {
  readonly name: string
  readonly bytes: string | Buffer | readonly string[]
  readonly status: number
  readonly code: DenialCode
}

/** What no answer may ever hold: stacks, paths, libraries, tokens, the upstream's address. */
const inside = /node_modules|file:\/\/|\bat \S+ \(|\.[tj]s:\d+|FST_|HPE_|ERR_|UND_|ECONN|\b[Aa]jv\b|[Ff]astify|[Uu]ndici|llhttp|\beyJ|BEGIN [A-Z ]*KEY/

/** Checks that an answer is the expected refusal, as a problem document that tells nothing of the inside, with exactly one record of it. */
export async function checkProblem (t: Test, gateway: Harness, answer: WireAnswer, { status, code }: Pick<HostileCase, 'status' | 'code'>): Promise<void> {
  t.equal(answer.status, status, 'status')
  t.equal(answer.headers['content-type'], 'application/problem+json', 'media type')
  t.match(answer.json, { code, status, title: String, detail: String, type: String, correlationId: String }, 'problem')
  // The one token that is told is the producer's own, over the answer itself.
  const told = JSON.stringify({ ...answer.headers, 'agid-jwt-signature': undefined }) + answer.body
  t.notMatch(told, inside, 'nothing of the inside')
  t.notOk(told.includes(new URL(gateway.upstream.url).host), 'not the address of the upstream')
  await checkRecord(t, gateway, { status, code })
}

async function checkRecord (t: Test, gateway: Harness, { status, code }: Pick<HostileCase, 'status' | 'code'>): Promise<void> {
  const records = await gateway.takeRecords(1)
  t.match(records, [{ code, status }], 'the record')
  t.equal(records.length, 1, 'one record')
}

/** Checks that a refused call did no harm: the next good one is served. */
export async function checkNextServed (t: Test, gateway: Harness): Promise<void> {
  t.equal((await gateway.call('/open', { voucher: null })).status, 200, 'the next good request is served')
  await gateway.takeRecords(1)
}

/** Sends a hostile request and checks all that must hold whatever it was: refused as expected, nothing at the upstream, no harm done. */
export async function checkRefused (t: Test, gateway: Harness, { bytes, status, code }: HostileCase): Promise<void> {
  const before = gateway.upstream.requests.length
  const answer = await gateway.raw(bytes)
  t.equal(answer.rest, '', 'no second answer')
  if (String(bytes).startsWith('HEAD ')) {
    t.equal(answer.status, status, 'status')
    await checkRecord(t, gateway, { status, code })
  } else await checkProblem(t, gateway, answer, { status, code })
  t.equal(gateway.upstream.requests.length, before, 'nothing reached the upstream')
  await checkNextServed(t, gateway)
}
