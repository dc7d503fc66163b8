import { generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { nameOf } from '../../policies/certificate-name.ts'
import { thumbprintOf } from '../../policies/jwk.ts'
import type { Jwk } from '../../policies/jwk.ts'
import { makeAuthority } from '../harness/certificates.ts'
import { CheckedFileError } from './checked-file-error.ts'
import { internalClientsOf } from './internal-clients.ts'
import { readLocalRegistry, readRegistryFile, registryOf } from './registry-file.ts'

const demoPath = join(import.meta.dirname, '..', 'sandbox', 'registry.yaml')
const demo = await readRegistryFile(demoPath)

const id = (last: number): string => `aaaaaaaa-bbbb-4ccc-8ddd-${String(last).padStart(12, '0')}`
const limits = 'dailyCallsPerConsumer: 10, dailyCallsTotal: 10'
const small = `tenants:
  - { id: ${id(1)}, alias: producer, name: Comune, externalId: { origin: IPA, value: c_1 } }
  - { id: ${id(2)}, alias: consumer, name: Istituto, externalId: { origin: IPA, value: i_1 } }
eservices:
  - id: ${id(3)}
    alias: tickets
    name: Segnalazioni
    producerId: ${id(1)}
    descriptors:
      - { id: ${id(4)}, version: 1, state: Published, audience: [https://a.example], voucherLifespan: 600, ${limits} }
agreements:
  - { id: ${id(5)}, eserviceId: ${id(3)}, descriptorId: ${id(4)}, consumerId: ${id(2)}, state: Active }
purposes:
  - id: ${id(6)}
    alias: statistics
    title: Statistiche
    eserviceId: ${id(3)}
    consumerId: ${id(2)}
    versions: [{ id: ${id(7)}, state: Active, dailyCalls: 3 }]
clients:
  - { id: ${id(8)}, alias: collector, name: Raccolta, consumerId: ${id(2)}, kind: Consumer, purposes: [${id(6)}] }
`

/** The problems of the small file after some replacements, without the folder in front. */
async function problemsOf (test: Test, ...replacements: [string, string][]): Promise<readonly string[]> {
  const text = replacements.reduce((changed, [from, to]) => changed.replace(from, to), small)
  const path = join(test.testdir(), 'registry.yaml')
  await writeFile(path, text)
  const error: unknown = await readRegistryFile(path).then(() => undefined, (thrown: unknown) => thrown)
  if (error === undefined) return []
  if (!(error instanceof CheckedFileError)) throw error
  return error.problems.map((problem) => problem.replace(`${path}:`, ''))
}

t.test('the small file is right as it stands', async (t) => {
  t.strictSame(await problemsOf(t), [])
})

t.test('a misspelt state is reported at its line with the state that was meant', async (t) => {
  const problems = await problemsOf(t, ['state: Published', 'state: Publised'])
  t.equal(problems.length, 1)
  t.match(problems[0], /^10: eservices\.0\.descriptors\.0\.state: "Publised" is not one of /)
  t.match(problems[0], / Did you mean "Published"\?$/)
})

t.test('an unknown key is reported at its line with the key that was meant, and the one that is missing', async (t) => {
  const problems = await problemsOf(t, ['producerId', 'producerID'])
  t.match(problems, [/^5: eservices\.0: must have required property 'producerId'$/,
    /^8: eservices\.0\.producerID: unknown key "producerID"\. Did you mean "producerId"\?$/])
})

t.test('ids that lead nowhere and repeated ids and aliases are all reported at once, with shape errors', async (t) => {
  const problems = await problemsOf(t,
    [`${id(2)}, alias: consumer`, `${id(1)}, alias: producer`],
    [`producerId: ${id(1)}`, `producerId: ${id(90)}`],
    [`descriptorId: ${id(4)}`, `descriptorId: ${id(91)}`],
    [`purposes: [${id(6)}]`, `purposes: [${id(92)}]`],
    ['dailyCalls: 3', 'dailyCalls: many'])
  t.strictSame(problems, [
    `3: tenants.1.id: id "${id(1)}" is already taken: give each its own`,
    '3: tenants.1.alias: alias "producer" is already taken: give each its own',
    `8: eservices.0.producerId: no tenant of this file has the id "${id(90)}"`,
    `12: agreements.0.consumerId: no tenant of this file has the id "${id(2)}"`,
    `12: agreements.0.descriptorId: the e-service has no descriptor with the id "${id(91)}"`,
    `18: purposes.0.consumerId: no tenant of this file has the id "${id(2)}"`,
    '19: purposes.0.versions.0.dailyCalls: must be integer',
    `21: clients.0.consumerId: no tenant of this file has the id "${id(2)}"`,
    `21: clients.0.purposes.0: no purpose of this file has the id "${id(92)}"`
  ])
})

t.test('a purpose of an unknown e-service is reported', async (t) => {
  const title = 'title: Statistiche\n    eserviceId:'
  const problems = await problemsOf(t, [`${title} ${id(3)}`, `${title} ${id(93)}`])
  t.strictSame(problems, [`17: purposes.0.eserviceId: no e-service of this file has the id "${id(93)}"`])
})

t.test('a registry of another environment than the one that is configured is refused; one that names none is not', async (t) => {
  const path = join(t.testdir(), 'registry.yaml')
  await writeFile(path, `${small}environment: sandbox\n`)
  t.match(await readRegistryFile(path), { environment: 'sandbox' })
  t.match(await readRegistryFile(path, 'sandbox'), { environment: 'sandbox' })
  await t.rejects(readRegistryFile(path, 'produzione'), { message: /registry\.yaml:22: environment: this is the registry of sandbox, and pdnd\.environment of the configuration is produzione: / })
  await writeFile(path, small)
  await t.resolves(readRegistryFile(path, 'produzione'))
  await t.rejects(readRegistryFile(demoPath, 'collaudo'), { message: /registry of sandbox.* is collaudo/ })
  t.match(await problemsOf(t, ['tenants:', 'environment: colaudo\ntenants:']), [/^1: environment: "colaudo" is not one of .*Did you mean "collaudo"\?$/])
})

t.test('delegations are read with it, and what they name must be there', async (t) => {
  const delegation = `{ id: ${id(60)}, kind: DelegatedConsumer, delegatorId: ${id(2)}, delegateId: ${id(1)}, eserviceId: ${id(3)}, state: Active }`
  const path = join(t.testdir(), 'registry.yaml')
  await writeFile(path, `${small.replace('title: Statistiche', `title: Statistiche\n    delegationId: ${id(60)}`)}delegations: [${delegation}]\n`)
  const registry = registryOf(await readRegistryFile(path))
  t.equal(registry.purpose(id(6))?.delegationId, id(60))
  t.match(registry.delegation(id(60)), { delegateId: id(1), state: 'Active' })
  t.strictSame(await problemsOf(t, ['clients:', `delegations: [${delegation.replace(id(2), id(90)).replace('kind: DelegatedConsumer', 'kind: Delegated')}]\nclients:`], ['title: Statistiche', `title: Statistiche\n    delegationId: ${id(91)}`]), [
    `17: purposes.0.delegationId: no delegation of this file has the id "${id(91)}"`,
    '21: delegations.0.kind: "Delegated" is not one of DelegatedConsumer, DelegatedProducer.',
    `21: delegations.0.delegatorId: no tenant of this file has the id "${id(90)}"`
  ])
})

t.test('a file beside the platform holds what it likes: its lists may be left out, and its ids be the platform\'s', async (t) => {
  const producers = new Map([[id(3), id(1)]])
  const path = join(t.testdir(), 'local.yaml')
  const read = async (text: string) => {
    await writeFile(path, text)
    return readLocalRegistry(path, 'sandbox', producers)
  }
  const client = `{ id: ${id(8)}, alias: own, name: Proprio, consumerId: ${id(2)}, kind: Consumer, purposes: [${id(6)}], certificates: [{ thumbprint: ${'T'.repeat(43)} }] }`
  t.match(await read(`clients: [${client}]\n`), { tenants: [], eservices: [], agreements: [], purposes: [], clients: [{ id: id(8), certificates: [{ thumbprint: String }] }] })
  t.match((await read(`agreements: [{ id: ${id(5)}, eserviceId: ${id(3)}, descriptorId: ${id(4)}, consumerId: ${id(2)}, state: Active }]\n`)).agreements, [{ producerId: id(1) }])
  t.strictSame((await read('{}\n')).clients, [])
  await t.rejects(read(`clients: [${client}, ${client}]\n`), { message: /clients\.1\.id: id ".*" is already taken[\s\S]*alias "own" is already taken/ })
  await t.rejects(read('eservices: []\n'), { message: /local\.yaml:1: eservices: unknown key "eservices"/ })
  await t.rejects(read(`agreements: [{ id: ${id(5)}, eserviceId: ${id(33)}, descriptorId: ${id(4)}, consumerId: ${id(2)}, state: Active }]\n`), { message: /agreements\.0\.eserviceId: no e-service of the configuration has the id/ })
  await t.rejects(read('environment: produzione\n'), { message: /this is the registry of produzione/ })
  await t.rejects(read(`clients: [${client.replace(`thumbprint: ${'T'.repeat(43)}`, 'file: none.pem')}]\n`), { message: /none\.pem cannot be read/ })
  await t.rejects(read(''), { message: /must be object/ })
})

const own = await makeAuthority('own')

t.test('a client\'s certificates are read with the file, in whatever way they are named', async (t) => {
  const folder = t.testdir({ 'own.pem': own.pem, 'own.der': own.certificate.raw, 'registry.yaml': small.replace('kind: Consumer,', `kind: Consumer, knownAs: [protocollo], certificates: [{ file: own.pem }, { file: own.der }, { thumbprint: ${'T'.repeat(43)} }, { subject: 'CN=own,O=Ente,C=IT' }],`) })
  const { clients: [client] } = await readRegistryFile(join(folder, 'registry.yaml'))
  t.match(client, { knownAs: ['protocollo'] })
  t.match(client?.certificates?.map((one) => 'file' in one ? one.certificates.map(({ raw }) => raw) : one), [[own.certificate.raw], [own.certificate.raw], { thumbprint: 'T'.repeat(43) }, { subject: 'CN=own,O=Ente,C=IT' }])
})

t.test('certificates that cannot be used are reported at their line', async (t) => {
  const wrong = ['{ file: none.pem }', '{ file: registry.yaml }', '{ thumbprint: abc }', "{ subject: 'subject=CN=x' }", "{ subject: 'CN=x,1.2.3.4=#0C01' }", '{ file: a, subject: CN=x }', '{}', '{ fingerprint: x }', '7']
  const problems = await problemsOf(t, ['kind: Consumer,', `kind: Consumer, certificates: [${wrong.join(', ')}],`])
  for (const [index, message] of [/the file .*none\.pem cannot be read \(ENOENT\)$/, /the file .* holds no certificate that can be read$/, /: is not of the form that is expected here: SHA-256/, /-nameopt RFC2253/, /by its thumbprint$/, / must NOT have more than 1 properties$/, /must not be empty$/, /unknown key "fingerprint"/, /must be object$/].entries()) {
    t.ok(problems.some((problem) => problem.startsWith(`21: clients.0.certificates.${index}`) && message.test(problem)), `${wrong[index]}: ${problems.filter((problem) => problem.includes(`certificates.${index}`)).join('; ')}`)
  }
})

const [mine, theirs] = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('ec', { namedCurve: 'P-384' })]
const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' })
const pkcs8 = mine.privateKey.export({ type: 'pkcs8', format: 'pem' })
const jwk = JSON.stringify(theirs.publicKey.export({ format: 'jwk' }))
const leaf = await makeAuthority('crm', { key: { name: 'ECDSA', namedCurve: 'P-256' } })

t.test('internal clients are read with their keys and certificates, for whoever lets them in', async (t) => {
  const client = `internalClients:\n  - { id: ${id(80)}, alias: crm, name: CRM, consumerId: ${id(1)}, purposes: [${id(6)}], keys: [{ file: mine.pem }, { file: theirs.json }], certificates: [{ file: leaf.pem }, { thumbprint: ${'T'.repeat(43)} }] }\n`
  const folder = t.testdir({ 'registry.yaml': small + client, 'keys': { 'mine.pem': spki(mine.publicKey), 'theirs.json': jwk, 'leaf.pem': leaf.pem } })
  const { internalClients = [] } = await readRegistryFile(join(folder, 'registry.yaml'), undefined, join(folder, 'keys'))
  const known = internalClientsOf(internalClients)
  for (const { publicKey } of [mine, theirs]) t.match(known.byKey(thumbprintOf(publicKey.export({ format: 'jwk' }) as Jwk)), { key: { asymmetricKeyType: 'ec' }, client: { id: id(80), consumerId: id(1), purposes: [id(6)] } })
  for (const thumbprint of ['T'.repeat(43), nameOf(leaf.certificate).thumbprint]) t.match(known.byCertificate(thumbprint), { id: id(80) })
  t.equal(known.byKey('x'.repeat(43)), undefined)
  t.equal(known.byCertificate(''), undefined)
  const unread = internalClientsOf((await readRegistryFile(join(folder, 'registry.yaml'))).internalClients ?? [])
  t.equal(unread.byKey(thumbprintOf(mine.publicKey.export({ format: 'jwk' }) as Jwk)), undefined, 'nobody else reads them')
  t.equal(registryOf(await readRegistryFile(join(folder, 'registry.yaml'))).client(id(80)), undefined, 'it is no client of the platform')
})

t.test('what internal clients name and cannot be used is reported at its line', async (t) => {
  const [weak, curve] = [generateKeyPairSync('rsa', { modulusLength: 1024 }), generateKeyPairSync('ec', { namedCurve: 'secp256k1' })]
  const files = {
    'mine.pem': spki(mine.publicKey), 'again.json': JSON.stringify(mine.publicKey.export({ format: 'jwk' })), 'private.pem': pkcs8, 'private.json': JSON.stringify(mine.privateKey.export({ format: 'jwk' })),
    'weak.pem': spki(weak.publicKey), 'curve.pem': spki(curve.publicKey), 'leaf.pem': leaf.pem, 'no.txt': 'no key', 'set.json': `{"keys":[${jwk}]}`, 'encryption.json': jwk.replace('{', '{"use":"enc",')
  }
  const folder = t.testdir(files)
  const problems = async (clients: string): Promise<readonly string[]> => {
    const path = join(folder, 'registry.yaml')
    await writeFile(path, `${small}internalClients:\n${clients}`)
    const error: unknown = await readRegistryFile(path, undefined, folder).then(() => undefined, (thrown: unknown) => thrown)
    return error instanceof CheckedFileError ? error.problems.map((problem) => problem.replace(`${path}:`, '').replaceAll(folder, '')) : []
  }
  const client = (last: number, more: string): string => `  - { id: ${id(last)}, alias: a${last}, name: CRM, consumerId: ${id(1)}, purposes: [${id(6)}]${more} }\n`
  const keyed = async (file: string): Promise<readonly string[]> => problems(client(80, `, keys: [{ file: ${file} }]`))
  t.strictSame(await keyed('mine.pem'), [])
  for (const [file, message] of [
    ['none.pem', /^23: internalClients\.0\.keys\.0\.file: the file .*none\.pem cannot be read \(ENOENT\)$/],
    ['private.pem', /holds a private key, which is its application's alone/],
    ['private.json', /holds a private key/],
    ['weak.pem', /it is a modulus of 1024 bits$/],
    ['curve.pem', /it is of a type that is not taken$/],
    ['encryption.json', /it is a key for another use$/],
    ['set.json', /it is of a type that is not taken$/],
    ['leaf.pem', /it is none in PEM \(BEGIN PUBLIC KEY\), nor a JWK$/],
    ['no.txt', /it is none in PEM/]
  ] as const) t.match(await keyed(file), [message], file)
  const held = (await keyed('private.pem')).join('')
  t.notOk(held.includes(pkcs8.slice(40, 80)), 'nothing of a private key is told')
  t.strictSame(await problems(client(80, '')), ['23: internalClients.0: has neither keys nor certificates: nobody could call as it'])
  t.match(await problems(client(80, ', keys: [{ file: mine.pem }]') + client(81, ', keys: [{ file: again.json }]')), [/^24: internalClients\.1\.keys\.0\.file: is the same key as one of internalClients\.0: who calls with it would be either$/])
  t.match(await problems(client(80, ', keys: [{ file: mine.pem }, { file: again.json }]')), [/is the same key a second time$/])
  t.match(await problems(client(80, ', certificates: [{ file: leaf.pem }]') + client(81, `, certificates: [{ thumbprint: ${nameOf(leaf.certificate).thumbprint} }]`)), [/^24: .*is the same certificate as one of internalClients\.0/])
  t.match(await problems(client(80, ", certificates: [{ subject: 'CN=crm' }]")), [/unknown key "subject"/])
  t.match(await problems(client(8, ', keys: [{ file: mine.pem }]').replace(id(6), id(96)).replace(id(1), id(91)).replace('a8', 'collector')), [/internalClients\.0\.id: id ".*" is already taken/, /alias "collector" is already taken/, /consumerId: no tenant/, /no purpose of this file has the id/])
})

t.test('in the sandbox, which makes it, the key of an application may not be there yet', async (t) => {
  const folder = t.testdir({ 'registry.yaml': `${small}internalClients:\n  - { id: ${id(80)}, alias: crm, name: CRM, consumerId: ${id(1)}, purposes: [${id(6)}], keys: [{ file: later.pem }] }\n` })
  t.match((await readRegistryFile(join(folder, 'registry.yaml'), 'sandbox', folder)).internalClients, [{ keys: [{ file: 'later.pem', key: undefined }] }])
  await t.rejects(readRegistryFile(join(folder, 'registry.yaml'), 'collaudo', folder), { message: /later\.pem cannot be read/ })
})

t.test('what is not YAML is reported at its line', async (t) => {
  t.match(await problemsOf(t, ['tenants:', 'tenants: [']), [/^\d+: /])
  t.match(await problemsOf(t, [`producerId: ${id(1)}`, 'producerId: *nobody']), ['8: no anchor is called "nobody"'])
})

t.test('an empty file, and one that is not there, are errors with a sentence', async (t) => {
  t.match(await problemsOf(t, [small, '']), [/^1: must be object$/])
  const missing = readRegistryFile(join(t.testdir(), 'none.yaml'))
  await t.rejects(missing, { message: /none\.yaml: the file cannot be read \(ENOENT\)/ })
})

t.test('a file whose aliases multiply without end is refused', async (t) => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 9; level++) {
    lines.push(`a${level}: &a${level} [${Array(10).fill(`*a${level - 1}`).join(', ')}]`)
  }
  t.match(await problemsOf(t, [small, lines.join('\n')]), ['1: its aliases multiply beyond all measure'])
})

t.test('the registry reads by id and knows nothing else', async (t) => {
  const registry = registryOf(demo)
  const istat = demo.tenants.find(({ alias }) => alias === 'istat')!
  t.equal(registry.tenant(istat.id), istat)
  t.equal(registry.tenant('constructor'), undefined)
  t.equal(registry.client(istat.id), undefined)
  for (const eservice of demo.eservices) {
    t.equal(registry.eservice(eservice.id), eservice)
    t.equal(registry.agreement(eservice.id, istat.id)?.producerId, eservice.producerId)
  }
  t.equal(registry.agreement(demo.eservices[0]!.id, 'nobody'), undefined)
})

t.test('of several agreements the Active one counts, otherwise the latest', async (t) => {
  const [agreement] = demo.agreements
  const inState = (state: 'Active' | 'Archived' | 'Pending') => ({ ...agreement!, id: state, state })
  const chosen = (...states: ('Active' | 'Archived' | 'Pending')[]) =>
    registryOf({ ...demo, agreements: states.map(inState) }).agreement(agreement!.eserviceId, agreement!.consumerId)?.id
  t.equal(chosen('Active', 'Archived'), 'Active')
  t.equal(chosen('Archived', 'Active'), 'Active')
  t.equal(chosen('Archived', 'Pending'), 'Pending')
})

t.test('in the demo registry ISTAT may make 10000 calls a day to each e-service', async (t) => {
  const istat = demo.tenants.find(({ alias }) => alias === 'istat')!
  const client = demo.clients.find(({ alias }) => alias === 'istat')!
  for (const eservice of demo.eservices) {
    const purpose = demo.purposes.find((each) => each.eserviceId === eservice.id && each.consumerId === istat.id)!
    t.match(purpose.versions, [{ state: 'Active', dailyCalls: 10_000 }])
    t.ok(client.purposes.includes(purpose.id))
    t.equal(registryOf(demo).agreement(eservice.id, istat.id)?.state, 'Active')
  }
  t.strictSame(demo.eservices.map(({ alias }) => alias), ['tickets', 'surveys', 'service-usage', 'sla-telemetry'])
})
