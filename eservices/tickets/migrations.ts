import { idempotencyMigration } from '../idempotency.ts'

/** The tables of the ticket records, as lists of statements applied once each, in order. Times are milliseconds since 1970. */
export const migrations = [`
  CREATE TABLE ticket (
    ticket_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    channel TEXT NOT NULL,
    topic TEXT NOT NULL,
    service_kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    opened_by TEXT NOT NULL,
    citizen TEXT
  );
  CREATE INDEX ticket_by_opening ON ticket (opened_at, ticket_id);
  CREATE TABLE opening (
    consumer_id TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    ticket_id TEXT NOT NULL REFERENCES ticket (ticket_id),
    opened_at BIGINT NOT NULL,
    PRIMARY KEY (consumer_id, idempotency_key)
  );
  CREATE INDEX opening_by_age ON opening (opened_at);
  CREATE TABLE cursor_key (name TEXT PRIMARY KEY, value TEXT NOT NULL)
`, `DROP TABLE opening; ${idempotencyMigration}`] as const
