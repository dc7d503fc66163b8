import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { hasFaultOfOurs, linesOf, summaryOf, summaryText } from './report.ts'
import { studyFolder } from './study.ts'
import type { Study } from './study.ts'

const usage = `npm run corpus -- FOLDER... [--json FILE] [--no-lint] [--differential] [--deadline MS]

Loads every contract in the folders as a gateway would, compiles its schemas, and compares what profile pdnd finds with the
verdicts of the reference in expected-findings.json, where one lies beside them. One line for each contract that is refused
(REFUSED where the document itself is sound) or judged otherwise, then the figures over all.
  --json FILE    also everything about every contract, and the summary, as JSON
  --no-lint      no verdicts
  --differential  also tries requests made from the schemas on our validator and on openapi-backend's: DIFFER is a disagreement
                 that no known mistake of openapi-backend explains
  --deadline MS  how long one contract may take to load, and to lint (by default 60000)
Exit code 0 when every contract loads or is refused for a fault of its own and nothing differs, 1 otherwise, 2 for wrong words.`

const options = { json: { type: 'string' }, lint: { type: 'boolean', default: true }, differential: { type: 'boolean', default: false }, deadline: { type: 'string', default: '60000' }, help: { type: 'boolean' } } as const

/** Studies folders of contracts and writes the report; gives the exit code. */
export async function runCorpus (args: readonly string[], out: (text: string) => void): Promise<0 | 1 | 2> {
  const words = read(args)
  if (words === undefined || words.positionals.length === 0 || words.values.help) {
    out(`${usage}\n`)
    return words?.values.help ? 0 : 2
  }
  const { json, lint, differential, deadline } = words.values
  const studies: Study[] = []
  for (const folder of words.positionals) {
    for await (const study of studyFolder(folder, { lint, differential, deadlineMs: Number(deadline) })) {
      studies.push(study)
      for (const line of linesOf(study, folder)) out(`${line}\n`)
    }
  }
  const summary = summaryOf(studies)
  out(summaryText(summary, { lint, differential }))
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ summary, contracts: studies }, undefined, 2)}\n`)
  return hasFaultOfOurs(studies) ? 1 : 0
}

function read (args: readonly string[]) {
  try {
    const words = parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true })
    return Number(words.values.deadline) > 0 ? words : undefined
  } catch {
    return undefined
  }
}

if (import.meta.main) process.exitCode = await runCorpus(process.argv.slice(2), (text) => { process.stdout.write(text) })
