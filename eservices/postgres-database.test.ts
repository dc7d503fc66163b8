import t from 'tap'
import { freshDatabase, withPostgres } from '../test/postgres.ts'
import { testDatabase } from './database-suite.ts'
import { loadContract } from '../openapi/contract.ts'
import { startHarness } from './harness.ts'
import { eservices } from './list.ts'
import { postgresAt } from './postgres-database.ts'

t.test('PostgreSQL does what every store does', withPostgres, async (t) => testDatabase(t, async (t) => postgresAt(await freshDatabase(t))))

t.test('every e-service is at home in the same database, started again too', withPostgres, async (t) => {
  const openDatabase = postgresAt(await freshDatabase(t))
  for (const start of ['first', 'second']) {
    await Promise.all(eservices.map(async (eservice) => {
      const { basePath, operations } = await loadContract(eservice.contract.pathname)
      const harness = await startHarness(eservice, basePath, { openDatabase })
      t.teardown(harness.close)
      t.equal((await harness.call({ operationId: 'readStatus', path: '/status', caller: null })).status, 200, `${eservice.name}, ${start} start`)
      const lists = operations.filter(({ method, path, isPublic, parameters }) => method.toUpperCase() === 'GET' && !isPublic && !path.includes('{') && !parameters.some(({ required }) => required))
      for (const { id, path } of lists) t.equal((await harness.call({ operationId: id, path })).status, 200, `${eservice.name} ${path}`)
    }))
  }
})
