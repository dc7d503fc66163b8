export type SqlValue = string | number | bigint | null

/**
 * An e-service's store. Every statement is written once and runs on SQLite and on PostgreSQL alike, in the dialect of SQLite's STRICT tables as far as PostgreSQL understands it:
 *
 * - **Values** are `?`, in order. A value that is only selected needs a type: `CAST(? AS INTEGER)`.
 * - **Types** are TEXT, INTEGER (64 bits) and REAL (64 bits), NOT NULL where it can be; STRICT and WITHOUT ROWID stand behind the table. `position INTEGER PRIMARY KEY` numbers rows that come without
 *   a number. Truth is INTEGER, 0 or 1; a time is INTEGER, milliseconds since 1970, or TEXT; lists and objects are TEXT (JSON), which is not looked into with SQL. The words STRICT, INTEGER, REAL and TEXT
 *   are types wherever they stand unquoted: no column has such a name.
 * - **Names** are lower-case with underscores, or "quoted". Single quotes are for text only, double quotes for names only.
 * - **Rows** come with numbers as numbers (an INTEGER beyond 2^53 is an error, a sum too), texts as texts, and comparisons as 0 or 1. NaN is NULL, and no text holds U+0000, which PostgreSQL refuses. Text compares and sorts by its bytes.
 *   Columns that can be null are sorted with NULLS FIRST or NULLS LAST.
 * - **Upsert** is `ON CONFLICT (columns) DO UPDATE SET n = table_name.n + excluded.n` (the column of the row that is there needs its table's name) or `DO NOTHING`; RETURNING is good in all three.
 * - **Functions** are count, sum, avg, min and max of one argument, coalesce, length, substr, abs, CASE and CAST, lower and upper of ASCII letters. Not: round, CAST of a REAL as INTEGER, LIKE, GLOB, total, ifnull, iif, min and max of several arguments, printf,
 *   JSON and date functions, rowid, AUTOINCREMENT, PRAGMA, INSERT OR …, CURRENT_TIMESTAMP (time is an argument), `==`, `"text"`, `count(*) FILTER`.
 * - **Migrations** are lists of such statements, parted by `;`, applied once each and never changed afterwards. CREATE TABLE, CREATE INDEX (partial ones too), ALTER TABLE … ADD COLUMN, DROP, INSERT, UPDATE and DELETE are good in both.
 */
export interface Queries {
  /** Runs one statement and gives its rows (empty for statements that return none). Throws `DatabaseUnavailable` when the store does not answer. */
  query<Row = Record<string, SqlValue>> (sql: string, parameters?: readonly SqlValue[]): Promise<Row[]>
}

/**
 * A statement outside of transactions is one by itself: it sees nothing of one that is open, and is never part of it. What depends on what was read before belongs into a transaction.
 */
export interface Database extends Queries {
  /**
   * Runs `work` atomically and alone: all of its statements take effect, or none when it throws or one of them failed; the transactions of an e-service take turns, those of several hosts too. Do not nest.
   * Throws `DatabaseUnavailable` when the store does not answer, also where it may have committed: what must not happen twice is done under an idempotency key.
   */
  transaction<T> (work: (queries: Queries) => Promise<T>): Promise<T>
  close (): Promise<void>
}

/**
 * Opens the store of the e-service `name` (creates it where there is none) and applies the migrations that it has not seen yet, in order. Throws a sentence that says what to do when it cannot be used,
 * and when it was written by a newer version of the program.
 */
export type OpenDatabase = (name: string, migrations: readonly string[]) => Promise<Database>

/** The store does not answer: it is away, or did not answer in time. It is tried again with the next statement. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable'
}

/** The store was written by a newer version of the program: `place` says which store, the numbers are schemas. */
export class NewerVersion extends Error {
  override name = 'NewerVersion'
  constructor (place: string, done: number, known: number) {
    super(`${place} was written by a newer version of this program (schema ${done}, known ${known}); upgrade it or restore a backup`)
  }
}
