/** An address that a host has; `isPublic` when it is one that the whole Internet can reach, and nothing else. */
export interface HostAddress { readonly address: string, readonly isPublic: boolean }

/** `unknown`: the name has no address; `unavailable`: it cannot be told now. There is at least one address otherwise. */
export type Resolved = readonly HostAddress[] | 'unknown' | 'unavailable'

/** Finds the addresses of hosts: names, or addresses as a URL writes them (IPv6 in brackets). Nothing is connected to. */
export interface Resolver {
  resolve (host: string): Resolved | Promise<Resolved>
}
