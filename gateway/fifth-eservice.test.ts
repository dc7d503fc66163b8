import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { freePort } from './harness/free-port.ts'
import { archiveContract, audience, basePath, ids, issuer, mintVoucher, registryContent } from './harness/platform.ts'
import * as parking from './harness/parking-permits.ts'
import { launchWith, root, temporaryFolder, untilStatus } from './harness/process.ts'
import type { LaunchOptions, Program } from './harness/process.ts'
import { startStandIns } from './harness/stand-ins.ts'

const made = new Set(['node_modules', '.git', '.tap', '.varco'])

/** A copy of the repository as it is checked out, with the packages of this one. */
async function copyRepository (t: Test): Promise<string> {
  const copy = await temporaryFolder(t)
  await cp(root, copy, { recursive: true, filter: (source) => !made.has(relative(root, source)) })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** The hash of every file of a copy, by path. */
async function hashes (folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.map(async (file) => [relative(folder, file), createHash('sha256').update(await readFile(file)).digest('hex')] as const)))
}

async function write (folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

t.test('in this repository a fifth e-service costs a contract, a module, a line in a list and its test', async (t) => {
  const copy = await copyRepository(t)
  const before = await hashes(copy)
  const { files, changed, configuration, contractPath, modulePath, testPath } = parking
  await write(copy, { ...files, [changed.path]: changed.change(await readFile(join(copy, changed.path), 'utf8')) })
  const deployment = await temporaryFolder(t)
  await write(deployment, { 'gateway.yaml': configuration(join(copy, contractPath)), 'registry.yaml': parking.registry })
  const port = await freePort()
  // Compiled code is kept by its path, and this one is not seen again.
  const options: LaunchOptions = { cwd: deployment, port, env: { VARCO_CALL_SECRET: 'a-secret-of-this-deployment-alone', NODE_COMPILE_CACHE: await temporaryFolder(t) } }
  const start = (...args: string[]): Program => launchWith(t, process.execPath, args.map((arg) => arg.endsWith('.ts') ? join(copy, arg) : arg), options)

  t.test('it is served through the gateway', async (t) => {
    const programs = [start('gateway/sandbox/main.ts', '--registry', 'registry.yaml'), start('eservices/main.ts'), start('gateway/main.ts', '--config', 'gateway.yaml')]
    await Promise.all(programs.map(async (program) => program.says(/ready on/)))
    t.match(programs[1]?.err, /\(tickets, surveys, service-usage, sla-telemetry, parking-permits\)/)
    await untilStatus(`http://127.0.0.1:${port}/status`, 200)
    const minted = await fetch(`http://127.0.0.1:${port + 1}/debug/vouchers`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"client":"polizia-locale","purpose":"controlli"}' })
    const { access_token: voucher } = await minted.json() as { access_token: string }
    const call = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}/rest/parking-permits/v1${path}`, { headers: { authorization: `Bearer ${voucher}` } })
    const answer = await call('/permits/AB123')
    t.equal(answer.status, 200)
    t.strictSame(await answer.json(), { code: 'AB123', valid: true })
    t.equal((await call('/permits/lower')).status, 400)
    t.match(await (await call('/permits/ZZ999')).json(), { status: 404 })
    t.equal((await fetch(`http://127.0.0.1:${port}/rest/parking-permits/v1/status`)).status, 200)
    t.match(await (await fetch(`http://127.0.0.1:${port}/docs/json`)).json(), { tags: [{ name: 'parking-permits' }] })
    await Promise.all(programs.map(async (program) => program.stop('SIGKILL')))
  })

  t.test('its test passes and its contract has no findings', async (t) => {
    for (const program of [start(testPath), start('openapi/lint/lint.ts', join(copy, contractPath))]) t.equal(await program.ended, 0, program.out + program.err)
  })

  t.test('nothing else has changed', async (t) => {
    const after = await hashes(copy)
    const different = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path))
    t.strictSame(new Set(different), new Set([contractPath, modulePath, testPath, changed.path]))
  })

  t.test('a missing or misspelt operation stops the boot with a sentence that names the file and the operationId', async (t) => {
    const module = files[modulePath] ?? ''
    const missing = 'operation "readPermit" is declared there but the e-service does not implement it'
    const cases = { readStatu: missing.replace('readPermit', 'readStatus'), readPermt: missing }
    for (const [misspelt, sentence] of Object.entries(cases)) {
      await write(copy, { [modulePath]: module.replace(`${misspelt === 'readPermt' ? 'readPermit' : 'readStatus'}:`, `${misspelt}:`) })
      const program = start('eservices/main.ts', 'parking-permits')
      t.equal(await program.ended, 78, misspelt)
      t.equal(program.err, `the e-services cannot start:\n  ${join(copy, contractPath)}: ${sentence}; the e-service implements "${misspelt}", which is not declared there\n`)
    }
    await write(copy, { [modulePath]: module.replace(/^ {4}readStatus: .*\n/m, '') })
    const program = start('eservices/main.ts', 'parking-permits')
    t.equal(await program.ended, 78)
    t.equal(program.err, `the e-services cannot start:\n  ${join(copy, contractPath)}: ${cases.readStatu}\n`)
  })
})

t.test('a remote e-service costs a contract and an entry of configuration', async (t) => {
  const { upstream, jwksUri } = await startStandIns(t)
  const [folder, port] = [await temporaryFolder(t), await freePort()]
  await write(folder, {
    'archive.json': JSON.stringify(archiveContract),
    'registry.yaml': JSON.stringify(registryContent()),
    'gateway.yaml': `pdnd: { environment: sandbox, issuer: ${issuer}, jwksUri: '${jwksUri}' }
publicUrl: http://127.0.0.1:${port}
producer: ${ids.producer}
registry: registry.yaml
eservices:
  archive: { contract: archive.json, upstream: { url: '${upstream.url}', secret: '\${ARCHIVE_SECRET}' }, eserviceId: ${ids.eservice}, descriptorIds: [${ids.descriptor}], audience: ['${audience}'] }
`
  })
  const gateway = launchWith(t, process.execPath, [join(root, 'gateway/varco.js'), 'start', '--config', 'gateway.yaml'], { cwd: folder, port, env: { ARCHIVE_SECRET: 'a-secret-that-only-those-two-know' } })
  await gateway.says(/ready on/)
  await untilStatus(`http://127.0.0.1:${port}/status`, 200)
  const answer = await fetch(`http://127.0.0.1:${port}${basePath}/items?limit=5`, { headers: { authorization: `Bearer ${mintVoucher(Date.now())}`, connection: 'close' } })
  t.equal(answer.status, 200)
  t.strictSame(await answer.json(), { ok: true })
  const [seen] = upstream.requests
  t.match(seen, { method: 'GET', url: `${basePath}/items?limit=5` })
  t.match(JSON.parse(Buffer.from(String(seen?.headers['varco-call']).split('.')[1] ?? '', 'base64url').toString()),
    { htm: 'GET', htu: seen?.url, operationId: 'listItems', caller: { consumerId: ids.consumer, purposeId: ids.purpose, eserviceId: ids.eservice } })
  t.equal(await gateway.stop(), 0)
})
