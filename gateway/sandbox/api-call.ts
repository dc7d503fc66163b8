import type { DepositedKeys } from './deposited-keys.ts'
import type { EventLog } from './event-log.ts'
import type { LiveRegistry } from './live-registry.ts'
import type { Problem } from './problem.ts'

/** A call to the interop API whose caller is known; nothing of its parameters was checked. */
export interface ApiCall {
  readonly tenantId: string
  readonly params: Readonly<Record<string, string>>
  /** A parameter that was sent several times is a list. */
  readonly query: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** What the interop API reads from. */
export interface ApiData { readonly registry: LiveRegistry, readonly deposits: DepositedKeys, readonly events: EventLog }

/** One read of the interop API: what it answers, or why not. */
export type ApiRead = (call: ApiCall, data: ApiData) => object | Problem
