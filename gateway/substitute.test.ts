import t from 'tap'
import { substitute, withoutSecrets } from './substitute.ts'

const env = { NAME: 'value', EMPTY: '', lower_case: 'small', TRICKY: '${NAME} $& $1 ": {a: b}\n- c', PORT: '8080' }
const unset = (name: string): string => `the environment variable ${name} is not set`
const noVariable = 'has a "${" that is no variable: write ${NAME} or ${NAME:-default}'

const texts: Readonly<Record<string, readonly [text: string, faults: readonly string[]]>> = {
  'plain': ['plain', []],
  '${NAME}': ['value', []],
  'a ${NAME} b ${NAME}': ['a value b value', []],
  '${lower_case}': ['small', []],
  '${MISSING:-default}': ['default', []],
  '${EMPTY:-default}': ['default', []],
  '${NAME:-default}': ['value', []],
  '${MISSING:-}': ['', []],
  '${MISSING:-http://x:1/${NAME}': ['http://x:1/${NAME', []],
  '$NAME $$ {NAME}': ['$NAME $$ {NAME}', []],
  '${TRICKY}': [env.TRICKY, []],
  '${MISSING}': ['', [unset('MISSING')]],
  '${EMPTY}': ['', [unset('EMPTY')]],
  '${A}${B}': ['', [unset('A'), unset('B')]],
  '${NAME': ['${NAME', [noVariable]],
  '${}': ['${}', [noVariable]],
  '${NA ME}': ['${NA ME}', [noVariable]],
  '${NAME:?must be set}': ['${NAME:?must be set}', [noVariable]],
  '${1NAME}': ['${1NAME}', [noVariable]],
  '${constructor}': ['', [unset('constructor')]]
}

for (const [text, [expected, messages]] of Object.entries(texts)) {
  t.test(`${text} becomes ${JSON.stringify(expected)}${messages.map((message) => `; ${message}`).join('')}`, async (t) => {
    const { content, faults } = substitute(text, env)
    t.equal(content, expected)
    t.strictSame(faults, messages.map((message) => ({ path: [], message })))
  })
}

t.test('every string of a document is visited, nothing else, and a fault says where', async (t) => {
  const document = { a: [{ b: '${NAME}' }, 7, null, true], '${NAME}': 'key', c: { d: ['x', '${MISSING}'] } }
  t.strictSame(substitute(document, env), {
    content: { a: [{ b: 'value' }, 7, null, true], '${NAME}': 'key', c: { d: ['x', ''] } },
    faults: [{ path: ['c', 'd', 1], message: unset('MISSING') }]
  })
})

t.test('a variable of the environment is its own, not the prototype\'s', async (t) => {
  t.strictSame(substitute('${toString}', {}).faults, [{ path: [], message: unset('toString') }])
})

const shown: Readonly<Record<string, readonly [written: unknown, shown: unknown]>> = {
  'a secret in the file': [{ secret: 'abc' }, { secret: '[redacted]' }],
  'a secret that is a number': [{ secret: 1234 }, { secret: '[redacted]' }],
  'a secret from the environment': [{ secret: '${SECRET}' }, { secret: '${SECRET}' }],
  'a secret with a default': [{ secret: '${SECRET:-abc}' }, { secret: '${SECRET}' }],
  'a secret of two variables': [{ secret: '${A}${B:-abc}' }, { secret: '${A}${B}' }],
  'a secret half from the environment': [{ secret: 'abc${SECRET}' }, { secret: '[redacted]' }],
  'a token, deep inside': [{ listeners: { operations: { token: 'abc', port: 1 } } }, { listeners: { operations: { token: '[redacted]', port: 1 } } }],
  'secrets in a list': [{ secret: ['abc', '${SECRET}'] }, { secret: ['[redacted]', '${SECRET}'] }],
  'what is no secret': [{ url: 'http://127.0.0.1:${PORT:-8080}/x', list: [1, 'a'] }, { url: 'http://127.0.0.1:${PORT}/x', list: [1, 'a'] }]
}

for (const [name, [written, expected]] of Object.entries(shown)) {
  t.test(`shown: ${name}`, async (t) => {
    t.strictSame(withoutSecrets(written), expected)
  })
}
