import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadContract } from '../openapi/contract.ts'
import { documentOf } from './answers.ts'
import { contractOf, operationPath } from './operations-contract.ts'
import { messageOf } from './scenarios/bodies.ts'

t.test('documents and messages have the length that was asked for', async (t) => {
  for (const bytes of [512, 1024, 102_400]) {
    t.equal(Buffer.byteLength(documentOf(bytes)), bytes)
    t.equal(Buffer.byteLength(messageOf(bytes)), bytes)
    t.ok(JSON.parse(documentOf(bytes)) && JSON.parse(messageOf(bytes)))
  }
})

t.test('a generated contract has so many operations, and the one that is called', async (t) => {
  const file = join(t.testdir(), 'contract.json')
  await writeFile(file, JSON.stringify(contractOf(224)))
  const { operations } = await loadContract(file)
  t.equal(operations.length, 224)
  t.match(operationPath(112), '/group-112/items/')
  t.ok(operations.some(({ id }) => id === 'readItem112'))
})
