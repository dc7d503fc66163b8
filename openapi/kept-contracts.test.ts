import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadContract } from './contract.ts'
import type { Contract } from './contract.ts'
import { KeptContracts } from './kept-contracts.ts'

const folder = await mkdtemp(join(tmpdir(), 'varco-kept-'))
t.teardown(async () => rm(folder, { recursive: true, force: true }))
const state = join(folder, 'state')
const kept = new KeptContracts(state)
const main = join(folder, 'things.yaml')
const schema = 'type: string\n'
const schemaUrl = 'https://schemas.example.it/thing.yaml'
const schemaSha256 = '7a16e9ec7ffd96fcb37f5c5e839b2e7ea32e488091a0d010f359377968d23f44'

const documentOf = (reference: string): string => `openapi: 3.0.3
info: { title: Things, version: '1' }
servers: [{ url: https://api.example.it/things }]
paths:
  /things:
    get:
      operationId: listThings
      parameters: [{ name: q, in: query, schema: { $ref: '${reference}' } }]
      responses: { '200': { description: ok } }
`

/** Writes a contract of several files, reads it and keeps it. */
async function keep (reference = './parts/thing.yaml'): Promise<Contract> {
  await mkdir(join(folder, 'parts'), { recursive: true })
  await writeFile(main, documentOf(reference))
  await writeFile(join(folder, 'parts/thing.yaml'), schema)
  const contract = await loadContract(main)
  await kept.keep(contract)
  return contract
}

t.test('a contract that nobody has touched is what it was', async (t) => {
  t.equal(await kept.find(main), undefined, 'there is none at first')
  const contract = await keep()
  t.strictSame([...contract.digests.keys()], [main, join(folder, 'parts/thing.yaml')])
  const found = await kept.find(main)
  // A copy has no prototypes of its own: members decide.
  t.same(found, contract)
  t.ok(Array.isArray(found?.operations[0]?.parameters) && found.operations[0].responses instanceof Map)
  const names = await readdir(state)
  t.equal(names.length, 1, 'nothing half-written is left')
  if (process.platform !== 'win32') t.strictSame([(await stat(state)).mode & 0o777, (await stat(join(state, names[0] as string))).mode & 0o777], [0o700, 0o600])
  await keep()
  t.equal((await readdir(state)).length, 1, 'the next one takes its place')
})

t.test('a contract of which one file has changed or is gone is read anew', async (t) => {
  await keep()
  await appendFile(main, '# a remark\n')
  t.equal(await kept.find(main), undefined)
  for (const change of [async (path: string) => writeFile(path, 'type: integer\n'), rm]) {
    await keep()
    t.ok(await kept.find(main))
    await change(join(folder, 'parts/thing.yaml'))
    t.equal(await kept.find(main), undefined)
  }
})

t.test('what is vendored counts, and so does the file that says so', async (t) => {
  const lock = join(folder, 'refs.lock.yaml')
  const write = async (sha256: string): Promise<void> => writeFile(lock, `'${schemaUrl}': { file: parts/thing.yaml, sha256: ${sha256} }\n`)
  await write(schemaSha256)
  const { digests } = await keep(schemaUrl)
  t.strictSame([...digests.keys()], [main, lock, join(folder, 'parts/thing.yaml')])
  t.ok(await kept.find(main))
  await write(schemaSha256.replaceAll('9', '8'))
  t.equal(await kept.find(main), undefined)
})

t.test('what another program kept, what is not whole and what is of another file is not taken', async (t) => {
  await keep()
  const place = join(state, (await readdir(state))[0] as string)
  const bytes = await readFile(place)
  const put = async (other: Buffer): Promise<Contract | undefined> => {
    await writeFile(place, other)
    return kept.find(main)
  }
  t.ok(await put(bytes))
  for (const length of [0, 16, 32, bytes.length - 1]) t.equal(await put(bytes.subarray(0, length)), undefined, `${length} bytes`)
  const flipped = Buffer.from(bytes)
  flipped[bytes.length >> 1]! ^= 1
  t.equal(await put(flipped), undefined)

  const elsewhere = new KeptContracts(join(folder, 'elsewhere'))
  const contract = await loadContract(main)
  await elsewhere.keep({ ...contract, file: join(folder, 'others.yaml') })
  const [name] = await readdir(join(folder, 'elsewhere'))
  t.equal(await put(await readFile(join(folder, 'elsewhere', name as string))), undefined, 'one that was kept for another file')

  const strange = new KeptContracts(join(folder, 'strange'), 'another program')
  await strange.keep(contract)
  t.ok(await strange.find(main))
  const [other] = await readdir(join(folder, 'strange'))
  t.equal(await put(await readFile(join(folder, 'strange', other as string))), undefined, 'one of another program')
})

t.test('a contract that was made of no file is never taken', async (t) => {
  const contract = await keep()
  await kept.keep({ ...contract, digests: new Map() })
  t.equal(await kept.find(main), undefined)
})
