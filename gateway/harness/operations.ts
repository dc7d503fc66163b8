import { buildOperations } from '../operations.ts'
import { reportOf } from '../report.ts'
import type { Harness } from './gateway.ts'

interface Teardown { teardown (work: () => Promise<void>): void }

/** What the operations listener of a gateway answers to GET, with its token unless other headers are given; there is nothing to reload behind it. Used by tests only. */
export function operationsOf (t: Teardown, { gateway }: Harness) {
  const token = 'operations-token-of-the-tests'
  const app = buildOperations({ reports: async (withRecent) => [reportOf(gateway, 0, withRecent)], processes: async () => [], reload: async () => ({ hash: '' }), restart: async () => ({ hash: '' }), plan: async () => ({ problems: [] }) }, token)
  t.teardown(async () => app.close())
  return async (path: string, headers: Readonly<Record<string, string>> = { authorization: `Bearer ${token}` }) => app.inject({ path, headers })
}
