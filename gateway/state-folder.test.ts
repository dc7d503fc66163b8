import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ownFolder, ownFolders } from './state-folder.ts'

t.test('a process that is alone keeps its own in the state folder, a worker in one of its number', async (t) => {
  t.equal(ownFolder('/state', undefined), '/state')
  t.equal(ownFolder('/state', 3), join('/state', 'worker-3'))
})

t.test('all of them are found, whoever runs now', async (t) => {
  const state = t.testdir({ evidence: {}, 'quotas.jsonl': '' })
  t.strictSame(await ownFolders(state), [state])
  for (const name of ['worker-10', 'worker-2', 'worker-0', 'worker-x', 'worker-1.bak']) mkdirSync(join(state, name))
  t.strictSame(await ownFolders(state), [state, join(state, 'worker-2'), join(state, 'worker-10')])
  t.strictSame(await ownFolders(join(state, 'gone')), [join(state, 'gone')], 'also before anything was kept')
  writeFileSync(join(state, 'file'), '')
  await t.rejects(ownFolders(join(state, 'file')), { code: 'ENOTDIR' })
})
