/** Where time goes: the stages of README "The life of a request", in their order, then what is not ours. */
export const stages = ['1. wire', '2. route', '3. admit', '4. body', '5. quota', '6. forward', '7. answer', '8. record'] as const
const others = [
  'undici', 'Fastify with its router', 'node:http', 'node:net, streams and events', 'timers and task queues', 'crypto', 'pino', 'system calls: sockets', 'system calls: files',
  'garbage collection', 'native, without a JavaScript frame', 'everything else'
] as const

export type Area = typeof stages[number] | typeof others[number]

/** Which area a file is of, by the beginning of its place; the longest that fits says. What no line names works for whoever calls it. */
export const places: Readonly<Partial<Record<Area, readonly string[]>>> = {
  '1. wire': ['gateway/listen.ts', 'gateway/enter.ts', 'gateway/wire.ts', 'gateway/exchange.ts', 'gateway/channel.ts', 'gateway/crowd.ts', 'gateway/unproven.ts', 'gateway/trusted-proxies.ts', 'gateway/shed/', 'policies/header-values.ts'],
  '2. route': ['gateway/live.ts', 'gateway/route.ts', 'gateway/app.ts', 'gateway/path-template.ts'],
  '3. admit': ['gateway/admit.ts', 'gateway/adapters/', 'policies/'],
  '4. body': ['gateway/serve.ts', 'gateway/content-coding.ts', 'policies/integrity.ts', 'policies/digest.ts', 'openapi/requests/', 'openapi/schemas/', 'openapi/json/'],
  '5. quota': [
    'gateway/evidence', 'gateway/custody.ts', 'gateway/adapters/evidence-', 'gateway/adapters/interactions-', 'gateway/adapters/quota', 'gateway/adapters/shares.ts',
    'policies/quota', 'policies/transition.ts', 'policies/day.ts'
  ],
  '6. forward': ['gateway/forward.ts', 'gateway/varco-call.ts', 'gateway/places.ts', 'gateway/via.ts', 'gateway/hmac.ts', 'gateway/cache/', 'openapi/varco-call.ts'],
  '7. answer': [
    'gateway/relay.ts', 'gateway/outlet.ts', 'gateway/observed-answer.ts', 'gateway/enforced-answer.ts', 'gateway/narrowed-answer.ts', 'gateway/signed-answer.ts', 'gateway/answer-', 'gateway/whole-body.ts',
    'gateway/refuse.ts', 'gateway/substitute.ts', 'gateway/seal.ts', 'gateway/views.ts', 'openapi/answers/', 'openapi/problem.ts'
  ],
  '8. record': ['gateway/records/', 'gateway/audit/', 'gateway/figures/', 'gateway/telemetry/', 'gateway/log.ts'],
  undici: ['node_modules/undici/'],
  'Fastify with its router': ['node_modules/fastify/', 'node_modules/@fastify/', 'node_modules/find-my-way/', 'node_modules/avvio/'],
  'node:http': ['node:_http_', 'node:http', 'node:internal/http'],
  'node:net, streams and events': ['node:net', 'node:internal/net', 'node:stream', 'node:internal/streams/', 'node:internal/stream_base_commons', 'node:events'],
  'timers and task queues': ['node:timers', 'node:internal/timers', 'node:internal/process/task_queues', 'node:internal/process/promises', 'node:internal/async_', 'node:async_hooks'],
  crypto: ['node:crypto', 'node:internal/crypto/'],
  pino: ['node_modules/pino/', 'node_modules/sonic-boom/', 'node_modules/thread-stream/']
}

const byLength = Object.entries(places).flatMap(([area, starts]) => starts.map((start) => [start, area as Area] as const)).toSorted(([one], [other]) => other.length - one.length)

/** What has no file and is an area by its name: system calls, and what V8 calls by names of its own. */
const names: Readonly<Partial<Record<Area, readonly string[]>>> = {
  'system calls: sockets': ['writev', 'writeBuffer', 'writeLatin1String', 'writeUtf8String', 'writeAsciiString', 'writeUcs2String', 'readStart', 'readStop', 'shutdown'],
  'system calls: files': ['writeString', 'writeBuffers'],
  'garbage collection': ['(garbage collector)'],
  'native, without a JavaScript frame': ['(program)']
}

const byName = new Map(Object.entries(names).flatMap(([area, all]) => all.map((name) => [name, area as Area] as const)))

/** What a profile says of a function: its name, and the URL of its file; code made while running and what is built into V8 and Node has none. */
export interface Frame { readonly functionName: string, readonly url: string }

/** The area of a function that is called from one of the area `caller`. */
export function areaOf ({ functionName, url }: Frame, caller: Area): Area {
  if (url === '') return byName.get(functionName) ?? caller
  const place = placeOf(url)
  return byLength.find(([start]) => place.startsWith(start))?.[1] ?? caller
}

const root = new URL('../../', import.meta.url).href

/** Where a file is, without where this source tree or its packages are. */
export function placeOf (url: string): string {
  const packages = url.lastIndexOf('node_modules/')
  if (packages >= 0) return url.slice(packages)
  return url.startsWith(root) ? url.slice(root.length) : url
}
