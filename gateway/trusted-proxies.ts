import { isIP } from 'node:net'
import type { Finding } from './adapters/checked-yaml.ts'
import { valueAt } from './document-value.ts'

/** Where a configuration names proxies: in front of the public listener, and of that for internal applications. */
const places = [['trustedProxies'], ['listeners', 'internal', 'trustedProxies']]

/** What the form of `trustedProxies` does not say: whether an entry is an address or a block of some, and not of all. */
export function findProxyFaults (document: unknown): Finding[] {
  return places.flatMap((place) => {
    const entries = valueAt(document, place)
    return (Array.isArray(entries) ? entries : []).flatMap((entry: unknown, index) => {
      const message = typeof entry === 'string' ? faultOf(entry) : undefined
      return message === undefined ? [] : [{ path: [...place, index], message }]
    })
  })
}

function faultOf (entry: string): string | undefined {
  const [address = '', prefix] = entry.split('/')
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] as number
  if (bits < 0 || prefix === '' || Number(prefix ?? bits) > bits) return 'is no address and no CIDR block'
  return Number(prefix ?? bits) === 0 ? 'is everybody: any caller could say that it came over TLS and with which certificate; name the proxies' : undefined
}
