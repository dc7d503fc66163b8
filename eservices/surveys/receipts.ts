import { createHash, createHmac } from 'node:crypto'
import type { Queries } from '../database.ts'
import { unprocessable } from './problems.ts'

/** What an administration is told about a batch that was counted. */
export interface Receipt { readonly acceptedSheets: number, readonly acceptedAnswers: number }

/** A batch as its sender names it. `key` is the Idempotency-Key, a random UUID; `day` is when it came, `YYYY-MM-DD`. */
export interface Submission {
  readonly administration: string
  readonly key: string
  readonly body: unknown
  readonly day: string
}

/** The table that remembers which batches were counted. */
export const receiptsMigration = `
  CREATE TABLE receipts (
    administration TEXT NOT NULL, key_hash TEXT NOT NULL, fingerprint TEXT NOT NULL,
    sheets INTEGER NOT NULL, answers INTEGER NOT NULL, day TEXT NOT NULL,
    PRIMARY KEY (administration, key_hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX receipts_by_day ON receipts (day)`

/** The receipt of a batch that was counted already. Throws a 422 when the same key came with another batch. */
export async function findReceipt (queries: Queries, submission: Submission): Promise<Receipt | undefined> {
  const { administration, key, body } = submission
  const [row] = await queries.query<{ fingerprint: string, sheets: number, answers: number }>(
    'SELECT fingerprint, sheets, answers FROM receipts WHERE administration = ? AND key_hash = ?',
    [administration, hash(key)])
  if (row && row.fingerprint !== fingerprint(key, body)) throw keyReused()
  return row && { acceptedSheets: row.sheets, acceptedAnswers: row.answers }
}

/** Remembers that a batch was counted, and forgets the batches of before `oldestDay`. */
export async function keepReceipt (
  queries: Queries, submission: Submission, receipt: Receipt, oldestDay: string
): Promise<void> {
  const { administration, key, body, day } = submission
  await queries.query('DELETE FROM receipts WHERE day < ?', [oldestDay])
  await queries.query('INSERT INTO receipts VALUES (?, ?, ?, ?, ?, ?)',
    [administration, hash(key), fingerprint(key, body), receipt.acceptedSheets, receipt.acceptedAnswers, day])
}

// Answers are few enough to be guessed from a plain hash. Keyed with a random UUID that is itself not kept, the
// fingerprint says nothing about them.
function fingerprint (key: string, body: unknown): string {
  return createHmac('sha256', key.toLowerCase()).update(JSON.stringify(body)).digest('base64url')
}

function hash (key: string): string {
  return createHash('sha256').update(key.toLowerCase()).digest('base64url')
}

function keyReused () {
  const detail = 'This Idempotency-Key came before with another batch. Choose a new random UUID for every batch, ' +
    'and repeat it only to repeat that batch.'
  return unprocessable('idempotency-key-reused', detail,
    [{ in: 'header', pointer: '/Idempotency-Key', rule: 'reused', detail: 'choose a new UUID' }])
}
