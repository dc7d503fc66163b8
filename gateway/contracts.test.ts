import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { isRefused } from '../openapi/requests/request-finding.ts'
import type { ParameterSource } from '../openapi/requests/parameters.ts'
import type { Config } from './config.ts'
import { openContracts, settleContracts, validatorsOf } from './contracts.ts'
import type { DescribedEService } from './route.ts'

const contractOf = (pattern: string): string => `openapi: 3.0.3
info: { title: Things, version: '1' }
servers: [{ url: https://api.example.it/things }]
paths:
  /things/{ids}:
    get:
      operationId: listThings
      parameters:
        - { name: ids, in: path, required: true, schema: { type: array, items: { type: integer } } }
        - { name: q, in: query, schema: { type: string, pattern: '${pattern}' } }
      responses: { '200': { description: ok } }
`

/** A process that only waits for a quiet moment ends. */
async function settle ({ state }: Config, eservices: readonly DescribedEService[], signal = new AbortController().signal): Promise<void> {
  const alive = setTimeout(() => undefined, 60_000)
  await settleContracts(eservices, state, signal, 1)
  clearTimeout(alive)
}

const prepare = async (t: Test) => {
  const folder = await mkdtemp(join(tmpdir(), 'varco-contracts-'))
  t.teardown(async () => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'things.yaml')
  await writeFile(file, contractOf('^a+$'))
  const config = { state: join(folder, 'state'), eservices: [{ contract: file }, { contract: file }] } as unknown as Config
  const open = async (before: readonly DescribedEService[] = []) => {
    const contract = (await openContracts(config, before)).get(file)!
    return { contract, eservices: [{ contract }, { contract }] as unknown as readonly DescribedEService[], validator: validatorsOf(contract).get('listThings')! }
  }
  return { config, file, open }
}

const find = (q: string): ParameterSource => ({ path: { ids: '1' }, rawPath: () => '1', query: `q=${q}`, header: () => undefined })

t.test('what is kept is the same contract with the same checks, and is read only while it is the same', async (t) => {
  const { config, file, open } = await prepare(t)
  const first = await open()
  await settle(config, first.eservices)
  t.equal((await readdir(join(config.state, 'contracts'))).length, 1, 'a contract that two e-services have is kept once')

  // Something that only what was kept can say: the second reader and the compiler are not asked again.
  const kept = await open()
  t.not(kept.contract, first.contract)
  t.same(kept.contract, first.contract)
  t.strictSame(kept.validator.rawPath, first.validator.rawPath)
  t.strictSame([...kept.validator.rawPath], ['ids'])
  t.equal((await open(kept.eservices)).contract, kept.contract, 'what is live stays')

  await t.test('and is checked the same, before and after all of it is compiled', async (t) => {
    for (const settled of [false, true]) {
      if (settled) await settle(config, kept.eservices)
      for (const q of ['aaa', 'b']) t.strictSame(kept.validator.parameters(find(q)), first.validator.parameters(find(q)), `${q} ${settled}`)
      t.strictSame(['aaa', 'b'].map((q) => isRefused(kept.validator.parameters(find(q)))), [false, true])
    }
  })

  await writeFile(file, contractOf('^b+$'))
  const changed = await open(kept.eservices)
  t.not(changed.contract.sha256, first.contract.sha256)
  t.notSame(changed.validator.parameters(find('b')), first.validator.parameters(find('b')))
})

t.test('a contract that cannot be served is refused at every start, and never kept', async (t) => {
  const { config, file, open } = await prepare(t)
  await writeFile(file, contractOf('^(a$'))
  for (let start = 0; start < 2; start++) await t.rejects(open(), { message: /things\.yaml:10:\d+: the pattern/ })
  await t.rejects(readdir(join(config.state, 'contracts')), { code: 'ENOENT' })
})

t.test('nothing is kept by a gateway that stops meanwhile, and nobody is bothered where nothing can be', async (t) => {
  const { config, open } = await prepare(t)
  const { eservices } = await open()
  await settle(config, eservices, AbortSignal.abort())
  await t.rejects(readdir(config.state), { code: 'ENOENT' })
  await writeFile(config.state, 'a file')
  await settle(config, eservices)
  t.equal(await readFile(config.state, 'utf8'), 'a file')
})
