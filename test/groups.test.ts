import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { alone, filesOf, groupNames, root, testFiles } from './groups.ts'

t.test('every test file is run, and is run once', async (t) => {
  const run = [...alone, ...groupNames.flatMap((group) => [...filesOf(group)])]
  t.strictSame(run.toSorted(), testFiles(['**/*']))
})

t.test('a file that runs on its own is there', async (t) => {
  for (const file of alone) t.ok(existsSync(join(root, file)), file)
})

t.test('every group has a file that runs it, and there are no others', async (t) => {
  const files = globSync('test/*.suite.ts', { cwd: root })
  t.strictSame(files.toSorted(), groupNames.map((group) => `test/${group}.suite.ts`).toSorted())
  for (const group of groupNames) t.equal(readFileSync(join(root, `test/${group}.suite.ts`), 'utf8'), `import { runTogether } from './together.ts'\n\nrunTogether('${group}')\n`)
})
