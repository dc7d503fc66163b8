import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadContract } from '../../openapi/contract.ts'
import type { Line } from '../../policies/check.ts'
import { explainVoucher } from '../../policies/explain.ts'
import type { ExplainContext } from '../../policies/explained.ts'
import { readJws } from '../../policies/jws.ts'
import { grantsOf } from '../adapters/grants-file.ts'
import { loadConfig } from '../config.ts'
import type { Config } from '../config.ts'
import type { EServiceConfig } from '../eservice-config.ts'
import { termsOf } from '../live.ts'
import { withPlatform } from '../platform-access.ts'
import type { PlatformAccess } from '../platform-access.ts'
import { readRegistry } from '../registry-source.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command } from './command.ts'
import { explainSavedRequest, signersOf } from './explain-saved-request.ts'
import { explanationText, verdictOf } from './explanation-text.ts'
import { chooseEService, readInput } from './input.ts'
import { isSavedRequest, readSavedRequest } from './saved-request.ts'
import { askBeforehand } from './signers-at-hand.ts'

/** `varco explain`: every check that the gateway would make of a voucher, or of a whole request. */
export const explain: Command = {
  name: 'explain',
  summary: 'Say why the gateway accepts or refuses a voucher, or a saved request',
  usage: `varco explain [FILE] [--eservice NAME] [--config FILE] [--at TIME] [--json]

Reads a voucher or a saved request from FILE or standard input and lists every check: pass or fail, expected against got, and how to mend it.
A request is raw HTTP/1.1 (as varco call --save writes it, or a proxy), or JSON: {method, url, headers, body} with bodyBase64 for what is no text.
Works offline: a signature whose key cannot be fetched counts as not checked, never as good; so does what only the running gateway knows.
  --eservice NAME  the e-service that is called (default: the one that the voucher names, or the path)
  --config FILE    the gateway's configuration (default: the demonstration's)
  --at TIME        as if it were then (RFC 3339), for a request that was saved before: proofs live for a minute
  --json           {verdict, eservice, operation, lines} instead of text
Exit code 0 when every check passes, 1 otherwise.`,
  async run (args, terminal) {
    const { values, positionals: [file = '-', ...more] } = parseArgs({
      args: [...args],
      options: { config: { type: 'string' }, eservice: { type: 'string' }, at: { type: 'string' }, json: { type: 'boolean' } },
      allowPositionals: true
    })
    if (more.length > 0) throw new UsageError('name one file')
    const bytes = await readInput(file, terminal)
    const config = await loadConfig(values.config ?? join(import.meta.dirname, '../gateway.yaml'), terminal.env, { secrets: 'ignored' })
    const named = values.eservice === undefined ? undefined : chooseEService(config, values.eservice)
    const now = timeOf(values.at) ?? terminal.now()
    const { eservice, operation, lines } = await withPlatform(config, terminal.now, async (platform) => isSavedRequest(bytes)
      ? explainRequest(bytes, { config, named, platform, now })
      : explainToken(bytes.toString(), { config, named, platform, now }))
    const verdict = verdictOf(lines)
    terminal.out(values.json ? `${JSON.stringify({ verdict, eservice, ...operation !== undefined && { operation }, lines })}\n` : explanationText(lines, verdict, [eservice ?? 'no e-service', operation].join(' ').trim()))
    return verdict === 'accepted' ? exitCodes.ok : exitCodes.findings
  }
}

function timeOf (text: string | undefined): number | undefined {
  const time = text === undefined ? undefined : Date.parse(text)
  if (Number.isNaN(time)) throw new UsageError(`--at takes a time as in 2026-11-21T10:00:00Z, not ${JSON.stringify(text)}`)
  return time
}

interface Asked { readonly config: Config, readonly named: EServiceConfig | undefined, readonly platform: PlatformAccess, readonly now: number }
interface Explanation { readonly eservice: string | undefined, readonly operation?: string | undefined, readonly lines: readonly Line[] }

async function explainRequest (bytes: Buffer, { config, named, platform, now }: Asked): Promise<Explanation> {
  const request = readSavedRequest(bytes)
  if (typeof request === 'string') throw new UsageError(`the request cannot be read: ${request}`)
  const { found, lines } = await explainSavedRequest(request, { config, eservices: named ? [named] : config.eservices, platform, now })
  return { eservice: found?.eservice.config.name ?? named?.name, operation: found?.operation.id, lines }
}

async function explainToken (text: string, { config, named, platform, now }: Asked): Promise<Explanation> {
  const token = text.trim().replace(/^(?:authorization:\s*)?(?:(?:bearer|dpop)\s+)?/i, '')
  if (token === '') throw new UsageError('there is no voucher and no request: give a file, or pipe one in')
  const eservice = named ?? eserviceOf(config, token)
  const known = await readRegistry(config, platform)
  const signers = await askBeforehand({ authorization: [`Bearer ${token}`], rawHeaders: [] }, await signersOf(config, known, platform, now), now)
  return {
    eservice: eservice.name,
    lines: explainVoucher(token, { terms: termsOf(config, eservice, { basePath: eservice.path ?? (await loadContract(eservice.contract)).basePath, grants: await grantsOf(eservice) }), registry: known.registry, key: await findKey(platform, token), now, signers })
  }
}

/** The e-service that a token names, by id or by audience. */
function eserviceOf ({ eservices }: Config, token: string): EServiceConfig {
  const read = readJws(token)
  const claims = typeof read === 'string' ? {} : read.claims
  const meant = eservices.find((eservice) => eservice.eserviceId === claims['eserviceId']) ??
    eservices.find((eservice) => [claims['aud']].flat().some((one) => eservice.audience.includes(String(one))))
  return meant ?? eservices[0] as EServiceConfig
}

async function findKey ({ keys }: PlatformAccess, token: string): Promise<ExplainContext['key']> {
  const read = readJws(token)
  if (typeof read === 'string') return 'not known here'
  const found = await keys.find(String(read.header['kid']))
  return found === 'unavailable' ? 'not known here' : found
}
