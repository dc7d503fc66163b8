import { randomUUID } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import { loadContract } from '../../openapi/contract.ts'
import { complete } from '../init/additions.ts'
import { unifiedDiff } from '../init/unified-diff.ts'
import { exitCodes, UsageError } from './command.ts'
import type { Command } from './command.ts'
import { readNamed } from './input.ts'

/** `varco init`: what a contract lacks for the platform's catalogue and the gateway, shown or written. */
export const init: Command = {
  name: 'init',
  summary: 'Add to a contract what the platform and the gateway want of it',
  usage: `varco init FILE [--write]

Shows as a diff what a contract lacks and can be told without asking its owner: info.x-summary and x-api-id, descriptions of servers,
GET /status, problem+json for refusals, headers of rate limits, Retry-After, formats of numbers, operationIds, x-modi. What is there is
never changed: comments, order and quotes stay. What only the owner knows is left empty (DA COMPLETARE); varco check still tells of it.
  --write  writes it into the file
Exit code 0 when nothing is missing or it was written, 1 when something is.`,
  async run (args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], options: { write: { type: 'boolean' } }, allowPositionals: true })
    const [file] = positionals
    if (file === undefined || positionals.length > 1) throw new UsageError('name one contract')
    const source = (await readNamed(file)).toString('utf8')
    const completed = complete(source, file, randomUUID)
    const diff = unifiedDiff(completed.lines(), basename(file))
    if (diff === '') {
      terminal.out(`${file}: nothing is missing that can be added\n`)
      return exitCodes.ok
    }
    if (values.write !== true) {
      terminal.out(process.stdout.isTTY && terminal.env['NO_COLOR'] === undefined ? colour(diff) : diff)
      return exitCodes.findings
    }
    await write(file, completed.result())
    const added = diff.match(/^\+(?!\+\+)/gm)?.length ?? 0
    terminal.out(`${file}: ${added} ${added === 1 ? 'line' : 'lines'} added; see what is left with: varco check ${file}\n`)
    return exitCodes.ok
  }
}

/** Puts a text in the place of a contract, as a whole or not at all, and not if the contract could be loaded and no longer can. */
async function write (file: string, text: string): Promise<void> {
  const before = await loadContract(file).then(() => true, () => false)
  const temporary = join(dirname(file), `.${process.pid}.${basename(file)}`)
  try {
    const handle = await open(temporary, 'wx', (await stat(file)).mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (before) await loadContract(temporary)
    await rename(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
}

function colour (diff: string): string {
  const styles = { '+': 'green', '-': 'red', '@': 'cyan' } as const
  return diff.replaceAll(/^.*$/gm, (line) => {
    const style = /^(?:\+\+\+|---) /.test(line) ? 'bold' : styles[line[0] as keyof typeof styles]
    return style === undefined ? line : styleText(style, line, { validateStream: false })
  })
}
