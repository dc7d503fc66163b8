import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import t from 'tap'
import { parseObject } from './document.ts'

type Node = Record<string, unknown>

const root = join(import.meta.dirname, '..')
const read = (name: string): string => readFileSync(join(root, name), 'utf8')
const publiccode = parseObject(read('publiccode.yml'), 'publiccode.yml')

const text = { type: 'string', minLength: 1 }
const url = { type: 'string', format: 'uri', pattern: '^https?://' }
const date = { type: 'string', format: 'date' }
const language = { type: 'string', pattern: '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$' }
const country = { type: 'string', pattern: '^[A-Z]{2}$' }
const list = (items: Node): Node => ({ type: 'array', items, minItems: 1, uniqueItems: true })
const object = (required: readonly string[], properties: Node): Node =>
  ({ type: 'object', required, properties, additionalProperties: false })

const email = { type: 'string', format: 'email' }
const person = object(['name'], { name: text, email, phone: text, affiliation: text })
const contractor = object(['name', 'until'], { name: text, until: date, email, website: url })
const organisation = { name: text, uri: { type: 'string', format: 'uri' } }
const dependencies = list(object(['name'], {
  name: text, versionMin: text, versionMax: text, version: text, optional: { type: 'boolean' }
}))

// The words of the standard's controlled lists that this project may want; the lists themselves are much longer.
const categories = [
  'application-development', 'compliance-management', 'data-collection', 'identity-management', 'it-development',
  'it-management', 'it-security', 'it-service-management', 'network-management', 'other'
]
const scopes = ['government', 'infrastructures', 'local-authorities', 'security', 'society']

/** Version 0.7 of the standard, without the keys that it deprecates: they are mistakes here. */
const standard = {
  ...object([
    'publiccodeYmlVersion', 'name', 'url', 'platforms', 'developmentStatus', 'softwareType', 'description', 'legal',
    'maintenance', 'localisation'
  ], {
    publiccodeYmlVersion: { enum: ['0.7', '0.7.0'] },
    name: text,
    applicationSuite: text,
    url,
    landingURL: url,
    isBasedOn: { anyOf: [url, list(url)] },
    softwareVersion: text,
    releaseDate: date,
    logo: text,
    platforms: { anyOf: [text, list(text)] },
    categories: list({ enum: categories }),
    usedBy: list(text),
    roadmap: url,
    developmentStatus: { enum: ['concept', 'development', 'beta', 'stable', 'obsolete'] },
    softwareType: {
      enum: [
        'standalone/mobile', 'standalone/iot', 'standalone/desktop', 'standalone/web', 'standalone/backend',
        'standalone/other', 'addon', 'library', 'configurationFiles'
      ]
    },
    supports: list(object(['id'], { id: { type: 'string', format: 'uri' } })),
    organisation: object(['uri'], organisation),
    fundedBy: list(object(['name'], organisation)),
    intendedAudience: object([], {
      countries: list(country), unsupportedCountries: list(country), scope: list({ enum: scopes })
    }),
    description: {
      type: 'object',
      minProperties: 1,
      propertyNames: language,
      additionalProperties: object(['shortDescription', 'longDescription', 'features'], {
        localisedName: text,
        shortDescription: { type: 'string', minLength: 1, maxLength: 150, pattern: '^[^\n]*$' },
        longDescription: { type: 'string', minLength: 150, maxLength: 10000 },
        documentation: url,
        apiDocumentation: url,
        features: list(text),
        screenshots: list(text),
        videos: list(url),
        awards: list(text)
      })
    },
    legal: object(['license'], { license: { enum: ['EUPL-1.2'] }, mainCopyrightOwner: text }),
    maintenance: {
      ...object(['type'], {
        type: { enum: ['internal', 'contract', 'community', 'none'] },
        contractors: list(contractor),
        contacts: list(person)
      }),
      allOf: [
        {
          if: { properties: { type: { const: 'contract' } } },
          then: { required: ['contractors'] },
          else: { not: { required: ['contractors'] } }
        },
        { if: { properties: { type: { enum: ['internal', 'community'] } } }, then: { required: ['contacts'] } }
      ]
    },
    localisation: object(['localisationReady', 'availableLanguages'], {
      localisationReady: { type: 'boolean' }, availableLanguages: list(language)
    }),
    dependsOn: object([], { open: dependencies, proprietary: dependencies, hardware: dependencies })
  })
}

const ajv = new Ajv({ allErrors: true, strictRequired: false })
formats.default(ajv)
const isValid = ajv.compile(standard)

function edited (path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(publiccode)) as Node
  const keys = path.split('/')
  const last = keys.pop() ?? ''
  keys.reduce((node, key) => node[key] as Node, copy)[last] = value
  return JSON.parse(JSON.stringify(copy))
}

t.test('publiccode.yml follows the standard', async (t) => {
  t.ok(isValid(publiccode), JSON.stringify(isValid.errors))
})

t.test('it agrees with the package and with the licence beside it', async (t) => {
  const { version, license } = JSON.parse(read('package.json')) as Node
  t.match(publiccode, { softwareVersion: version, legal: { license } })
  t.match(read('LICENSE'), /^EUROPEAN UNION PUBLIC LICENCE v\. 1\.2\n/)
})

t.test('the check would notice what the standard does not allow', async (t) => {
  const mistakes: readonly (readonly [path: string, value: unknown])[] = [
    ['name', undefined],
    ['color', 'blue'],
    ['IT', { countryExtensionVersion: '1.0' }],
    ['publiccodeYmlVersion', '0.2'],
    ['url', 'git@git.example.it:varco'],
    ['releaseDate', '21/11/2026'],
    ['releaseDate', '2026-02-30'],
    ['categories/0', 'api-gateway'],
    ['developmentStatus', 'alpha'],
    ['intendedAudience/countries/0', 'it'],
    ['description/it/shortDescription', 'x'.repeat(151)],
    ['description/en/longDescription', 'x'.repeat(149)],
    ['description/en/features', undefined],
    ['maintenance/contacts', undefined],
    ['maintenance/contractors', [{ name: 'Ditta', until: '2027-01-01' }]],
    ['localisation/availableLanguages', []]
  ]
  for (const [path, value] of mistakes) t.notOk(isValid(edited(path, value)), `${path} as ${String(value)}`)
})
