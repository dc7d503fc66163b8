import type { Queries, SqlValue } from './database.ts'

/** So many rows go to the store at once: a statement takes far fewer values than either store allows, and each waits for an answer. */
const together = 50

/** Inserts rows in the order in which they come. `into` is what stands between INSERT INTO and VALUES, `behind` what stands behind the values. */
export async function insertRows (queries: Queries, into: string, rows: readonly (readonly SqlValue[])[], behind = ''): Promise<void> {
  for (let first = 0; first < rows.length; first += together) {
    const some = rows.slice(first, first + together)
    const values = some.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ')
    await queries.query(`INSERT INTO ${into} VALUES ${values} ${behind}`, some.flat())
  }
}
