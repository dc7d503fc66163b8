import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import type { Line } from '../../policies/check.ts'
import { explainVoucher } from '../../policies/explain.ts'
import type { FoundKey } from '../../policies/keys.ts'
import { readJws } from '../../policies/jws.ts'
import { JwksKeys } from '../adapters/jwks.ts'
import { openPlatformConnection } from '../pdnd/platform-connection.ts'
import { readRegistryFile, registryOf } from '../adapters/registry-file.ts'
import { didYouMean } from '../closest-name.ts'
import { loadConfig } from '../config.ts'
import type { Config, EServiceConfig } from '../config.ts'
import { termsOf } from '../live.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command, Terminal } from './command.ts'

/** `varco explain`: every check that the gateway would make of a voucher. */
export const explain: Command = {
  name: 'explain',
  summary: 'Say why the gateway accepts or refuses a voucher',
  usage: `varco explain [FILE] [--eservice NAME] [--config FILE] [--json]

Reads a voucher from FILE or standard input and lists every check: pass or fail, expected against got, and how to mend it.
Works offline: when the platform's keys cannot be fetched the signature counts as not checked, never as good.
  --eservice NAME  the e-service that is called (default: the one that the voucher names)
  --config FILE    the gateway's configuration (default: the demonstration's)
  --json           {verdict, eservice, lines} instead of text
Exit code 0 when every check passes, 1 otherwise.`,
  async run (args, terminal) {
    const { values, positionals: [file, ...more] } = parseArgs({
      args: [...args],
      options: { config: { type: 'string' }, eservice: { type: 'string' }, json: { type: 'boolean' } },
      allowPositionals: true
    })
    if (more.length > 0) throw new UsageError('name one file')
    const token = (file === undefined ? (await terminal.stdin()).toString() : await readText(file)).trim().replace(/^(?:authorization:\s*)?(?:(?:bearer|dpop)\s+)?/i, '')
    if (token === '') throw new UsageError('there is no voucher: give a file, or pipe one in')
    const config = await loadConfig(values.config ?? join(import.meta.dirname, '../gateway.yaml'), terminal.env, { secrets: 'ignored' })
    const eservice = chooseEService(config, token, values.eservice)
    const lines = explainVoucher(token, {
      terms: termsOf(config, eservice),
      registry: registryOf(await readRegistryFile(config.registry, config.environment)),
      key: await findKey(config, token, terminal),
      now: terminal.now()
    })
    const verdict = verdictOf(lines)
    terminal.out(values.json ? `${JSON.stringify({ verdict, eservice: eservice.name, lines })}\n` : toText(lines, verdict, eservice.name))
    return verdict === 'accepted' ? exitCodes.ok : exitCodes.findings
  }
}

async function readText (file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => { throw new UsageError(`${file} cannot be read (${error.code ?? 'unknown error'})`) })
}

function chooseEService (config: Config, token: string, name: string | undefined): EServiceConfig {
  const names = config.eservices.map((eservice) => eservice.name)
  if (name !== undefined) {
    const named = config.eservices.find((eservice) => eservice.name === name)
    if (!named) throw new UsageError(`there is no e-service "${name}" in the configuration.${didYouMean(name, names)} There are: ${names.join(', ')}`)
    return named
  }
  const read = readJws(token)
  const claims = typeof read === 'string' ? {} : read.claims
  const meant = config.eservices.find((eservice) => eservice.eserviceId === claims['eserviceId']) ??
    config.eservices.find((eservice) => [claims['aud']].flat().some((one) => eservice.audience.includes(String(one))))
  return meant ?? config.eservices[0] as EServiceConfig
}

async function findKey (config: Config, token: string, { now }: Terminal): Promise<FoundKey | 'not known here'> {
  const read = readJws(token)
  if (typeof read === 'string') return 'not known here'
  const connection = openPlatformConnection()
  const found = await new JwksKeys({ uri: config.pdnd.jwksUri, connection, now, warn: () => undefined }).find(String(read.header['kid']))
  await connection.close()
  return found === 'unavailable' ? 'not known here' : found
}

function verdictOf (lines: readonly Line[]): 'accepted' | 'refused' | 'not decided' {
  if (lines.some((line) => line.outcome === 'fail')) return 'refused'
  return lines.some((line) => line.outcome === 'not checked') ? 'not decided' : 'accepted'
}

const marks = { pass: ['pass', 'green'], fail: ['FAIL', 'red'], 'not checked': ['????', 'yellow'] } as const

function toText (lines: readonly Line[], verdict: string, eservice: string): string {
  const width = Math.max(...lines.map((line) => line.check.length))
  const text = lines.map((line) => {
    const [mark, color] = marks[line.outcome]
    const head = `${styleText(color, mark, { stream: process.stdout })}  ${line.check.padEnd(width)}  `
    if (line.outcome === 'pass') return `${head}${line.got}${line.got === line.expected ? '' : `, expected ${line.expected}`}\n`
    if (line.outcome === 'not checked') return `${head}${line.got}\n`
    return `${head}expected ${line.expected}, got ${line.got}\n${' '.repeat(width + 8)}${line.code}: ${line.mend}\n`
  })
  const undecided = lines.find((line) => line.outcome === 'not checked')
  return `${text.join('')}\n${eservice}: ${verdict}${undecided && verdict === 'not decided' ? ` (${undecided.got})` : ''}\n`
}
