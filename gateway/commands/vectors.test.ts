import { constants, createHash, createHmac, generateKeyPairSync, privateEncrypt, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { runCommandLine } from '../command-line.ts'
import { launchWith, root, temporaryFolder } from '../harness/process.ts'

const folder = await temporaryFolder(t)
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = { 'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }), 'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }), 'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }) }
const secret = randomBytes(64)

type Members = Record<string, unknown>
const publicJwk = (key: { publicKey: KeyObject }): Members => key.publicKey.export({ format: 'jwk' }) as Members
const privateJwk = (key: { privateKey: KeyObject }): Members => key.privateKey.export({ format: 'jwk' }) as Members
const rsaJwk = publicJwk(rsa)
const ecJwk = publicJwk(ec['P-256'])
const oct: Members = { kty: 'oct', k: secret.toString('base64url') }

const encode = (value: Buffer | object | string): string => (Buffer.isBuffer(value) ? value : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))).toString('base64url')
const { RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING, RSA_NO_PADDING } = constants

/** The signature of a text by each algorithm. */
function signed (alg: string, text: string, saltLength = Number(alg.slice(2)) / 8): Buffer {
  const hash = `sha${alg.slice(2)}`
  const bytes = Buffer.from(text)
  if (alg.startsWith('HS')) return createHmac(hash, secret).update(bytes).digest()
  if (alg.startsWith('RS')) return sign(hash, bytes, { key: rsa.privateKey, padding: RSA_PKCS1_PADDING })
  if (alg.startsWith('PS')) return sign(hash, bytes, { key: rsa.privateKey, padding: RSA_PKCS1_PSS_PADDING, saltLength })
  return sign(hash, bytes, { key: ec[alg === 'ES256' ? 'P-256' : alg === 'ES384' ? 'P-384' : 'P-521'].privateKey, dsaEncoding: 'ieee-p1363' })
}

/** A JWS whose header says `alg` and is otherwise as given; `by` is the algorithm that really signs. */
function make (alg: string, { header = {}, payload = 'foo', by = alg }: { header?: object | string, payload?: string | Buffer, by?: string } = {}): string {
  const text = `${encode(typeof header === 'string' ? header : { alg, ...header })}.${encode(payload)}`
  return `${text}.${encode(signed(by, text))}`
}

const jwkOf = (alg: string): Members => alg.startsWith('HS') ? oct : alg.startsWith('ES') ? publicJwk(ec[alg === 'ES256' ? 'P-256' : alg === 'ES384' ? 'P-384' : 'P-521']) : rsaJwk
const algorithms = ['HS', 'RS', 'PS', 'ES'].flatMap((family) => ['256', '384', '512'].map((size) => family + size))

/** One case: the members of its group, its token, what must come of it. */
type Case = readonly [name: string, group: Members, jws: unknown, result: 'valid' | 'invalid']

const genuine: Case[] = [
  ...algorithms.flatMap((alg): Case[] => [
    [alg, { public: jwkOf(alg) }, make(alg), 'valid'],
    [`${alg} without payload`, { public: { ...jwkOf(alg), use: 'sig', alg } }, make(alg, { payload: '' }), 'valid'],
    [`${alg} over bytes that are no text`, { public: { ...jwkOf(alg), key_ops: ['verify'] } }, make(alg, { payload: randomBytes(40) }), 'valid'],
    [`${alg} with one bit flipped`, { public: jwkOf(alg) }, flip(make(alg)), 'invalid'],
    [`${alg} over another payload`, { public: jwkOf(alg) }, swapPayload(make(alg)), 'invalid'],
    [`${alg} with a key for another one`, { public: { ...jwkOf(alg), alg: algorithms[(algorithms.indexOf(alg) + 1) % 12] } }, make(alg), 'invalid'],
    [`${alg} with a key for encryption`, { public: { ...jwkOf(alg), use: 'enc' } }, make(alg), 'invalid'],
    [`${alg} with a key for other operations`, { public: { ...jwkOf(alg), key_ops: ['encrypt', 'sign'] } }, make(alg), 'invalid']
  ]),
  ...algorithms.flatMap((alg) => algorithms.filter((by) => by !== alg).map((by): Case => [`${by} that says ${alg}`, { public: jwkOf(alg) }, make(alg, { by }), 'invalid'])),
  ['a key of which only the private half is given', { private: { ...privateJwk(rsa), key_ops: ['sign'] } }, make('RS256'), 'valid'],
  ['a private key for other operations', { private: { ...privateJwk(rsa), key_ops: ['decrypt'] } }, make('RS256'), 'invalid'],
  ['spaces in the header', { public: rsaJwk }, make('RS256', { header: '{ "alg" :\n\t"RS256" }' }), 'valid']
]

function flip (jws: string): string {
  const [head, payload, signature = ''] = jws.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  bytes[bytes.length >> 1]! ^= 4
  return `${head}.${payload}.${encode(bytes)}`
}

function swapPayload (jws: string): string {
  const [head, , signature] = jws.split('.')
  return `${head}.${encode('bar')}.${signature}`
}

const good = make('HS256')
const [head = '', payload = '', mac = ''] = good.split('.')
const withSigned = (text: string): string => `${text}.${encode(signed('HS256', text))}`

const forms: Case[] = ([
  ['nothing', ''], ['one segment', head], ['two segments', `${head}.${payload}`], ['no signature', `${head}.${payload}.`], ['no header', `.${payload}.${mac}`], ['four segments', `${good}.`], ['five segments', `${good}.a.b`],
  ['spaces in the signature', `${head}.${payload}.  ${mac}`], ['a character of no alphabet', `${head}.${payload}.?${mac}`], ['one behind', `${good}?`], ['padding', `${good}=`],
  ['spaces behind the header, signed', withSigned(`${head}  .${payload}`)], ['other characters in the payload, signed', withSigned(`${head}.####${payload}`)], ['padding of the payload, signed', withSigned(`${head}.Zg==`)],
  ['unused bits of the payload, signed', withSigned(`${head}.AB`)], ['the other alphabet, signed', withSigned(`${head}.+/+/`)], ['one character of the payload, signed', withSigned(`${head}.A`)],
  ['the JSON serialisation as a text', JSON.stringify({ payload, protected: head, signature: mac })], ['the JSON serialisation', { payload, signatures: [{ protected: head, signature: mac }] }],
  ['a number', 7], ['null', null], ['a list', [good]], ['true', true], ['no token at all', undefined],
  ['none', `${encode({ alg: 'none' })}.${payload}.`], ['none with a signature', make('none', { by: 'HS256' })], ['NONE', make('NONE', { by: 'HS256' })], ['hs256', make('hs256', { by: 'HS256' })],
  ['__proto__ as algorithm', make('__proto__', { by: 'HS256' })], ['toString as algorithm', make('toString', { by: 'HS256' })], ['a list of algorithms', make('HS256', { header: { alg: ['HS256'] } })], ['no algorithm', make('HS256', { header: { alg: undefined } })],
  ['a member twice', make('HS256', { header: '{"alg":"HS256","alg":"HS256"}' })], ['a header that is a list', make('HS256', { header: '["HS256"]' })], ['a header in no UTF-8', withSigned(`${encode(Buffer.from('{"alg":"HS256","x":"\xff"}', 'latin1'))}.${payload}`)],
  ...['crit', 'b64', 'zip', 'cty', 'enc', 'jwk', 'jku', 'x5u', 'x5c'].map((name) => [`${name} in the header`, make('HS256', { header: { [name]: name === 'crit' ? ['exp'] : name === 'b64' ? false : 'x' } })] as const)
] as readonly (readonly [string, unknown])[]).map(([name, jws]) => [name, { private: oct }, jws, 'invalid'])

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const number = (value: bigint, bytes = 32): Buffer => Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex')
const edges = [0n, 1n, order - 1n, order, order + 1n, 2n ** 256n - 1n]
const esText = `${encode({ alg: 'ES256' })}.${encode('foo')}`
const esSignature = signed('ES256', esText)
const [r, s] = [esSignature.subarray(0, 32), esSignature.subarray(32)]
const plus = (bytes: Buffer, more: bigint): Buffer => number(BigInt(`0x${bytes.toString('hex')}`) + more, 33)
const ecdsa: Case[] = ([
  ['as it is', esSignature, 'valid'],
  ['the other s', Buffer.concat([r, number(order - BigInt(`0x${s.toString('hex')}`))]), 'valid'],
  ...edges.flatMap((left, at) => edges.map((right, and) => [`r ${at}, s ${and}`, Buffer.concat([number(left), number(right)]), 'invalid'] as const)),
  ['r + n', Buffer.concat([plus(r, order), number(0n, 1), s]), 'invalid'],
  ['s + n', Buffer.concat([number(0n, 1), r, plus(s, order)]), 'invalid'],
  ['r + 2^256', Buffer.concat([plus(r, 2n ** 256n), plus(s, 0n)]), 'invalid'],
  ['zeros before both', Buffer.concat([plus(r, 0n), plus(s, 0n)]), 'invalid'],
  ['zeros behind', Buffer.concat([esSignature, Buffer.alloc(2)]), 'invalid'],
  ['cut', esSignature.subarray(0, 63), 'invalid'],
  ['r alone', r, 'invalid'],
  ['hundreds of zeros', Buffer.concat([Buffer.alloc(300), r, Buffer.alloc(300), s]), 'invalid'],
  ['DER', sign('sha256', Buffer.from(esText), ec['P-256'].privateKey), 'invalid']
] as readonly (readonly [string, Buffer, 'valid' | 'invalid'])[]).map(([name, signature, result]) => [`ECDSA: ${name}`, { public: ecJwk }, `${esText}.${encode(signature)}`, result])

const rsText = `${encode({ alg: 'RS256' })}.${encode('foo')}`
const digest = sign('sha256', Buffer.from(rsText), { key: rsa.privateKey, padding: RSA_PKCS1_PADDING })
const hash = createHash('sha256').update(rsText).digest()
const oid = '0609608648016503040201'
const info = (hex: string): Buffer => Buffer.concat([Buffer.from(hex, 'hex'), hash])
const padded = (block: Buffer, fill = Buffer.alloc(256 - 3 - block.length, 0xff), type = '0001'): Buffer => Buffer.concat([Buffer.from(type, 'hex'), fill, Buffer.from('00', 'hex'), block])
const raw = (em: Buffer): Buffer => privateEncrypt({ key: rsa.privateKey, padding: RSA_NO_PADDING }, em)
const modulus = Buffer.from(String(rsaJwk['n']), 'base64url')
const goodInfo = info(`3031300d${oid}05000420`)
const pkcs1: Case[] = ([
  ['made by hand', raw(padded(goodInfo)), 'valid'],
  ['the length in long form', raw(padded(info(`308131300d${oid}05000420`))), 'invalid'],
  ['a length with a leading zero', raw(padded(info(`30820031300d${oid}05000420`))), 'invalid'],
  ['an indefinite length', raw(padded(Buffer.concat([info(`3080300d${oid}05000420`), Buffer.alloc(2)]))), 'invalid'],
  ['a length of 2^32 and more', raw(padded(info(`30850100000031300d${oid}05000420`))), 'invalid'],
  ['no NULL', raw(padded(info(`302f300b${oid}0420`))), 'invalid'],
  ['a NULL that is not empty', raw(padded(info(`3032300e${oid}0501000420`))), 'invalid'],
  ['another tag than NULL', raw(padded(info(`3031300d${oid}04000420`))), 'invalid'],
  ['the name of another hash', raw(padded(info('3031300d060960864801650304020205000420'))), 'invalid'],
  ['no name of a hash', raw(padded(hash)), 'invalid'],
  ['garbage in the sequence', raw(padded(Buffer.concat([info(`3033300d${oid}05000420`), Buffer.from('0500', 'hex')]))), 'invalid'],
  ['garbage behind', raw(padded(Buffer.concat([goodInfo, randomBytes(20)]), Buffer.alloc(256 - 3 - goodInfo.length - 20, 0xff))), 'invalid'],
  ['eight bytes of padding and garbage behind', raw(padded(Buffer.concat([goodInfo, randomBytes(256 - 3 - 8 - goodInfo.length)]), Buffer.alloc(8, 0xff))), 'invalid'],
  ['other padding', raw(padded(goodInfo, Buffer.alloc(256 - 3 - goodInfo.length, 0xfe))), 'invalid'],
  ['padding of an encryption', raw(padded(goodInfo, undefined, '0002')), 'invalid'],
  ['a cut hash', raw(padded(Buffer.concat([Buffer.from(`3030300d${oid}0500041f`, 'hex'), hash.subarray(0, 31)]))), 'invalid'],
  ['0', Buffer.alloc(256), 'invalid'],
  ['1', Buffer.concat([Buffer.alloc(255), Buffer.from([1])]), 'invalid'],
  ['n', modulus, 'invalid'],
  ['s + n', Buffer.from((BigInt(`0x${digest.toString('hex')}`) + BigInt(`0x${modulus.toString('hex')}`)).toString(16).padStart(514, '0'), 'hex'), 'invalid'],
  ['zeros before', Buffer.concat([Buffer.alloc(2), digest]), 'invalid'],
  ['zeros behind', Buffer.concat([digest, Buffer.alloc(2)]), 'invalid'],
  ['cut', digest.subarray(0, 254), 'invalid'],
  ['nothing but one byte', Buffer.from([0]), 'invalid']
] as readonly (readonly [string, Buffer, 'valid' | 'invalid'])[]).map(([name, signature, result]) => [`PKCS #1: ${name}`, { public: rsaJwk }, `${rsText}.${encode(signature)}`, result])

const psText = (alg: string): string => `${encode({ alg })}.${encode('foo')}`
const pss: Case[] = [['PS256', 20], ['PS256', 0], ['PS256', 31], ['PS256', 33], ['PS384', 32], ['PS512', 32], ['PS512', 190]].map(([alg, length]) =>
  [`PSS: ${alg} with ${length} bytes of salt`, { public: rsaJwk }, `${psText(String(alg))}.${encode(signed(String(alg), psText(String(alg)), Number(length)))}`, 'invalid'])

const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
const smallText = `${encode({ alg: 'RS256' })}.`
const otherEc = publicJwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
const confused = (bytes: Buffer | string): string => {
  const text = `${encode({ alg: 'HS256' })}.${encode('foo')}`
  return `${text}.${encode(createHmac('sha256', bytes).update(text).digest())}`
}
const shortSecret = (alg: string, bytes: number, result: Case[3]): Case => {
  const text = `${encode({ alg })}.${encode('foo')}`
  const key = randomBytes(bytes)
  return [`${alg} with a secret of ${bytes} bytes`, { private: { kty: 'oct', k: encode(key) } }, `${text}.${encode(createHmac(`sha${alg.slice(2)}`, key).update(text).digest())}`, result]
}
const named = (alg: string, kid: unknown): string => make(alg, { header: { kid } })
const keys: Case[] = [
  ['RSA of 1024 bits', { public: publicJwk(small) }, `${smallText}.${encode(sign('sha256', Buffer.from(smallText), small.privateKey))}`, 'invalid'],
  ['an exponent of 1', { public: { ...rsaJwk, e: 'AQ' } }, `${rsText}.${encode(padded(goodInfo))}`, 'invalid'],
  ['a point that is not on the curve', { public: { ...ecJwk, y: otherEc['y'] } }, make('ES256'), 'invalid'],
  ['a key that says another curve', { public: { ...ecJwk, crv: 'P-384' } }, make('ES256'), 'invalid'],
  ['a key of another type', { public: { ...ecJwk, kty: 'RSA' } }, make('ES256'), 'invalid'],
  ['a key without type', { public: { ...ecJwk, kty: undefined } }, make('ES256'), 'invalid'],
  ['a public key with its private half', { public: privateJwk(rsa) }, make('RS256'), 'invalid'],
  ['a public key as secret, PEM', { public: rsaJwk }, confused(rsa.publicKey.export({ format: 'pem', type: 'spki' })), 'invalid'],
  ['a public key as secret, DER', { public: rsaJwk }, confused(rsa.publicKey.export({ format: 'der', type: 'spki' })), 'invalid'],
  ['a public key as secret, JWK', { public: rsaJwk }, confused(JSON.stringify(rsaJwk)), 'invalid'],
  ['a public key as secret, modulus', { public: { ...rsaJwk, k: rsaJwk['n'] } }, confused(modulus), 'invalid'],
  ['a secret that is padded', { private: { ...oct, k: `${String(oct['k'])}==` } }, good, 'invalid'],
  ['a secret that is a number', { private: { kty: 'oct', k: 7 } }, good, 'invalid'],
  ...[31, 16, 0].map((bytes) => shortSecret('HS256', bytes, 'invalid')), shortSecret('HS256', 32, 'valid'), shortSecret('HS256', 100, 'valid'),
  shortSecret('HS384', 47, 'invalid'), shortSecret('HS384', 48, 'valid'), shortSecret('HS512', 63, 'invalid'), shortSecret('HS512', 64, 'valid'),
  ['a group without key', {}, good, 'invalid'],
  ['a key that is null', { public: null }, good, 'invalid'],
  ['a key that is a text', { public: 'x' }, good, 'invalid'],
  ['a key that is a list', { public: [oct] }, good, 'invalid'],
  ['an empty key', { public: {} }, make('RS256'), 'invalid'],
  ['an empty set', { public: { keys: [] } }, good, 'invalid'],
  ['a set that is a text', { public: { keys: 'x' } }, good, 'invalid'],
  ['a set of null', { public: { keys: [null] } }, good, 'invalid'],
  ['a set of one', { private: { keys: [oct] } }, good, 'valid'],
  ['keys of the group itself', { keys: [rsaJwk] }, make('RS256'), 'valid'],
  ['the named key of a set', { public: { keys: [{ ...ecJwk, kid: 'a' }, { ...rsaJwk, kid: 'b' }] } }, named('RS256', 'b'), 'valid'],
  ['the other key of a set', { public: { keys: [{ ...ecJwk, kid: 'a' }, { ...rsaJwk, kid: 'b' }] } }, named('RS256', 'a'), 'invalid'],
  ['no key of a set', { public: { keys: [{ ...ecJwk, kid: 'a' }, { ...rsaJwk, kid: 'b' }] } }, named('RS256', 'c'), 'invalid'],
  ['a set and no name', { public: { keys: [{ ...ecJwk, kid: 'a' }, { ...rsaJwk, kid: 'b' }] } }, make('RS256'), 'invalid'],
  ['a set with one id twice', { public: { keys: [{ ...rsaJwk, kid: 'a' }, { ...ecJwk, kid: 'a' }] } }, named('RS256', 'a'), 'invalid'],
  ['a set of secrets and public keys', { private: { keys: [{ ...oct, kid: 'a' }, { ...ecJwk, kid: 'b' }] } }, named('HS256', 'a'), 'invalid'],
  ['another id than the key has', { public: { ...rsaJwk, kid: 'a' } }, named('RS256', 'b'), 'invalid'],
  ['an id that is a number', { public: { ...rsaJwk, kid: 'a' } }, named('RS256', 7), 'invalid'],
  ['an id where the key has none', { public: rsaJwk }, named('RS256', 'a'), 'valid']
]

const all = [...genuine, ...forms, ...ecdsa, ...pkcs1, ...pss, ...keys]
const other = { valid: 'invalid', invalid: 'valid' } as const

interface Run { readonly code: number, readonly out: string, readonly err: string }

async function vectors (args: readonly string[]): Promise<Run> {
  const said = { out: '', err: '' }
  const code = await runCommandLine(['vectors', ...args], { out: (text) => { said.out += text }, err: (text) => { said.err += text }, stdin: async () => Buffer.alloc(0), env: {}, now: Date.now })
  return { code, ...said }
}

async function file (name: string, content: unknown): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const groupsOf = (cases: readonly Case[], result: (of: Case) => string): object => ({ testGroups: cases.map((one, at) => ({ ...one[1], tests: [{ tcId: at + 1, comment: one[0], jws: one[2], result: result(one), flags: [] }] })) })

t.test('every genuine token is accepted and every other one refused', async (t) => {
  const { code, out, err } = await vectors([await file('good.json', groupsOf(all, ([, , , result]) => result))])
  t.equal(err, '')
  t.match(out, `\n${all.length} cases: ${all.length} agree, 0 disagree, 0 not compared\n`)
  t.strictSame(out.split('\n').filter((line) => line.includes('DISAGREE')), [])
  t.equal(code, 0)
})

t.test('where it decides otherwise than the file, every case is listed', async (t) => {
  const { code, out } = await vectors([await file('wrong.json', groupsOf(all, ([, , , result]) => other[result]))])
  t.equal(code, 1)
  t.match(out, `\n${all.length} cases: 0 agree, ${all.length} disagree, 0 not compared\n`)
  const numbers = (result: string): string => all.flatMap((one, at) => one[3] === result ? [at + 1] : []).join(', ')
  t.match(out, `\naccepted, but to be refused: ${numbers('valid')}\n`)
  t.match(out, `\nrefused, but valid: ${numbers('invalid')}\n`)
})

t.test('one line says what was expected, what came of it and why', async (t) => {
  const path = await file('one.json', groupsOf([['rejects\u001b[2J', { public: rsaJwk }, flip(make('RS256')), 'invalid'], ['fine', { public: rsaJwk }, make('RS256'), 'valid']], ([, , , result]) => result))
  const { out } = await vectors([path])
  t.equal(out, `${path}
1  invalid     refused   agree         the signature does not match (rejects\\u001b[2J)
2  valid       accepted  agree         the signature is genuine (fine)

2 cases: 2 agree, 0 disagree, 0 not compared
`)
  const { out: json, code } = await vectors(['--json', path])
  t.equal(code, 0)
  t.match(JSON.parse(json), { cases: [{ file: path, tcId: '1', expected: 'invalid', verdict: 'refused', outcome: 'agree', reason: String }, { tcId: '2', verdict: 'accepted' }], agree: 2, disagree: 0, notCompared: 0 })
})

t.test('acceptable is either, an encrypted token is named and not compared, whatever is malformed gets its line', async (t) => {
  const jwe = `${head}.a.b.c.${mac}`
  const path = await file('odd.json', {
    testGroups: [
      { public: rsaJwk, tests: [{ tcId: 1, jws: make('RS256'), result: 'acceptable' }, { tcId: 2, jws: flip(make('RS256')), result: 'acceptable' }] },
      { private: { kty: 'oct', alg: 'A256KW', use: 'enc', k: 'AAAA' }, tests: [{ tcId: 3, jwe, result: 'valid' }, { tcId: 4, jwe: {}, result: 'invalid' }, { tcId: 5, jws: jwe, result: 'invalid' }, { tcId: 6, jws: good, result: 'invalid' }] },
      null, 7, 'x', [], { tests: 'x' }, { public: rsaJwk }, { public: rsaJwk, tests: [] },
      { public: rsaJwk, tests: [null, 7, [], {}, { tcId: {}, jws: {}, result: {} }, { tcId: 'a\nb', jws: make('RS256'), comment: 7 }, { tcId: 8, jws: make('RS256'), result: 'VALID' }] }
    ]
  })
  const { code, out, err } = await vectors([path])
  t.equal(err, '')
  t.equal(code, 0)
  t.match(out, /^ *3 +valid +refused +not compared +it is encrypted \(JWE\): only signed tokens are read$/m)
  t.match(out, /^ *group 3 +- +refused +not compared +the group is no JSON object$/m)
  t.match(out, /^ *group 7 +- +refused +not compared +the group has no list of tests$/m)
  t.match(out, /^group 10, test 1 +- +refused +not compared +the test is no JSON object$/m)
  t.match(out, /^group 10, test 5 +\{\} +refused +not compared +it is in JSON serialisation$/m)
  t.match(out, /^ *a\\nb +- +accepted +not compared +the signature is genuine$/m)
  t.match(out, /\n19 cases: 4 agree, 0 disagree, 15 not compared\n$/)
})

t.test('what holds no test vectors is told, with exit code 2', async (t) => {
  await mkdir(join(folder, 'a-folder'))
  const unusable: Readonly<Record<string, readonly [args: readonly string[], said: RegExp]>> = {
    'no file': [[], /name one file or more/],
    'a file that is not there': [[join(folder, 'none.json')], /none\.json cannot be read \(ENOENT\)/],
    'a folder': [[join(folder, 'a-folder')], /a-folder cannot be read \(EISDIR\)/],
    'an unknown option': [['--all'], /--all/],
    ...Object.fromEntries(await Promise.all(['', '{', 'null', '7', '"x"', '[]', '{}', '{"testGroups":{}}', '{"testGroups":[]}', '{"testGroups":[{"tests":[]}]}', '{"__proto__":{"testGroups":[]}}', '[['.repeat(50_000), '\ufeff{"testGroups":[]}'].map(async (text, at) =>
      [`the content ${text.slice(0, 40)}`, [[await file(`bad-${at}.json`, text)], /holds no test vectors: it (?:is not JSON|has no list testGroups|has no test)\n/]])))
  }
  for (const [name, [args, said]] of Object.entries(unusable)) {
    const run = await vectors(args)
    t.equal(run.code, 2, name)
    t.equal(run.out, '', name)
    t.match(run.err, said, name)
    t.match(run.err, /\n\nvarco vectors FILE/, name)
  }
})

t.test('several files are told apart', async (t) => {
  const right = await file('right.json', groupsOf(keys.slice(0, 2), ([, , , result]) => result))
  const wrong = await file('not-right.json', groupsOf(keys.slice(0, 2), ([, , , result]) => other[result]))
  const { code, out } = await vectors([right, wrong])
  t.equal(code, 1)
  t.match(out, `4 cases: 2 agree, 2 disagree, 0 not compared\nrefused, but valid: ${wrong} 1, ${wrong} 2\n`)
})

t.test('npm run vectors is this command', async (t) => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  const [program, ...words] = (scripts['vectors'] ?? '').split(' ')
  t.equal(program, 'node')
  const run = launchWith(t, process.execPath, [join(root, words[0] ?? ''), ...words.slice(1), await file('run.json', groupsOf(forms, () => 'valid'))], { cwd: folder, port: 0 })
  t.equal(await run.ended, 1)
  t.match(run.out, `${forms.length} cases: 0 agree, ${forms.length} disagree`)
})

t.test('no caller is ever verified with a shared secret: only this command reads one', async (t) => {
  const sources = (await Promise.all(['gateway', 'policies'].map(async (room) => readdir(join(root, room), { recursive: true })))).flatMap((names, at) => names.map((name) => join(at === 0 ? 'gateway' : 'policies', name)))
  const users: string[] = []
  for (const source of sources.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))) {
    if (/from '[./]*(?:\/|\b)mac\.ts'/.test(await readFile(join(root, source), 'utf8'))) users.push(source)
  }
  t.strictSame(users, [join('gateway', 'commands', 'test-vectors.ts')])
})
