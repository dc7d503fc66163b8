import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countCases } from './pattern-cases.ts'
import { patternTable, withPatternTable } from './pattern-table.ts'

const root = join(import.meta.dirname, '..')
const readme = join(root, 'README.md')
const usage = `npm run patterns [-- --write | --cases]

Prints the patterns that are enforced: by whose trust, what is checked, the refusals. All of it is taken from the code.
  --write  puts the table into README.md
  --cases  runs the tests of every pattern and counts their named cases
`

try {
  const { values } = parseArgs({ options: { write: { type: 'boolean' }, cases: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
  if (values.help) process.stdout.write(usage)
  else if (values.write) await writeFile(readme, withPatternTable(await readFile(readme, 'utf8')))
  else if (values.cases) {
    const counts = await countCases(root)
    const failed = counts.some((count) => count.failed > 0)
    for (const { pattern, cases, failed: wrong } of counts) process.stdout.write(`${String(cases).padStart(5)}  ${pattern}${wrong > 0 ? `, ${wrong} FAILED` : ''}\n`)
    process.stdout.write(`${String(counts.reduce((sum, { cases }) => sum + cases, 0)).padStart(5)}  in all\n`)
    process.exitCode = failed ? 1 : 0
  } else process.stdout.write(patternTable())
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${usage}`)
  process.exitCode = 2
}
