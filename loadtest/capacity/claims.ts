import type { QuotaClaim } from '../../policies/quota-counters.ts'

/** The day on which calls are counted, in which virtual time begins (epoch ms). */
const date = '2026-03-02'
export const startedAt = Date.parse(`${date}T08:00:00Z`)

/** A call of a purpose that has so many a day, of a consumer that has as many for all of its purposes. */
export function claimOn (eserviceId: string, purpose: string, limit: number): QuotaClaim {
  const quotas = [{ kind: 'purpose' as const, key: `purpose ${purpose}`, limit }, { kind: 'consumer' as const, key: 'consumer', limit }]
  return { eserviceId, day: { date, endsAt: startedAt + 12 * 3_600_000 }, quotas }
}
