import { windowSeconds } from './work.ts'
import type { Work } from './work.ts'

/** How much HAProxy does: nothing but passing on; the whole work; or the work, remembering the vouchers that were verified. */
export type HaproxyDepth = 'plain' | 'verify' | 'cached'

/** `before` is a condition under which a line counts, such as `!known`. */
function denyUnless (fetched: string, before = ''): string {
  return `http-request deny deny_status 401 if ${before} !{ ${fetched} }`
}

function set (name: string, fetched: string, before = ''): string {
  return `http-request set-var(txn.${name}) ${fetched}${before && ` if ${before}`}`
}

const bearer = set('bearer', 'http_auth_bearer')

function proofs ({ pemFile, audience }: Work, before?: string): readonly string[] {
  return [
    set('alg', `var(txn.bearer),jwt_header_query('$.alg')`, before),
    denyUnless('var(txn.alg) -m str RS256', before),
    denyUnless(`var(txn.bearer),jwt_verify(txn.alg,"${pemFile}") 1`, before),
    denyUnless(`var(txn.bearer),jwt_payload_query('$.aud') -m str ${audience}`, before),
    set('exp', `var(txn.bearer),jwt_payload_query('$.exp','int')`, before)
  ]
}

function alive (expiry: string): readonly string[] {
  return [set('now', 'date()'), denyUnless(`${expiry},sub(txn.now) -m int gt 0`)]
}

function limited (limit: number): readonly string[] {
  return [
    set('client', `var(txn.bearer),jwt_payload_query('$.client_id')`),
    'http-request track-sc0 var(txn.client) table clients',
    `http-request deny deny_status 429 if { sc_http_req_cnt(0) gt ${limit} }`
  ]
}

const checks: Readonly<Record<HaproxyDepth, (work: Work) => readonly string[]>> = {
  plain: () => [],
  verify: (work) => [bearer, ...proofs(work), ...alive('var(txn.exp)'), ...limited(work.limit)],
  // Of a voucher that was verified the table keeps, by its digest, when it expires.
  cached: (work) => [
    bearer,
    denyUnless('var(txn.bearer) -m found'),
    'http-request track-sc1 var(txn.bearer),sha2(256) table vouchers',
    'acl known sc_get_gpt0(1) gt 0',
    ...proofs(work, '!known'),
    'http-request sc-set-gpt0(1) var(txn.exp) if !known',
    ...alive('sc_get_gpt0(1)'),
    ...limited(work.limit)
  ]
}

/** The configuration of an HAProxy with one thread and without a log that serves a loopback port. */
export function haproxyConfig (depth: HaproxyDepth, work: Work, port: number): string {
  return `global
  nbthread 1
  maxconn 4096

defaults
  mode http
  timeout connect 3s
  timeout client 60s
  timeout server 60s
  http-reuse always

frontend calls
  bind 127.0.0.1:${port}
${checks[depth](work).map((line) => `  ${line}\n`).join('')}  default_backend upstream

backend upstream
  server upstream ${new URL(work.upstream).host} maxconn 128

backend clients
  stick-table type string len 64 size 100k expire ${windowSeconds}s store http_req_cnt

backend vouchers
  stick-table type binary len 32 size 100k expire ${windowSeconds}s store gpt0
`
}
