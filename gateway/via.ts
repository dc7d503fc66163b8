import type { IncomingMessage } from 'node:http'
import type { Denial } from '../policies/denials.ts'
import type { Config } from './config.ts'

/** What a gateway adds to a request as Via (RFC 9110, 7.6.3): a name that is the same for every process of one configuration and for no other. */
export function viaOf ({ hash }: Config): string {
  return `1.1 varco-${hash.slice(0, 16)}`
}

/** Refuses a request that came through this very gateway before, which would go round for ever. */
export function findLoop ({ headers }: IncomingMessage, via: string): Denial | undefined {
  return headers.via?.includes(via) ? { denial: 'loop-detected', check: 'Via', reason: 'an upstream in the configuration leads back to this gateway' } : undefined
}
