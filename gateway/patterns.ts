import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { countCases } from './pattern-cases.ts'
import { patternPages, patternTable, withPatternTable } from './pattern-table.ts'

const root = join(import.meta.dirname, '..')
const usage = `npm run patterns [-- --write | --cases]

Prints the patterns that are enforced: by whose trust, what is checked, the refusals. All of it is taken from the code.
  --write  puts the table into the pages: ${Object.entries(patternPages).map(([page, columns]) => `${page} (${columns.join(', ')})`).join(', ')}
  --cases  runs the tests of every pattern and counts them, and the named cases in them
`

try {
  const { values } = parseArgs({ options: { write: { type: 'boolean' }, cases: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } })
  if (values.help) process.stdout.write(usage)
  else if (values.write) {
    for (const [page, columns] of Object.entries(patternPages)) await writeFile(join(root, page), withPatternTable(await readFile(join(root, page), 'utf8'), columns))
  } else if (values.cases) {
    const counts = await countCases(root)
    const line = (tests: number, cases: number, what: string): string => `${String(tests).padStart(6)} ${String(cases).padStart(6)}  ${what}\n`
    const sum = (what: 'tests' | 'cases'): number => counts.reduce((total, count) => total + count[what], 0)
    process.stdout.write(` tests  cases\n${counts.map(({ pattern, tests, cases, failed }) => line(tests, cases, failed > 0 ? `${pattern}, ${failed} FAILED` : pattern)).join('')}${line(sum('tests'), sum('cases'), 'in all')}`)
    process.exitCode = counts.some(({ failed }) => failed > 0) ? 1 : 0
  } else process.stdout.write(patternTable(Object.values(patternPages).flat()))
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${usage}`)
  process.exitCode = 2
}
