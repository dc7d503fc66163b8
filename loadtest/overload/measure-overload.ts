import { circumstancesOf } from '../circumstances.ts'
import { interruption } from '../interruption.ts'
import { coresOf } from '../pinning.ts'
import { standardOutput, writeReport } from '../report/deliver.ts'
import { header } from '../report/header.ts'
import { overloadTable, verdictOf } from './report.ts'
import { runOverload } from './run.ts'

/** Connections of those that call in an open loop: as many as leave room for others among those that a gateway allows where nobody says how many. */
const connections = 1500

/** Offers a gateway one, two and three times of what it can serve, prints what comes of it (or JSON, or that to a file), and sets the exit code when it is not what is promised. */
export async function measureOverload ({ seconds, rounds, json }: { readonly seconds: number, readonly rounds: number, readonly json: string | undefined }): Promise<void> {
  const load = { seconds, rounds, connections }
  const cores = coresOf()
  const tell = (line: string): void => { process.stderr.write(`${line}\n`) }
  const circumstances = circumstancesOf(load, { pinned: cores !== undefined, url: undefined, skipped: [] })
  for (const line of header(circumstances)) tell(line)
  const measured = await runOverload(load, { signal: interruption(), cores, onLevel: (name, round, says) => { tell(`${round === 0 ? 'warm-up' : `round ${round}`}  ${name}: ${says}`) } })
  const { sentence, isKept } = verdictOf(measured)
  const figures = JSON.stringify({ ...circumstances, measured, isKept }, null, 2)
  process.stdout.write(`${json === standardOutput ? figures : `${overloadTable(measured)}\n${sentence}`}\n`)
  if (json !== undefined && json !== standardOutput) await writeReport(json, `${figures}\n`)
  if (!isKept) process.exitCode ??= 1
}
