import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import t from 'tap'
import type { Test } from 'tap'
import { CheckedFileError } from './adapters/checked-file-error.ts'
import { loadConfig } from './config.ts'
import { temporaryFolder } from './harness/process.ts'

const uuid = (last: number): string => `30000000-0000-4000-8000-${String(last).padStart(12, '0')}`
const env = { SECRET: 'a-secret-of-the-environment-canary4711', BURST: '7' }

const good = `pdnd:
  environment: sandbox
publicUrl: http://127.0.0.1:\${GATEWAY_PORT}
registry: registry.yaml
producer: ${uuid(1)}
limits:
  burst: { requests: 5, seconds: 2 }
eservices:
  things:
    contract: things.v1.yaml
    upstream: { url: 'http://127.0.0.1:\${ESERVICES_PORT}', secret: '\${SECRET}' }
    eserviceId: ${uuid(2)}
    descriptorIds: [${uuid(3)}]
    audience: [https://api.example.it/rest/things/v1]
`

type Env = Readonly<Record<string, string | undefined>>

type Purpose = Parameters<typeof loadConfig>[2]
const named = { 'registry.yaml': 'the registry', 'things.v1.yaml': 'the contract' }

async function load (t: Test, replacements: readonly (readonly [from: string, to: string])[] = [], environment: Env = env, purpose: Purpose = {}) {
  const text = replacements.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`the good configuration has no ${from}`)
    return changed.replace(from, to)
  }, good)
  const path = join(t.testdir({ ...named, 'gateway.yaml': text }), 'gateway.yaml')
  return loadConfig(path, environment, purpose)
}

/** The problems of the good configuration after some replacements, without the folder in front. */
async function problemsOf (t: Test, replacements: readonly (readonly [from: string, to: string])[], environment?: Env, purpose?: Purpose): Promise<readonly string[]> {
  const error: unknown = await load(t, replacements, environment, purpose).then(() => undefined, (thrown: unknown) => thrown)
  if (error === undefined) return []
  if (!(error instanceof CheckedFileError)) throw error
  return error.problems.map((problem) => problem.replace(/^.*gateway\.yaml:/, ''))
}

t.test('a good configuration is complete: paths absolute, defaults and ports filled in', async (t) => {
  const config = await load(t)
  t.match(config, {
    environment: 'sandbox',
    pdnd: { issuer: 'sandbox.varco.localhost', jwksUri: 'http://127.0.0.1:8081/.well-known/jwks.json' },
    publicUrl: 'http://127.0.0.1:8080',
    registry: /^\/.*\/registry\.yaml$/,
    listeners: { public: { host: '127.0.0.1', port: 8080 }, operations: { host: '127.0.0.1', port: 8082, token: undefined } },
    limits: { unproven: { requests: Number, seconds: Number }, bodyBytes: 1024 * 1024, connections: 2000 }
  })
  t.match(config.eservices, [{
    name: 'things', contract: /^\/.*\/things\.v1\.yaml$/, producer: uuid(1), burst: { requests: 5, seconds: 2 },
    upstream: { url: 'http://127.0.0.1:8090', secret: env.SECRET, timeoutMs: 10_000 }, integrity: { audience: [] }
  }])
})

t.test('PORT moves all ports together, and nothing but a port is taken', async (t) => {
  const config = await load(t, [], { ...env, PORT: '9000' })
  t.match(config, { publicUrl: 'http://127.0.0.1:9000', listeners: { public: { port: 9000 }, operations: { port: 9002 } }, pdnd: { jwksUri: 'http://127.0.0.1:9001/.well-known/jwks.json' }, eservices: [{ upstream: { url: 'http://127.0.0.1:9010' } }] })
  for (const PORT of ['0', '65526', '-1', '80a', '8080.5', '0x1F90', ' 8080']) await t.rejects(load(t, [], { ...env, PORT }), { message: `PORT is "${PORT}": it must be a number from 1 to 65525` })
})

t.test('an e-service\'s own settings win over the common ones', async (t) => {
  const config = await load(t, [['    audience', `    producer: ${uuid(9)}\n    burst: { requests: '\${BURST}', seconds: 1 }\n    path: /rest/other/v1\n    audience`]])
  t.match(config.eservices, [{ producer: uuid(9), burst: { requests: 7, seconds: 1 }, path: '/rest/other/v1' }])
  const { eservices } = await load(t, [['    audience', '    integrity: { audience: [urn:ente] }\n    audience']])
  t.match(eservices, [{ integrity: { audience: ['urn:ente'] } }])
})

const broken: Readonly<Record<string, readonly [replacements: readonly (readonly [string, string])[], problems: readonly RegExp[]]>> = {
  'an environment that does not exist': [[['environment: sandbox', 'environment: sandbocs']], [/^2: pdnd\.environment: "sandbocs" is not one of sandbox, .*Did you mean "sandbox"\?$/]],
  'a misspelt key': [[['registry:', 'registy:']], [/^1: must have required property 'registry'$/, /^4: registy: unknown key "registy"\. Did you mean "registry"\?$/]],
  'a misspelt key of an e-service': [[['audience:', 'audiance:']], [/^9: eservices\.things: must have required property 'audience'$/, /^14: .*Did you mean "audience"\?$/]],
  'a misspelt key of an upstream': [[['secret: ', 'sekret: ']], [/upstream: must have required property 'secret'$/, /unknown key "sekret"\. Did you mean "secret"\?$/]],
  'an id that is none': [[[uuid(2), uuid(2).slice(1)]], [/^12: eservices\.things\.eserviceId: is not of the form/]],
  'an id in upper case': [[[uuid(2), uuid(2).replace('3', 'A')]], [/^12: eservices\.things\.eserviceId: is not of the form/]],
  'a variable that is not set': [[['${SECRET}', '${SEKRET}']], [/^11: eservices\.things\.upstream\.secret: the environment variable SEKRET is not set$/]],
  'a variable in shell style': [[['${SECRET}', '${SECRET?}']], [/^11: .*has a "\$\{" that is no variable/]],
  'an upstream with a path': [[["${ESERVICES_PORT}'", "${ESERVICES_PORT}/x'"]], [/^11: eservices\.things\.upstream\.url: is not of the form/]],
  'an upstream with credentials': [[['http://127.0.0.1:${ESERVICES_PORT}', 'http://user:word@127.0.0.1']], [/^11: eservices\.things\.upstream\.url: is not of the form/]],
  'a public URL with a path': [[['${GATEWAY_PORT}', '${GATEWAY_PORT}/x']], [/^3: publicUrl: is not of the form/]],
  'no producer anywhere': [[[`producer: ${uuid(1)}\n`, '']], [/^8: eservices\.things\.producer: is missing: set it here or at the top of the file$/]],
  'no e-services': [[[good.slice(good.indexOf('eservices:')), 'eservices: {}\n']], [/^8: eservices: must not be empty$/]],
  'a limit of nothing': [[['requests: 5', 'requests: 0']], [/^7: limits\.burst\.requests: must be >= 1$/]],
  'a limit that is a word': [[['requests: 5', 'requests: many']], [/^7: limits\.burst\.requests: must be integer$/]],
  'an origin for answers that no URL has': [[['audience:', `replyTo: [{ consumer: ${uuid(5)}, origins: ['https://Fruitore.example.it', 'https://a.example:443', 'https://b.example:port', 'ftp://c.example'] }]\n    audience:`]],
    [/^14: .*origins\.3: is not of the form that is expected here: Scheme, host and port/, /^14: .*origins\.0: must be written as a URL has it: https:\/\/fruitore\.example\.it$/, /^14: .*origins\.1: must be written as a URL has it: https:\/\/a\.example$/, /^14: .*origins\.2: is not a URL$/]],
  'an origin for answers without TLS': [[['audience:', `replyTo: [{ consumer: ${uuid(5)}, origins: ['http://a.example', 'http://127.0.0.1:9000', 'http://localhost'] }]\n    audience:`]], [/^14: .*origins\.0: must be https, unless it is on this machine$/]],
  'an operations token that is short': [[['limits:', 'listeners: { operations: { token: short } }\nlimits:']], [/^6: listeners\.operations\.token: must have at least 16 characters$/]],
  'an empty list': [[[`[${uuid(3)}]`, '[]']], [/^13: eservices\.things\.descriptorIds: must not be empty$/]],
  'a reason that is none': [[["'${SECRET}' }", "'${SECRET}', plain: because }"]], [/^11: eservices\.things\.upstream\.plain: must have at least 10 characters$/]],
  'a contract and a registry that are not there': [[['things.v1', 'thing.v1'], ['registry.yaml', 'registri.yaml']], [/^4: registry: the file .*\/registri\.yaml cannot be read \(ENOENT\)$/, /^10: eservices\.things\.contract: the file .*\/thing\.v1\.yaml cannot be read \(ENOENT\)$/]],
  'grants that are not there': [[['audience:', 'grants: grant.yaml\n    audience:']], [/^14: eservices\.things\.grants: the file .*\/grant\.yaml cannot be read \(ENOENT\)$/]],
  'a sandbox that others can reach': [[['limits:', 'listeners: { public: { host: 0.0.0.0 } }\nlimits:']], [/^6: listeners\.public\.host: must be 127\.0\.0\.1 while the sandbox is trusted/]],
  'a listener for applications in the sandbox that others can reach': [[['limits:', 'listeners: { internal: { host: 0.0.0.0, tls: { certificate: a.pem } } }\nlimits:']], [/^6: listeners\.internal\.tls: must have required property 'key'$/, /^6: listeners\.internal: needs url/, /^6: listeners\.internal\.host: must be 127\.0\.0\.1 while the sandbox/, /^6: listeners\.internal\.tls\.certificate: the file .*a\.pem cannot be read/]],
  'a name that is no path segment': [[['things:', 'Things to do:']], [/^9: eservices\.Things to do: is not of the form that is expected here: Lower-case letters, digits and hyphens/]],
  'a key twice': [[['registry:', 'registry: a.yaml\nregistry:']], [/^5: Map keys must be unique$/]],
  'an anchor that is not there': [[[uuid(1), '*milano']], [/^5: no anchor is called "milano"$/]],
  'the platform as registry without a client to ask it': [[['registry: registry.yaml', 'registry: platform']], [/^4: registry: is the platform, which only a client of its interop API can ask: configure pdnd\.api$/]],
  'settings of the platform beside a registry file': [[['registry: registry.yaml', 'registry: registry.yaml\nlocalRegistry: registry.yaml\nregistryStaleHours: 2']], [/^5: localRegistry: goes with registry: platform only; a registry file holds everything$/, /^6: registryStaleHours: goes with registry: platform only/]],
  'a local registry that is not there, for too long': [[['registry: registry.yaml', 'registry: platform\nlocalRegistry: none.yaml\nregistryStaleHours: 169'], ['environment: sandbox', `environment: sandbox\n  api: { version: v3, clientId: ${uuid(7)}, privateKey: api.pem }`]], [/^6: localRegistry: the file .*none\.yaml cannot be read \(ENOENT\)$/, /^7: registryStaleHours: must be <= 168$/]],
  'a client of the interop API that is not whole': [[['environment: sandbox', 'environment: sandbox\n  api: { version: v1, clientid: x }']], [/^3: pdnd\.api: must have required property 'clientId'$/, /^3: pdnd\.api: must have required property 'privateKey'$/, /unknown key "clientid"\. Did you mean "clientId"\?$/, /^3: pdnd\.api\.version: "v1" is not one of v3, v2/]],
  'authorities that nobody names': [[['limits:', 'x509: { mode: ca }\nlimits:']], [/^6: x509: mode ca needs ca: name the files of the authorities$/]],
  'authorities beside pinned certificates': [[['limits:', 'x509: { mode: pinned, ca: [registry.yaml], crl: [registry.yaml] }\nlimits:']], [/^6: x509\.ca: is for mode ca: with mode pinned nothing but/, /^6: x509\.crl: is for mode ca/]],
  'authorities that are not there': [[['limits:', 'x509: { mode: ca, ca: [ca.pem], crl: [list.pem] }\nlimits:']], [/^6: x509\.ca\.0: the file .*ca\.pem cannot be read \(ENOENT\)$/, /^6: x509\.crl\.0: the file .*list\.pem cannot be read/]],
  'a misspelt way to trust certificates': [[['limits:', 'x509: { mode: pined, x5t: [] }\nlimits:']], [/^6: x509\.x5t: unknown key "x5t"\. Did you mean "x5u"\?$/, /^6: x509\.mode: "pined" is not one of pinned, ca\. Did you mean "pinned"\?$/]],
  'addresses of certificates that no URL has': [[['limits:', "x509: { mode: pinned, x5u: ['http://a.example', 'https://a.example/certs', 'https://A.example', 'https://a.example:443', 'https://a.example:port'] }\nlimits:"]],
    [/^6: x509\.x5u\.0: is not of the form that is expected here: https, host and port/, /^6: x509\.x5u\.1: is not of the form/, /^6: x509\.x5u\.2: must be written as a URL has it: https:\/\/a\.example$/, /^6: x509\.x5u\.3: must be written as a URL has it: https:\/\/a\.example$/, /^6: x509\.x5u\.4: is not a URL$/]],
  'everything that is wrong with a production start, whatever else is wrong': [
    [['environment: sandbox', 'environment: produzione\n  jwksUri: http://keys.example.it'], ['http://127.0.0.1:${GATEWAY_PORT}', 'http://api.example.it'], ['registry.yaml', 'registri.yaml'],
      [`producer: ${uuid(1)}\n`, ''], ['requests: 5', 'requests: many'], ['127.0.0.1:${ESERVICES_PORT}', '10.0.0.7'], ['${SECRET}', 'short'], ['audience:', 'audiance:'], ['things.v1', 'thing.v1']],
    [/^1: listeners\.operations\.token: is not set/, /^3: pdnd\.jwksUri: must be https/, /^4: publicUrl: must be https/, /^5: registry: the file .* cannot be read/, /^7: limits\.burst\.requests: must be integer/,
      /^9: eservices\.things: must have required property 'audience'/, /^9: eservices\.things\.producer: is missing/, /^10: eservices\.things\.contract: the file .* cannot be read/,
      /^11: eservices\.things\.upstream\.url: must be https/, /^11: eservices\.things\.upstream\.secret: is shorter than 32/, /^14: .*"audiance"/]
  ],
  'a document of another shape altogether': [[[good.slice(good.indexOf('publicUrl:')), 'publicUrl: 5\nregistry: []\nlisteners: [x]\neservices: { things: 7, others: { upstream: [] } }\n'], ['environment: sandbox', 'environment: collaudo']], [
    /^3: publicUrl: /, /^4: registry: must be string$/, /^5: listeners: must be object$/, /^5: listeners\.operations\.token: is not set/, /^6: eservices\.things: must be object$/,
    ...['contract', 'eserviceId', 'descriptorIds', 'audience'].map((key) => new RegExp(`^6: eservices\\.others: must have required property '${key}'$`)), /^6: eservices\.others\.upstream: must be object$/, /^6: eservices\.others\.producer: is missing/
  ]],
  'several things at once': [
    [['environment: sandbox', 'environment: prod'], ['requests: 5', 'requests: -5'], ['${SECRET}', '${SEKRET}'], [uuid(3), 'x'], ['contract:', 'contrakt:']],
    [/^2: pdnd\.environment/, /^7: limits\.burst\.requests/, /^9: eservices\.things: must have required property 'contract'/, /^10: .*"contract"/, /^11: .*SEKRET/, /^13: eservices\.things\.descriptorIds\.0/]
  ]
}

for (const [name, [replacements, expected]] of Object.entries(broken)) {
  t.test(`${name} is told with its line`, async (t) => {
    const problems = await problemsOf(t, replacements)
    t.equal(problems.length, expected.length, problems.join('\n'))
    for (const [index, pattern] of expected.entries()) t.match(problems[index], pattern)
  })
}

t.test('a file that is empty, or not there, or no YAML is told', async (t) => {
  const path = join(t.testdir({ 'gateway.yaml': '' }), 'gateway.yaml')
  await t.rejects(loadConfig(path, env), { message: /gateway\.yaml:1: must be object$/ })
  await t.rejects(loadConfig(`${path}x`, env), { message: /gateway\.yamlx: the file cannot be read \(ENOENT\)$/ })
  await writeFile(path, 'pdnd: [')
  await t.rejects(loadConfig(path, env), { message: /gateway\.yaml:1: / })
})

t.test('a value of the environment never becomes syntax', async (t) => {
  const SECRET = "x', evil: 'y\n    upstream: { url: http://evil.example, secret: z }\n#"
  const config = await load(t, [], { ...env, SECRET })
  t.equal(config.eservices[0]?.upstream.secret, SECRET)
  t.equal(config.eservices[0]?.upstream.url, 'http://127.0.0.1:8090')
  t.equal(config.eservices.length, 1)
})

t.test('no secret is shown, neither of the environment nor of the file, nor in an error', async (t) => {
  const inFile: readonly (readonly [string, string])[] = [["secret: '${SECRET}'", 'secret: canary4711-in-the-file'], ['limits:', 'listeners: { operations: { token: canary4711-operations-token } }\nlimits:']]
  for (const config of [await load(t), await load(t, inFile)]) t.notMatch(JSON.stringify({ shown: config.shown, hash: config.hash }), 'canary4711')
  t.match((await load(t)).shown, { eservices: { things: { upstream: { secret: '${SECRET}', url: 'http://127.0.0.1:${ESERVICES_PORT}' } } } })
  t.match((await load(t, [["'${SECRET}' }", "'${SECRET}', plain: a cable between two machines }"]])).shown, { eservices: { things: { upstream: { plain: 'a cable between two machines' } } } }, 'why there is no TLS')
  t.match((await load(t, inFile)).shown, { eservices: { things: { upstream: { secret: '[redacted]' } } }, listeners: { operations: { token: '[redacted]' } } })
  const problems = [
    ...await problemsOf(t, [['environment: sandbox', 'environment: produzione']]),
    ...await problemsOf(t, [...inFile, ['requests: 5', 'requests: 0']]),
    ...await problemsOf(t, [['url: ', 'uri: ']]),
    ...await problemsOf(t, [['http://127.0.0.1:${ESERVICES_PORT}', '${SECRET}']])
  ]
  t.ok(problems.length >= 6)
  t.notMatch(problems.join('\n'), 'canary4711')
})

t.test('the registry is a file, or the platform with what it does not know in a file', async (t) => {
  t.match(await load(t), { registry: /^\/.*\/registry\.yaml$/, localRegistry: undefined, registryStaleHours: 24 })
  const api: readonly [string, string] = ['environment: sandbox', `environment: sandbox\n  api: { version: v3, clientId: ${uuid(7)}, privateKey: api.pem }`]
  const platform = await load(t, [api, ['registry: registry.yaml', 'registry: platform']])
  t.match(platform, { registry: 'platform', localRegistry: undefined, registryStaleHours: 24 })
  const local = await load(t, [api, ['registry: registry.yaml', 'registry: platform\nlocalRegistry: registry.yaml\nregistryStaleHours: 2']])
  t.match(local, { registry: 'platform', localRegistry: /^\/.*\/registry\.yaml$/, registryStaleHours: 2 })
  t.match(await load(t, [['registry: registry.yaml', 'registry: ./registry.yaml']]), { registry: /registry\.yaml$/ })
  t.equal(new Set([(await load(t)).hash, platform.hash, local.hash]).size, 3)
})

t.test('two configurations have one hash exactly when they say the same', async (t) => {
  const { hash } = await load(t)
  t.match(hash, /^[0-9a-f]{64}$/)
  t.equal((await load(t, [['limits:', 'listeners: { public: { host: 127.0.0.1 } }\nlimits:']])).hash, hash, 'a default that is written down')
  t.not((await load(t, [['requests: 5', 'requests: 6']])).hash, hash, 'a number')
  t.not((await load(t, [], { ...env, ESERVICES_PORT: '8091' })).hash, hash, 'a value of the environment')
  t.not((await load(t, [], { ...env, SECRET: `${env.SECRET}!` })).hash, hash, 'a secret that nobody can guess')
  const short = (await load(t, [], { ...env, SECRET: 'guessable' })).hash
  t.equal((await load(t, [], { ...env, SECRET: 'guesswork' })).hash, short, 'a secret that could be guessed takes no part')
})

const evidenceKey = Buffer.alloc(32, 'canary4711').toString('base64')
const keeping = (keys: string): readonly [string, string] => ['    audience:', `    evidence: { keys: ${keys}, retentionDays: 365 }\n    audience:`]

t.test('a keychain is found from the file, and an e-service may have its own', async (t) => {
  const [one] = (await load(t)).eservices
  t.match(one, { keychain: undefined, keychainId: undefined, evidence: undefined })
  const [common] = (await load(t, [['registry:', `keychain: keys\nkeychainId: ${uuid(7)}\nregistry:`]])).eservices
  t.match(common, { keychain: /^\/.*\/keys$/, keychainId: uuid(7) })
  const [own] = (await load(t, [['registry:', 'keychain: keys\nregistry:'], ['    audience:', '    keychain: /etc/varco/keys\n    audience:']])).eservices
  t.match(own, { keychain: '/etc/varco/keys' })
})

t.test('the keys of evidence are 32 bytes each, in no hash, error or shown configuration as they are', async (t) => {
  const config = await load(t, [keeping("['${EVIDENCE_KEY}']")], { ...env, EVIDENCE_KEY: evidenceKey })
  t.strictSame(config.eservices[0]?.evidence, { keys: [evidenceKey], retentionDays: 365 })
  t.match(config.shown, { eservices: { things: { evidence: { keys: ['${EVIDENCE_KEY}'], retentionDays: 365 } } } })
  const inFile = await load(t, [keeping(`['${evidenceKey}']`)])
  t.match(inFile.shown, { eservices: { things: { evidence: { keys: ['[redacted]'] } } } })
  t.equal(inFile.hash, config.hash)
  t.not((await load(t, [keeping(`['${Buffer.alloc(32, 1).toString('base64')}']`)])).hash, config.hash, 'a rotation shows')
  for (const shown of [config, inFile]) t.notMatch(JSON.stringify({ shown: shown.shown, hash: shown.hash }), evidenceKey)
  const unset = await load(t, [keeping("['${EVIDENCE_KEY}']")], env, { secrets: 'ignored' })
  t.strictSame(unset.eservices[0]?.evidence?.keys, [''])
  for (const [keys, message] of [
    ["['${EVIDENCE_KEY}']", /keys\.0: the environment variable EVIDENCE_KEY is not set$/],
    [`['${evidenceKey.slice(4)}']`, /keys\.0: is not of the form that is expected here: 32 bytes in base64/],
    [`['${Buffer.alloc(31).toString('base64')}']`, /keys\.0: is not of the form/],
    ['[]', /keys: must not be empty$/],
    [`['${evidenceKey}'], days: 1`, /unknown key "days"/]
  ] as const) {
    const problems = await problemsOf(t, [keeping(keys)])
    t.match(problems, [message])
    t.notMatch(problems.join(), evidenceKey.slice(4))
  }
  t.match(await problemsOf(t, [keeping(`['${evidenceKey}']`), ['retentionDays: 365', 'retentionDays: 0']]), [/retentionDays: must be >= 1$/])
})

t.test('the files that a configuration names belong to its hash, wherever they are', async (t) => {
  const granting = good.replace('    audience', '    grants: grants.yaml\n    audience')
  const files = { ...named, 'grants.yaml': 'the grants' }
  const path = join(t.testdir({ ...files, 'gateway.yaml': granting, other: { ...files, 'gateway.yaml': granting } }), 'gateway.yaml')
  const other = join(path, '../other/gateway.yaml')
  const { hash } = await loadConfig(path, env)
  t.equal((await loadConfig(other, env)).hash, hash)
  for (const [file, content] of Object.entries(files)) {
    await writeFile(join(other, '..', file), 'changed')
    t.not((await loadConfig(other, env)).hash, hash, file)
    await writeFile(join(other, '..', file), content)
  }
})

t.test('applications call where the configuration says so, and nowhere otherwise', async (t) => {
  t.equal((await load(t)).listeners.internal, undefined)
  const listening = async (written: string, environment: Env = env) => (await load(t, [['limits:', `listeners: { internal: ${written} }\nlimits:`]], environment)).listeners.internal
  t.match(await listening('{}'), { host: '127.0.0.1', port: 8083, url: 'http://127.0.0.1:8083', tls: undefined, publicKeys: t.testdirName })
  t.match(await listening('{}', { ...env, PORT: '9000' }), { port: 9003 })
  t.match(await listening("{ port: '${INTERNAL_PORT}', host: '::1', publicKeys: keys }", { ...env, PORT: '9000' }), { url: 'http://[::1]:9003', publicKeys: join(t.testdirName, 'keys') })
  const key = join(await temporaryFolder(t), 'tls.key')
  await writeFile(key, '', { mode: 0o600 })
  t.match(await listening(`{ url: https://varco.comune.lan, tls: { certificate: registry.yaml, key: ${key} } }`), { url: 'https://varco.comune.lan', tls: { certificate: join(t.testdirName, 'registry.yaml'), key }, trustedProxies: [] })
  t.match(await listening('{ trustedProxies: [10.0.0.0/8] }'), { trustedProxies: ['10.0.0.0/8'] })
})

t.test('what the registry names belongs to the hash, too, and is looked at for changes', async (t) => {
  const registry = 'clients: [{ certificates: [{ file: outside.pem }] }]\ninternalClients: [{ keys: [{ file: crm.pem }], certificates: [{ file: later.pem }] }]\n'
  const path = join(t.testdir({ ...named, 'registry.yaml': registry, 'outside.pem': 'a', 'keys': { 'crm.pem': 'b' }, 'gateway.yaml': good.replace('limits:', 'listeners: { internal: { publicKeys: keys } }\nlimits:') }), 'gateway.yaml')
  const { hash, files } = await loadConfig(path, env)
  const inFolder = ['outside.pem', 'keys/crm.pem', 'keys/later.pem'].map((file) => join(path, '..', file))
  for (const file of inFolder) {
    t.ok(files.includes(file), file)
    await writeFile(file, 'changed')
    const changed = await loadConfig(path, env)
    t.not(changed.hash, hash, file)
    await (file.endsWith('later.pem') ? rm(file) : writeFile(file, file.endsWith('crm.pem') ? 'b' : 'a'))
    t.equal((await loadConfig(path, env)).hash, hash)
  }
  await writeFile(path, good)
  t.notOk((await loadConfig(path, env)).files.some((file) => file.includes('keys')), 'where no application calls nobody reads their keys')
})

t.test('a file that is named and is a folder cannot be read', async (t) => {
  const path = join(t.testdir({ ...named, 'gateway.yaml': good }), 'gateway.yaml')
  await rm(join(path, '../registry.yaml'))
  await mkdir(join(path, '../registry.yaml'))
  await t.rejects(loadConfig(path, env), { message: /gateway\.yaml:4: registry: the file .* cannot be read \(EISDIR\)$/ })
})

t.test('who uses no secret need not have them; everything else has to be right', async (t) => {
  const production: readonly (readonly [string, string])[] = [['environment: sandbox', 'environment: collaudo'], ['http://127.0.0.1:${GATEWAY_PORT}', 'https://api.example.it'], ['limits:', "listeners: { operations: { token: '${TOKEN}' } }\nlimits:"]]
  t.match(await load(t, production, {}, { secrets: 'ignored' }), { environment: 'collaudo', eservices: [{ name: 'things' }] })
  t.match(await problemsOf(t, production, {}), [/TOKEN is not set$/, /SECRET is not set$/])
  t.match(await problemsOf(t, [...production, ['things.v1', '${FOLDER}/things.v1'], ['${SECRET}', 'short']], {}, { secrets: 'ignored' }), [/FOLDER is not set$/, /shorter than 32/])
})

const api = (privateKey: string): readonly [string, string] => ['environment: sandbox', `environment: collaudo\n  api: { version: v3, clientId: ${uuid(7)}, privateKey: ${privateKey} }`]
const forReal: readonly (readonly [string, string])[] = [['http://127.0.0.1:${GATEWAY_PORT}', 'https://api.example.it'], ["'http://127.0.0.1:${ESERVICES_PORT}'", 'https://10.0.0.5'], ['limits:', "listeners: { operations: { token: '${SECRET}' } }\nlimits:"]]

t.test('outside the sandbox the key of the interop API client has to be there, a key, and for its owner only; nothing of it is told', async (t) => {
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const path = join(await temporaryFolder(t), 'api.pem')
  const problems = async (): Promise<readonly string[]> => problemsOf(t, [api(path), ...forReal])
  t.match(await problems(), [/^3: pdnd\.api\.privateKey: the file .*api\.pem cannot be read \(ENOENT\)$/])
  await writeFile(path, 'canary4711', { mode: 0o600 })
  t.match(await problems(), [/is no private key in PKCS#8 PEM/])
  t.notMatch(await problems(), ['canary4711'])
  await writeFile(path, pem)
  t.strictSame(await problems(), [])
  await chmod(path, 0o640)
  if (process.platform !== 'win32') t.match(await problems(), [/api\.pem is open to other users: run chmod 600 /])
  t.strictSame(await problemsOf(t, [api(path), ...forReal], env, { secrets: 'ignored' }), [], 'who only explains needs no key')
})

t.test('the key of a TLS listener is for its owner only', { skip: process.platform === 'win32' }, async (t) => {
  const path = join(await temporaryFolder(t), 'tls.key')
  await writeFile(path, 'canary4711', { mode: 0o600 })
  const tls = `{ certificate: registry.yaml, key: ${path} }`
  const written: readonly (readonly [string, string])[] = [['limits:', `listeners: { public: { tls: ${tls} }, internal: { tls: ${tls} } }\nlimits:`]]
  await load(t, written)
  for (const mode of [0o644, 0o640]) {
    await chmod(path, mode)
    const problems = await problemsOf(t, written)
    t.match(problems, [/^6: listeners\.public\.tls\.key: the file .*tls\.key is open to other users: run chmod 600 .*tls\.key$/, /^6: listeners\.internal\.tls\.key: the file .* is open to other users/])
    t.notMatch(problems.join(), 'canary4711')
  }
  t.strictSame(await problemsOf(t, written, env, { secrets: 'ignored' }), [], 'who only explains needs no key')
})

t.test('a key that is written into the configuration instead of its file is refused, and not repeated', async (t) => {
  const inside = '"-----BEGIN PRIVATE KEY-----\\ncanary4711"'
  for (const environment of [[api(inside), ...forReal], [['environment: sandbox', `environment: sandbox\n  api: { version: v2, clientId: ${uuid(7)}, privateKey: ${inside} }`] as const]]) {
    const problems = await problemsOf(t, environment)
    t.match(problems, [/^3: pdnd\.api\.privateKey: is not of the form that is expected here: the name of a PEM file .*never the key itself$/])
    t.notMatch(problems.join(), 'canary4711')
  }
})

t.test('the key of the interop API client may be made later in the sandbox, lies beside the configuration, and takes no part in the hash', async (t) => {
  const sandbox = (privateKey: string): readonly (readonly [string, string])[] => [['environment: sandbox', `environment: sandbox\n  api: { version: v2, clientId: ${uuid(7)}, privateKey: ${privateKey} }`]]
  const config = await load(t, sandbox('keys/api.pem'))
  t.match(config.pdnd.api, { version: 'v2', clientId: uuid(7), privateKey: /^\/.*\/keys\/api\.pem$/ })
  t.equal((await load(t, sandbox("'${SANDBOX_STATE}/x.pem'"))).pdnd.api?.privateKey, resolve('.varco/sandbox/x.pem'))
  t.equal((await load(t, sandbox('other.pem'))).hash, config.hash)
  t.not((await load(t)).hash, config.hash)
  t.equal((await load(t)).pdnd.api, undefined)
})

t.test('the configuration of the demonstration is good as it stands', async (t) => {
  const config = await loadConfig(join(import.meta.dirname, 'gateway.yaml'), {})
  t.strictSame(config.eservices.map(({ name }) => name), ['tickets', 'surveys', 'service-usage', 'sla-telemetry'])
})
