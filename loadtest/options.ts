import { parseArgs } from 'node:util'
import { aimAt } from './address.ts'
import { readVoucher } from './aimed.ts'
import type { AimedCall } from './aimed.ts'
import { standardOutput } from './report/deliver.ts'
import type { Wishes } from './report/deliver.ts'
import type { Load } from './scenario.ts'

export const usage = `usage: npm run loadtest -- [options]

Measures a gateway of this source tree on this machine, beside its bare upstream and a server that does nothing.
Everything it needs it starts itself on free loopback ports, and stops. Exit code 1 when a single answer is wrong.

  --only NAME,…    only these scenarios or groups, and what they are compared with; more than once where a name has a comma
  --list           the scenarios by their groups
  --peers          beside what others would use instead (HAProxy, nginx, Fastify, Express), where it is installed, and what is promised
  --overload       what comes of one, two and three times of what a gateway can serve, offered in an open loop; with --seconds, --rounds and --json
                   only. Exit code 1 also when at three times less is served than is promised
  --guard          compares what calls cost, and each stage of one, with loadtest/budget.json; more with --guard --help
  --seconds N      length of a round (3)
  --calls N        so many calls in a round, instead of a time
  --rounds N       rounds that count, after a warm-up (3)
  --connections N  connections kept busy (64)
  --json [FILE]    figures as JSON, instead of the table or into a file
  --html FILE      where the HTML report goes (.varco/loadtest/report.html)
  --help           this text

Or aims at a gateway that is there already, with one call over and over:

  --url URL              its scheme, host and port
  --path PATH            what is called, with its query (/)
  --voucher-from FILE    the voucher of all calls; - is standard input (no voucher)
  --expect-status N      the status of every answer (200)
  --i-own-this-target    fires at an address that is not of this machine, too`

/** What the command line asks for. */
export interface Options extends Load, Wishes {
  readonly help: boolean
  readonly list: boolean
  readonly only: readonly string[]
  readonly peers: boolean
  readonly overload: boolean
  readonly aimed: AimedCall | undefined
}

const text = { type: 'string' } as const
const flag = { type: 'boolean', default: false } as const
const options = {
  only: { ...text, multiple: true }, list: flag, peers: flag, overload: flag, seconds: text, calls: text, rounds: text, connections: text, json: text, html: text, help: flag,
  url: text, path: text, 'voucher-from': text, 'expect-status': text, 'i-own-this-target': flag
} as const

/** Reads the command line, and the voucher that it names. @throws a sentence that says what is wrong with it */
export async function readOptions (args: readonly string[]): Promise<Options> {
  const { values } = parseArgs({ args: withFile('--json', args), options })
  checkOverload(values)
  if (values.seconds !== undefined && values.calls !== undefined) throw new Error('--seconds and --calls are two ways to say how long a round is: give one')
  return {
    json: values.json,
    html: values.html,
    help: values.help,
    list: values.list,
    only: values.only ?? [],
    peers: values.peers,
    overload: values.overload,
    seconds: toCount('seconds', values.seconds ?? '3', 1, 3600),
    calls: values.calls === undefined ? undefined : toCount('calls', values.calls, 1, 1_000_000),
    rounds: toCount('rounds', values.rounds ?? '3', 1, 100),
    connections: toCount('connections', values.connections ?? '64', 1, 1000),
    aimed: isAimed(values) ? await readAimed(values) : undefined
  }
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

const ofOverload = new Set(['overload', 'seconds', 'rounds', 'json', 'help'])

/** What --overload would not heed is refused: who aims at another gateway must not measure this one. */
function checkOverload (values: Values): void {
  if (!values.overload) return
  const other = Object.entries(values).find(([name, value]) => !ofOverload.has(name) && value !== undefined && value !== false)
  if (other) throw new Error(`--${other[0]} is not heeded by --overload, which goes with --seconds, --rounds and --json only`)
}

/** Whether it aims at a gateway that is there already. */
function isAimed (values: Values): values is Values & { readonly url: string } {
  if (values.url !== undefined) return true
  if (['path', 'voucher-from', 'expect-status'].some((name) => name in values) || values['i-own-this-target']) throw new Error('--path, --voucher-from, --expect-status and --i-own-this-target go with --url')
  return false
}

async function readAimed ({ url, path = '/', 'voucher-from': voucherFrom, 'expect-status': status = '200', 'i-own-this-target': owned, ...values }: Values & { readonly url: string }): Promise<AimedCall> {
  if (values.only !== undefined || values.list || values.peers) throw new Error('--only, --list and --peers are about what the load test starts itself, not about --url')
  // Whatever a client would read as something else than a path (//host, a blank, a fragment) is none.
  if (!/^\/(?!\/)[!$-~]*$/.test(path) || path.includes('\\')) throw new Error(`--path is "${path}": it must begin with one / and hold no blank, # or character beyond ASCII`)
  return { aim: await aimAt(url, owned), path, voucher: voucherFrom === undefined ? undefined : await readVoucher(voucherFrom), status: toCount('expect-status', status, 200, 599), owned }
}

/** An option whose file may be left out: then it is standard output. */
function withFile (option: string, args: readonly string[]): string[] {
  return args.map((arg, index) => arg === option && !/^[^-]/.test(args[index + 1] ?? '') ? `${option}=${standardOutput}` : arg)
}

function toCount (name: string, text: string, min: number, max: number): number {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : 0
  if (count < min || count > max) throw new Error(`--${name} is "${text}": it must be a whole number from ${min} to ${max}`)
  return count
}
