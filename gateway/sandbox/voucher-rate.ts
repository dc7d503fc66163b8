/** How many token requests a tenant may make in an interval (milliseconds). */
export interface VoucherRate { readonly limit: number, readonly interval: number }

/** What a tenant has left of its token requests. */
export interface RateStatus extends VoucherRate { readonly limited: boolean, readonly remaining: number }

/** Counts one token request of a tenant. */
export type CountRequest = (tenantId: string) => RateStatus

/** Counts token requests of each tenant in fixed intervals of `now` (epoch ms); it holds one counter per tenant. */
export function createRateCounter ({ limit, interval }: VoucherRate, now: () => number): CountRequest {
  const windows = new Map<string, { readonly index: number, used: number }>()
  return (tenantId) => {
    const index = Math.floor(now() / interval)
    const known = windows.get(tenantId)
    const window = known?.index === index ? known : { index, used: 0 }
    windows.set(tenantId, window)
    const limited = window.used >= limit
    if (!limited) window.used++
    return { limited, limit, remaining: limit - window.used, interval }
  }
}

/** The platform's rate headers (its own names and unit, not ModI's). */
export function rateHeaders ({ limit, remaining, interval }: RateStatus): Record<string, string> {
  return {
    'X-Rate-Limit-Limit': `${limit}`,
    'X-Rate-Limit-Remaining': `${remaining}`,
    'X-Rate-Limit-Interval': `${interval}`
  }
}
