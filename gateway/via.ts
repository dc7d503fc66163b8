import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Denial } from '../policies/denials.ts'
import type { Config } from './config.ts'

const names = new WeakMap<Config, string>()

/**
 * What a gateway adds to a request as Via (RFC 9110, 7.6.3): a name made up for this gateway, as long as it runs. Two gateways may well
 * have one configuration, and one be the upstream of the other.
 */
export function viaOf (config: Config): string {
  const name = names.get(config) ?? `1.1 varco-${randomUUID()}`
  names.set(config, name)
  return name
}

/** Refuses a request that came through this very gateway before, which would go round for ever. */
export function findLoop ({ headers }: IncomingMessage, via: string): Denial | undefined {
  return headers.via?.includes(via) ? { denial: 'loop-detected', check: 'Via', reason: 'an upstream in the configuration leads back to this gateway' } : undefined
}
