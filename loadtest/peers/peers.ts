import { expressStack, fastifyStack, jwtVerify, ownProxy, plainProxy } from '../scenarios/peer-names.ts'
import { haproxy, nginx } from './native.ts'
import { startProgram } from './peer.ts'
import type { Claim, Peer } from './peer.ts'

/** Passes on whatever comes. */
export const plainHaproxy = haproxy(plainProxy, 'plain')
export const verifyingHaproxy = haproxy(jwtVerify, 'verify')

/** Everything that Varco is measured beside, but for what only answers. */
export const peers: readonly Peer[] = [
  plainHaproxy,
  nginx('nginx + Lua, vouchers kept', true),
  haproxy('HAProxy, vouchers kept', 'cached'),
  verifyingHaproxy,
  nginx('nginx + Lua', false),
  ours(ownProxy, 'bare-proxy.ts', []),
  ours(fastifyStack, 'fastify-stack.ts', ['voucher', 'limit']),
  ours(expressStack, 'express-stack.ts', ['voucher', 'limit', 'query'])
]

/** A peer that is a Node program of this folder. */
function ours (name: string, file: string, claims: readonly Claim[]): Peer {
  return { name, claims, start: async (work, place) => startProgram(file, [JSON.stringify(work)], place) }
}
