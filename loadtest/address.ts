import { lookup as lookUp } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether the host of a URL is an address, not a name, that never leaves this machine. */
export function isLoopback (hostname: string): boolean {
  const address = bare(hostname)
  const family = isIP(address)
  return family !== 0 && loopback.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Where load is aimed at: the origin of an address, and the name by which it was meant (`Host`), where that is another one. */
export interface Aim { readonly origin: string, readonly host: string | undefined }

/** All addresses of a name; the resolver of the system unless a test has its own. */
export type LookUp = (name: string) => Promise<readonly { readonly address: string }[]>

/**
 * Where a URL leads that somebody gave. Without `owned` it must be on this machine: a name is looked up once, all its addresses must be loopback ones, and load then
 * goes to one of these, whatever the name means a moment later. Throws a sentence when it is no origin of http or https, or leads elsewhere.
 */
export async function aimAt (url: string, owned: boolean, lookUpAll: LookUp = async (name) => lookUp(name, { all: true })): Promise<Aim> {
  const { protocol, hostname, host, origin, username, password, pathname, search, hash } = readUrl(url)
  if (protocol !== 'http:' && protocol !== 'https:') throw new Error(`${url} is no address of http or https`)
  // Whoever reads http://127.0.0.1@example.org sees another host than a client.
  if (username !== '' || password !== '') throw new Error(`a user name in an address is not taken: ${hostname} is the host of what was given`)
  if (pathname !== '/' || search !== '' || hash !== '') throw new Error(`${url} has more than scheme, host and port: give the path with --path`)
  if (owned || isLoopback(hostname)) return { origin, host: undefined }
  const addresses = isIP(bare(hostname)) === 0 ? (await lookUpAll(hostname).catch(() => [])).map(({ address }) => address) : []
  const [first] = addresses
  if (first === undefined || !addresses.every(isLoopback)) throw new Error(`${hostname} is not this machine: load is fired at another one only by whoever owns it, with --i-own-this-target`)
  const aimed = new URL(origin)
  aimed.hostname = first.includes(':') ? `[${first}]` : first
  return { origin: aimed.origin, host }
}

function readUrl (url: string): URL {
  if (!URL.canParse(url)) throw new Error(`"${url}" is no address: give one such as http://127.0.0.1:8080`)
  return new URL(url)
}

/** An IPv6 address stands in brackets in a URL. */
function bare (hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}
