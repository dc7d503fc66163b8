import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import t from 'tap'
import { localRegistrySchema, registryFileSchema } from './registry-file-schema.ts'

const read = (name: string): object => JSON.parse(readFileSync(join(import.meta.dirname, '..', name), 'utf8')) as object

t.test('every schema of ours keeps the rules for schemas: a start takes them as they are', async (t) => {
  const schemas = { config: read('config.schema.json'), demands: read('demands.schema.json'), grants: read('grants.schema.json'), registry: registryFileSchema, local: localRegistrySchema }
  for (const [name, schema] of Object.entries(schemas)) {
    const ajv = new Ajv({ strict: false })
    t.ok(ajv.validateSchema(schema), `${name}: ${ajv.errorsText()}`)
  }
})
