import { relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Severity } from '../../openapi/lint/finding.ts'
import type { Checked, Problem } from './checked.ts'

const levels: Readonly<Record<Severity, string>> = { error: 'error', warn: 'warning', info: 'note', hint: 'note' }

/** What was found as SARIF 2.1.0 (OASIS), for tools that show findings beside a change. */
export function toSarif (checked: readonly Checked[], language: 'it' | 'en') {
  const problems = checked.flatMap((one) => one.problems)
  const rules = [...new Map(problems.map((problem) => [problem.rule, problem])).values()]
  const indexes = new Map(rules.map(({ rule }, index) => [rule, index]))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'varco', rules: rules.map(({ rule, url, rac, reference }) => ({ id: rule, ...url !== undefined && { helpUri: url }, properties: { ...rac !== undefined && { rac }, ...reference !== undefined && { reference } } })) } },
      results: problems.map((problem) => ({ ruleId: problem.rule, ruleIndex: indexes.get(problem.rule), level: levels[problem.severity], message: { text: problem.message[language] }, locations: [locationOf(problem)] }))
    }]
  }
}

function locationOf ({ file, line, column, pointer }: Problem) {
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...line !== undefined && { region: { startLine: line, startColumn: column ?? 1 } } },
    ...pointer !== undefined && { logicalLocations: [{ fullyQualifiedName: pointer }] }
  }
}

/** Relative where it lies below the folder in which it is looked at, as the tools want it. */
function uriOf (file: string): string {
  const path = relative(process.cwd(), file)
  return path.startsWith('..') ? pathToFileURL(file).href : path.split(/[\\/]/).map(encodeURIComponent).join('/')
}
