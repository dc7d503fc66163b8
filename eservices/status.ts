import type { Operation, Ports } from './eservice.ts'

/** The operation that says whether an e-service works: it does where its store answers, and is 503 where not. */
export function readStatus ({ database }: Ports): Operation {
  return async () => {
    await database.query('SELECT 1 AS one')
    return { body: { type: 'about:blank', title: 'OK', status: 200, detail: 'Il servizio è operativo.' } }
  }
}
