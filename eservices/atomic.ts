import type { Queries, SqlValue } from './database.ts'

/** What a store does of a transaction that has begun. `rollback` is told what failed. */
export interface OpenTransaction {
  readonly run: (sql: string, parameters: readonly SqlValue[]) => Promise<unknown[]>
  readonly commit: () => Promise<unknown>
  readonly rollback: (error: unknown) => Promise<unknown>
}

/**
 * Does `work` in a transaction that has begun, and ends it: commits what `work` did, unless it or one of its statements failed. Statements run one after the other. Those that `work` did not wait for
 * belong to it too, and none comes after its end: it would take effect by itself.
 */
export async function atomically<T> ({ run, commit, rollback }: OpenTransaction, work: (queries: Queries) => Promise<T>): Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  let failed: unknown
  let ended = false
  const runNext = async (sql: string, parameters: readonly SqlValue[]): Promise<unknown[]> => {
    if (failed !== undefined) throw failed
    try {
      return await run(sql, parameters)
    } catch (error) {
      failed = error
      throw error
    }
  }
  const query = async <Row>(sql: string, parameters: readonly SqlValue[] = []): Promise<Row[]> => {
    if (ended) throw new Error('a statement came after the end of its transaction')
    const rows = last.then(async () => runNext(sql, parameters))
    last = rows.catch(() => undefined)
    return rows as Promise<Row[]>
  }
  const end = async (): Promise<void> => {
    ended = true
    await last
  }
  try {
    const result = await work({ query })
    await end()
    if (failed !== undefined) throw failed
    await commit()
    return result
  } catch (error) {
    await end()
    await rollback(failed ?? error)
    throw error
  }
}
