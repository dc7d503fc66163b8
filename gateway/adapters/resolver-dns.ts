import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Resolved, Resolver } from '../../policies/resolver.ts'
import { isPublicAddress } from './public-address.ts'

/** How a resolver differs from the usual one: what finds the addresses of a name, and how long that may take (ms). */
export interface ResolverOptions { readonly find?: (name: string) => Promise<readonly string[]>, readonly deadlineMs?: number }

/** How many look-ups may be under way, and how many may wait for them. The system's resolver takes a thread for each, of the few that also serve files. */
const atOnce = 2
const mostWaiting = 100

/** Failures that say that the name has no address, as opposed to nobody knowing. */
const absent = new Set(['ENOTFOUND', 'ENODATA'])

/**
 * Finds addresses with the system's resolver, all of them, within a deadline of its own; one look-up serves all that ask for a name
 * meanwhile. Nothing is remembered: an answer is as good as its moment.
 */
export function dnsResolver ({ find = findAll, deadlineMs = 2000 }: ResolverOptions = {}): Resolver {
  const pending = new Map<string, Promise<Resolved>>()
  const waiting: (() => void)[] = []
  let busy = 0
  const inTurn = async (name: string): Promise<Resolved> => {
    if (busy >= atOnce) await new Promise<void>((resolve) => { waiting.push(resolve) })
    else busy++
    try {
      return toResolved(await find(name))
    } catch (error) {
      return absent.has((error as NodeJS.ErrnoException).code ?? '') ? 'unknown' : 'unavailable'
    } finally {
      // The place is free when the look-up has ended, not when nobody waits for it any longer.
      const next = waiting.shift()
      if (next) next()
      else busy--
    }
  }
  return {
    resolve (host) {
      const name = host.replace(/^\[(.*)\]$/, '$1')
      if (isIP(name) !== 0) return toResolved([name])
      const known = pending.get(name)
      if (!known && waiting.length >= mostWaiting) return 'unavailable'
      const asked = known ?? inTurn(name)
      if (!known) {
        pending.set(name, asked)
        void asked.finally(() => { pending.delete(name) })
      }
      return within(asked, deadlineMs)
    }
  }
}

async function findAll (name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address)
}

function toResolved (addresses: readonly string[]): Resolved {
  return addresses.length === 0 ? 'unknown' : addresses.map((address) => ({ address, isPublic: isPublicAddress(address) }))
}

async function within (asked: Promise<Resolved>, deadlineMs: number): Promise<Resolved> {
  const late = Promise.withResolvers<Resolved>()
  const timer = setTimeout(() => { late.resolve('unavailable') }, deadlineMs)
  try {
    return await Promise.race([asked, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
