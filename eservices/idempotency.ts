import { createHash, createHmac } from 'node:crypto'
import type { Queries } from './database.ts'
import { ProblemError } from './eservice.ts'

/**
 * A request that is to take effect once: who sends it, under which Idempotency-Key. `at` is when it came and `keptFrom` since when keys
 * are remembered, in a unit that grows with time and that the e-service chooses (milliseconds, days).
 */
export interface OnceRequest {
  readonly consumerId: string
  readonly key: string
  readonly body: unknown
  readonly at: number
  readonly keptFrom: number
}

/** The table that remembers what was done. No row numbers: nothing in it tells in which order requests came. */
export const idempotencyMigration = `
  CREATE TABLE done_once (
    consumer_id TEXT NOT NULL, key_hash TEXT NOT NULL, fingerprint TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (consumer_id, key_hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX done_once_by_age ON done_once (at)`

/**
 * Does `work` and remembers its answer (JSON); for the same key of the same consumer gives that answer again, whatever the order of the
 * body's members, and throws a 422 when the body is another. Forgets what came before `keptFrom`. To be run in a transaction.
 */
export async function once<Answer> (store: Queries, request: OnceRequest, work: () => Promise<Answer>): Promise<Answer> {
  const { consumerId, key, body, at, keptFrom } = request
  const [keyHash, fingerprint] = [createHash('sha256').update(key).digest('base64url'), fingerprintOf(key, body)]
  await store.query('DELETE FROM done_once WHERE at < ?', [keptFrom])
  const [earlier] = await store.query<{ fingerprint: string, answer: string }>(
    'SELECT fingerprint, answer FROM done_once WHERE consumer_id = ? AND key_hash = ?', [consumerId, keyHash])
  if (earlier && earlier.fingerprint !== fingerprint) throw keyReused()
  if (earlier) return JSON.parse(earlier.answer) as Answer
  const answer = await work()
  await store.query('INSERT INTO done_once VALUES (?, ?, ?, ?, ?)', [consumerId, keyHash, fingerprint, JSON.stringify(answer), at])
  return answer
}

// A body with few possible values could be guessed from its plain hash. Keyed with the sender's key, which is itself not kept, the
// fingerprint says nothing about it.
function fingerprintOf (key: string, body: unknown): string {
  const ordered = JSON.stringify(body, (_name, value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => one < other ? -1 : 1))
    : value)
  return createHmac('sha256', key).update(ordered).digest('base64url')
}

function keyReused (): ProblemError {
  return new ProblemError({
    status: 422,
    code: 'idempotency-key-reused',
    title: 'Idempotency key reused',
    detail: 'This Idempotency-Key came before with another body. Send a new key for a new request, and repeat a key only to repeat its body.',
    errors: [{ in: 'header', pointer: '/Idempotency-Key', rule: 'reused', detail: 'choose a new key' }]
  })
}
