import { haproxy, nginx } from './native.ts'
import { startProgram } from './peer.ts'
import type { Claim, Peer } from './peer.ts'

/** The peer that every other one is compared with, where it is installed. */
export const jwtVerify = 'HAProxy jwt_verify'
/** The one that runs wherever Varco does. */
export const staticAnswer = 'node:http static answer'
export const bareProxy = 'own bare proxy'
export const fastifyStack = '@fastify/http-proxy + @fastify/jwt + @fastify/rate-limit'
export const expressStack = 'Express 5 + openapi-validator + oauth2-jwt-bearer + rate-limit + http-proxy-middleware'

/** All of them. */
export const peers: readonly Peer[] = [
  ours(staticAnswer, 'static.ts', []),
  haproxy('HAProxy plain proxy', 'plain'),
  haproxy('HAProxy, vouchers kept in a stick table', 'cached'),
  haproxy(jwtVerify, 'verify'),
  nginx('nginx + Lua, vouchers kept', true),
  nginx('nginx + Lua', false),
  ours(bareProxy, 'bare-proxy.ts', []),
  ours(fastifyStack, 'fastify-stack.ts', ['voucher', 'limit']),
  ours(expressStack, 'express-stack.ts', ['voucher', 'limit', 'query'])
]

/** A peer that is a Node program of this folder. */
function ours (name: string, file: string, claims: readonly Claim[]): Peer {
  return { name, claims, start: async (work, place) => startProgram(file, [JSON.stringify(work)], place) }
}
