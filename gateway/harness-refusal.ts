import type { Test } from 'tap'
import type { DenialCode } from '../policies/denials.ts'
import type { Harness } from './harness.ts'

/** A hostile request and what must come of it. `bytes` are sent on a connection of their own; strings as Latin-1, lines joined with CRLF. */
export interface HostileCase {
  readonly name: string
  readonly bytes: string | Buffer | readonly string[]
  readonly status: number
  readonly code: DenialCode
}

/** What no answer may ever hold: stacks, paths, libraries, tokens, the upstream's address. */
const inside = /node_modules|file:\/\/|\bat \S+ \(|\.[tj]s:\d+|FST_|HPE_|ERR_|UND_|ECONN|ajv|fastify|undici|llhttp|eyJ|BEGIN [A-Z ]*KEY/i

/**
 * Sends a hostile request and checks all that must hold whatever it was: the expected refusal as a problem document that tells nothing
 * of the inside, exactly one record with the code, nothing at the upstream, and the next good request served.
 */
export async function checkRefused (t: Test, gateway: Harness, { bytes, status, code }: HostileCase): Promise<void> {
  const before = gateway.upstream.requests.length
  const answer = await gateway.raw(bytes)
  t.equal(answer.status, status, 'status')
  t.equal(answer.rest, '', 'no second answer')
  if (!String(bytes).startsWith('HEAD ')) {
    t.equal(answer.headers['content-type'], 'application/problem+json', 'media type')
    t.match(answer.json, { code, status, title: String, detail: String, type: String, correlationId: String }, 'problem')
    const told = JSON.stringify(answer.headers) + answer.body
    t.notMatch(told, inside, 'nothing of the inside')
    t.notOk(told.includes(new URL(gateway.upstream.url).host), 'not the address of the upstream')
  }
  t.equal(gateway.upstream.requests.length, before, 'nothing reached the upstream')
  const records = await gateway.takeRecords(1)
  t.match(records, [{ code, status }], 'the record')
  t.equal(records.length, 1, 'one record')
  t.equal((await gateway.call('/open', { voucher: null })).status, 200, 'the next good request is served')
  await gateway.takeRecords(1)
}
