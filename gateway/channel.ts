import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { nameOf } from '../policies/certificate-name.ts'
import type { Channel, ClientCertificate } from '../policies/channel.ts'
import type { Listener } from '../policies/demands.ts'
import { headerValues } from '../policies/header-values.ts'
import { Lately } from '../policies/lately.ts'

/** Where a request came from, where it came in, and on what kind of channel. */
export interface Origin { readonly address: string, readonly listener: Listener, readonly channel: Channel }

/**
 * Prepares telling where requests come from: by their connection, or, behind a proxy that ends TLS, by what that proxy says
 * (X-Forwarded-For, X-Forwarded-Proto, and Client-Cert, RFC 9440). Those headers count only on connections from `proxies` (addresses or
 * CIDR blocks); anybody else's are ignored.
 */
export function prepareOrigin (proxies: readonly string[], listener: Listener): (request: IncomingMessage) => Origin {
  const trusted = blockListOf(proxies)
  const direct = new WeakMap<Socket, Origin>()
  const certificates = new CertificateReader()
  const onConnection = (socket: Socket): Origin => {
    const known = direct.get(socket)
    if (known) return known
    const origin = { address: socket.remoteAddress ?? '', listener, channel: channelOf(socket) }
    direct.set(socket, origin)
    return origin
  }
  return ({ socket, rawHeaders }) => {
    const origin = onConnection(socket)
    if (proxies.length === 0 || !holds(trusted, origin.address)) return origin
    return {
      listener,
      address: callerBehind(headerValues(rawHeaders, 'x-forwarded-for'), trusted) ?? origin.address,
      channel: {
        // Every proxy of a chain adds its own: the call was safe only when all of them say so.
        secure: origin.channel.secure || isSecureBehind(headerValues(rawHeaders, 'x-forwarded-proto')),
        certificate: certificates.read(headerValues(rawHeaders, 'client-cert'))
      }
    }
  }
}

function blockListOf (entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

function holds (list: BlockList, address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address
  const family = isIP(plain)
  return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}

/** The last address of the list that is no proxy of ours: what stands before it was written by whoever called. */
function callerBehind (values: readonly string[], trusted: BlockList): string | undefined {
  const addresses = values.join(',').split(',').map((one) => one.trim().replace(/^\[([^\]]+)\](?::\d+)?$/, '$1').replace(/^(\d+(?:\.\d+){3}):\d+$/, '$1')).filter((one) => one !== '')
  for (const address of addresses.toReversed()) {
    if (isIP(address) === 0) return undefined
    if (!holds(trusted, address)) return address
  }
  return undefined
}

function isSecureBehind (values: readonly string[]): boolean {
  const protocols = values.join(',').split(',').map((one) => one.trim().toLowerCase())
  return protocols.every((one) => one === 'https')
}

const plain: Channel = { secure: false, certificate: undefined }

function channelOf (socket: Socket): Channel {
  if (!(socket instanceof TLSSocket)) return plain
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return { secure: true, certificate: undefined }
  // The chain was judged in the handshake, which lets everybody in: refusing is the contract's affair, and is explained there.
  const reason: unknown = socket.authorizationError
  return { secure: true, certificate: toCertificate(certificate, socket.authorized ? undefined : String((reason as Error | undefined)?.message ?? reason)) }
}

function toCertificate (certificate: X509Certificate, untrusted: string | undefined): ClientCertificate {
  return {
    ...nameOf(certificate),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    untrusted
  }
}

const maxRemembered = 1000

/** Reads certificates that a proxy verified and passes on, each once. */
class CertificateReader {
  readonly #known = new Lately<ClientCertificate>(maxRemembered)

  read ([value, another]: readonly string[]): ClientCertificate | undefined {
    if (value === undefined) return undefined
    if (another !== undefined) return unreadable
    const known = this.#known.get(value)
    if (known) return known
    const certificate = parse(value)
    this.#known.set(value, certificate)
    return certificate
  }
}

const unreadable: ClientCertificate = { thumbprint: '', subject: '', notBefore: 0, notAfter: 0, untrusted: 'the Client-Cert header holds no certificate' }

function parse (value: string): ClientCertificate {
  const [, base64] = /^:([A-Za-z0-9+/]+={0,2}):$/.exec(value.trim()) ?? []
  if (base64 === undefined) return unreadable
  try {
    return toCertificate(new X509Certificate(Buffer.from(base64, 'base64')), undefined)
  } catch {
    return unreadable
  }
}
