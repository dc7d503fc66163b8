import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { exitCodes, UsageError } from './command.ts'
import type { Command } from './command.ts'
import { judgeVectors } from './test-vectors.ts'
import type { Judgement } from './test-vectors.ts'

/** `varco vectors`: public JOSE test vectors against the code that judges tokens. */
export const vectors: Command = {
  name: 'vectors',
  summary: 'Try public JOSE test vectors on the code that judges tokens',
  usage: `varco vectors FILE [FILE...] [--json]

Reads files of public JOSE test vectors (the form of Wycheproof's json_web_signature_test.json: testGroups with a key and tests)
and says of every case whether the token is accepted or refused, why, and whether that is what the file expects.
Shared secrets (HS256, HS384, HS512) are taken here only; encrypted tokens (JWE) are named and not compared.
  --json  {cases, agree, disagree, notCompared} instead of text
Exit code 0 when nothing disagrees, 1 otherwise.`,
  async run (args, terminal) {
    const { values, positionals: files } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } }, allowPositionals: true })
    if (files.length === 0) throw new UsageError('name one file or more')
    const cases: Case[] = []
    for (const file of files) cases.push(...(await judgeFile(file)).map((judgement) => ({ file, ...judgement })))
    const count = (outcome: Judgement['outcome']): number => cases.filter((one) => one.outcome === outcome).length
    const counts = { agree: count('agree'), disagree: count('DISAGREE'), notCompared: count('not compared') }
    terminal.out(values.json ? `${JSON.stringify({ cases, ...counts })}\n` : toText(files, cases, counts))
    return counts.disagree === 0 ? exitCodes.ok : exitCodes.findings
  }
}

type Case = Judgement & { readonly file: string }

async function judgeFile (file: string): Promise<readonly Judgement[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => { throw new UsageError(`${file} cannot be read (${error.code ?? 'unknown error'})`) })
  const judged = judgeVectors(text)
  if (typeof judged === 'string') throw new UsageError(`${file} holds no test vectors: ${judged}`)
  if (judged.length === 0) throw new UsageError(`${file} holds no test vectors: it has no test`)
  return judged
}

function toText (files: readonly string[], cases: readonly Case[], { agree, disagree, notCompared }: Readonly<Record<'agree' | 'disagree' | 'notCompared', number>>): string {
  const width = Math.max(...cases.map(({ tcId }) => tcId.length))
  const line = ({ tcId, expected, verdict, outcome, reason, comment }: Judgement): string =>
    `${tcId.padStart(width)}  ${expected.padEnd(10)}  ${verdict.padEnd(8)}  ${outcome.padEnd(12)}  ${reason}${comment && ` (${comment})`}\n`
  const listed = [...new Set(files)].map((file) => `${file}\n${cases.filter((one) => one.file === file).map(line).join('')}\n`)
  const wrong = (verdict: Judgement['verdict'], what: string): string => {
    const found = cases.filter((one) => one.outcome === 'DISAGREE' && one.verdict === verdict)
    return found.length === 0 ? '' : `${what}: ${found.map(({ file, tcId }) => new Set(files).size > 1 ? `${file} ${tcId}` : tcId).join(', ')}\n`
  }
  return `${listed.join('')}${cases.length} cases: ${agree} agree, ${disagree} disagree, ${notCompared} not compared
${wrong('accepted', 'accepted, but to be refused')}${wrong('refused', 'refused, but valid')}`
}
