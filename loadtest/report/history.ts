import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Run } from './json.ts'

/** How many runs are kept: a file each, of some 20 KiB. */
const kept = 200

const suffix = '.json'

/** Keeps a run (what toJson made of it) in a folder, which is made if need be, and lets the oldest go. */
export async function keep (folder: string, json: string): Promise<void> {
  const { date } = JSON.parse(json) as Run
  await mkdir(folder, { recursive: true })
  const path = join(folder, date.replaceAll(':', '-') + suffix)
  await writeFile(`${path}.new`, json)
  await rename(`${path}.new`, path)
  for (const name of (await names(folder)).slice(0, -kept)) await rm(join(folder, name), { force: true })
}

/** The runs that are kept in a folder, the oldest first; what is not one, or is one of another version of the suite, is passed over. */
export async function readHistory (folder: string): Promise<readonly Run[]> {
  const found = await Promise.all((await names(folder)).map(async (name) => toRun(await readFile(join(folder, name), 'utf8').catch(() => ''))))
  return found.filter((run) => run !== undefined)
}

async function names (folder: string): Promise<readonly string[]> {
  const all = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return all.filter((name) => name.endsWith(suffix)).toSorted()
}

function toRun (text: string): Run | undefined {
  try {
    const run = JSON.parse(text) as Run
    const isWhole = typeof run.node === 'string' && !Number.isNaN(Date.parse(run.date)) && run.scenarios.every(({ name, group, ratioTo, ratio }) => [name, group, ratioTo].every((one) => typeof one === 'string') && Number.isFinite(ratio.median))
    return isWhole ? run : undefined
  } catch {
    return undefined
  }
}

/** What must be the same of two runs for their ratios to be compared: machine, version of Node, what was aimed at, and how. */
export function placeOf ({ cpuModel, cores, node, url, pinned, connections }: Run): string {
  const where = `${cpuModel}, ${cores} cores, Node ${node}, ${connections} connections, ${pinned ? 'pinned' : 'not pinned'}`
  return url === undefined ? where : `${where}, ${url}`
}
