import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Networks that are not the whole Internet's (IANA special-purpose address registries, RFC 6890; multicast, RFC 5771). */
const special = new BlockList()
const networks4 = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24',
  '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4']
// Within global unicast: protocol assignments with Teredo, documentation, and 6to4, in which an IPv4 address can hide.
const networks6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
for (const network of networks4) special.addSubnet(...halves(network), 'ipv4')
for (const network of networks6) special.addSubnet(...halves(network), 'ipv6')

/** Global unicast (RFC 4291, 2.4): everything else of IPv6 is local, multicast, or an IPv4 address in disguise. */
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')

function halves (network: string): [address: string, prefix: number] {
  const [address = '', prefix] = network.split('/')
  return [address, Number(prefix)]
}

/** True for an IP address that anybody on the Internet can reach: not loopback, private, link-local, multicast, documentation or the like. */
export function isPublicAddress (address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4')
  // With a zone it is an address of one link only.
  return isIPv6(address) && !address.includes('%') && global6.check(address, 'ipv6') && !special.check(address, 'ipv6')
}
