import { idempotencyMigration } from '../idempotency.ts'
import { talliesMigration } from './tallies.ts'

/** The tables of the survey, as lists of statements applied once each, in order. */
export const migrations = [talliesMigration, `
  CREATE TABLE receipts (
    administration TEXT NOT NULL, key_hash TEXT NOT NULL, fingerprint TEXT NOT NULL,
    sheets INTEGER NOT NULL, answers INTEGER NOT NULL, day TEXT NOT NULL,
    PRIMARY KEY (administration, key_hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX receipts_by_day ON receipts (day)
`, `DROP TABLE receipts; ${idempotencyMigration}`] as const
