import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CheckedFileError } from '../adapters/checked-file-error.ts'
import { verifyEvidence } from '../adapters/evidence-verification.ts'
import { didYouMean } from '../closest-name.ts'
import { loadConfig } from '../config.ts'
import type { Config } from '../config.ts'
import type { EServiceConfig } from '../eservice-config.ts'
import { placesOf } from '../custody.ts'
import { searchEvidence } from '../evidence-search.ts'
import type { EvidenceQuery, FoundEvidence } from '../evidence-search.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command, Terminal } from './command.ts'

/** An e-service whose requests are kept. */
type Keeping = EServiceConfig & { readonly evidence: NonNullable<EServiceConfig['evidence']> }

/** `varco evidence`: what was kept of signed requests (PROFILE_NON_REPUDIATION_01), found, exported and verified. */
export const evidence: Command = {
  name: 'evidence',
  summary: 'Find, export and verify the evidence of signed requests',
  usage: `varco evidence [FILTERS] [--export FILE|-] [--config FILE]
varco evidence verify [--eservice NAME] [--config FILE]

Lists the requests that were kept as evidence (PROFILE_NON_REPUDIATION_01). The keys come from the configuration. Where several workers keep
them each has files of its own, and they are listed one worker after the other. Filters:
  --eservice NAME      of this e-service (default: of all that keep evidence)
  --from DAY, --to DAY that came on these days (2026-03-02; Europe/Rome; both included)
  --consumer ID, --client ID, --purpose ID
  --correlationId ID   as the answer and the log have it
  --jti ID             of the signature or of the voucher
With --export they are written with their bodies (base64) and the signatures of their answers, as JSON, one a line: whoever gets them verifies
the header Digest over the body and Agid-JWT-Signature with signer.publicJwk. The file must not be there yet; it is readable by its owner alone.

varco evidence verify checks that every entry is what was written at its place, and names the first of each file that is not.
Exit code 0 when all could be read and is good, 1 otherwise.`,
  async run (args, terminal) {
    const { values: { config: file, eservice, export: target, ...query }, positionals: [word, ...more] } = parseArgs({
      args: [...args],
      options: {
        config: { type: 'string' }, eservice: { type: 'string' }, export: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' },
        consumer: { type: 'string' }, client: { type: 'string' }, purpose: { type: 'string' }, correlationId: { type: 'string' }, jti: { type: 'string' }
      },
      allowPositionals: true
    })
    if (more.length > 0 || (word !== undefined && word !== 'verify')) throw new UsageError(`"${more[0] ?? word}" is not understood: there is only verify`)
    if (word === 'verify' && (target !== undefined || Object.keys(query).length > 0)) throw new UsageError('verify checks everything of an e-service: give --eservice at most')
    refuseWrongDays(query)
    const config = await loadConfig(file ?? join(import.meta.dirname, '../gateway.yaml'), terminal.env, { secrets: 'ignored' })
    const chosen = chooseKeeping(config, eservice)
    if (word === 'verify') return verify(config, chosen, terminal)
    return target === undefined ? list(config, chosen, query, terminal) : exportTo(target, config, chosen, query, terminal)
  }
}

function refuseWrongDays ({ from, to }: EvidenceQuery): void {
  for (const day of [from, to]) {
    const time = Date.parse(`${day}T00:00:00Z`)
    if (day !== undefined && (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== day)) throw new UsageError(`"${day}" is no day: write it like 2026-03-02`)
  }
}

function chooseKeeping ({ eservices }: Config, name: string | undefined): readonly Keeping[] {
  const keeping = eservices.filter((one): one is Keeping => one.evidence !== undefined)
  const names = keeping.map((one) => one.name)
  if (name !== undefined && !names.includes(name)) throw new UsageError(`there is no e-service "${name}" that keeps evidence.${didYouMean(name, names)} There are: ${names.join(', ') || 'none'}`)
  const chosen = keeping.filter((one) => name === undefined || one.name === name)
  const problems = chosen.filter((one) => one.evidence.keys.includes('')).map((one) => `eservices.${one.name}.evidence.keys: a variable that is named there is not set, and without it nothing can be read`)
  if (chosen.length === 0) problems.push('no e-service of this configuration keeps evidence: eservices.<name>.evidence')
  if (problems.length > 0) throw new CheckedFileError(problems)
  return chosen
}

async function verify (config: Config, chosen: readonly Keeping[], { out, err, now }: Terminal): Promise<number> {
  let isGood = true
  for (const { name, eserviceId, evidence: { keys, retentionDays } } of chosen) {
    const sum = { segments: 0, entries: 0, faults: 0 }
    for (const place of await placesOf(config.state, eserviceId, keys)) {
      const { segments, entries, faults, notes } = await verifyEvidence(place, retentionDays, now())
      for (const note of notes) out(`${name}: note: ${place.within}${note}\n`)
      for (const fault of faults) err(`${name}: BROKEN: ${place.within}${fault}\n`)
      sum.segments += segments
      sum.entries += entries
      sum.faults += faults.length
    }
    out(`${name}: ${sum.entries} entries in ${sum.segments} files are good${sum.faults > 0 ? `, ${sum.faults} files are not` : ''}\n`)
    isGood &&= sum.faults === 0
  }
  return isGood ? exitCodes.ok : exitCodes.findings
}

async function search (config: Config, chosen: readonly Keeping[], query: EvidenceQuery, bodies: boolean, { err }: Terminal, each: (name: string, found: FoundEvidence) => Promise<void> | void): Promise<number> {
  let isGood = true
  for (const { name, eserviceId, evidence: { keys } } of chosen) {
    for (const place of await placesOf(config.state, eserviceId, keys)) {
      const faults = await searchEvidence(place, query, { bodies }, ({ entry, answer }) => each(name, { entry: { ...entry, segment: place.within + entry.segment }, answer }))
      for (const fault of faults) err(`${name}: ${place.within}${fault}\n`)
      isGood &&= faults.length === 0
    }
  }
  return isGood ? exitCodes.ok : exitCodes.findings
}

async function list (config: Config, chosen: readonly Keeping[], query: EvidenceQuery, terminal: Terminal): Promise<number> {
  return search(config, chosen, query, false, terminal, (name, { entry: { hash, facts }, answer }) => {
    // The target may hold personal data; the export has it.
    const { receivedAt, operationId = '-', clientId = '-', purposeId = '-', correlationId, signer } = facts
    terminal.out(`${[receivedAt, name, operationId, answer?.status ?? 'unanswered', `client ${clientId}`, `purpose ${purposeId}`, `correlationId ${correlationId}`, `jti ${signer?.jti ?? '-'}`, `sha256 ${hash}`].join('  ')}\n`)
  })
}

async function exportTo (target: string, config: Config, chosen: readonly Keeping[], query: EvidenceQuery, terminal: Terminal): Promise<number> {
  if (target === '-') return search(config, chosen, query, true, terminal, (name, found) => { terminal.out(exportLine(name, found)) })
  const file = await open(target, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(error.code === 'EEXIST' ? `${target} is there already` : `${target} cannot be written (${error.code ?? 'unknown error'})`)
  })
  try {
    return await search(config, chosen, query, true, terminal, async (name, found) => file.appendFile(exportLine(name, found)))
  } finally {
    await file.close()
  }
}

function exportLine (eservice: string, { entry: { segment, position, hash, facts: { kind: _request, ...request }, body }, answer }: FoundEvidence): string {
  const { kind: _answer, request: _of, ...answered } = answer ?? {}
  return `${JSON.stringify({ eservice, entry: { segment, position, sha256: hash }, request: { ...request, body: (body ?? Buffer.alloc(0)).toString('base64') }, answer: answer ? answered : null })}\n`
}
