import type { Operation } from '../../openapi/contract.ts'
import { isObject } from '../../openapi/document.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'
import { noDemands } from '../../policies/demands.ts'
import type { Demands } from '../../policies/demands.ts'
import type { Config } from '../config.ts'
import type { LiveEService } from '../route.ts'
import type { Target } from './snippet-target.ts'

/** A call that shows how an e-service is called: a reading that is good as it is, with as little as it takes. */
export interface Example extends Target { readonly operation: Operation }

/** The first reading of an e-service that a voucher alone is enough for; undefined where every one takes more. */
export function exampleOf (eservice: LiveEService, { publicUrl }: Pick<Config, 'publicUrl'>): Example | undefined {
  const good = eservice.contract.operations.filter((operation) => operation.method === 'GET' && !operation.isPublic && takesVoucherAlone(eservice.demands.get(operation.id) ?? noDemands))
  const written = good.flatMap((operation) => {
    const target = targetOf(operation)
    return target === undefined ? [] : [{ operation, url: publicUrl + eservice.basePath + target, accept: jsonOf(operation) }]
  })
  return written.toSorted((a, b) => needed(a.operation) - needed(b.operation))[0]
}

function takesVoucherAlone ({ trust, channel, dpop, singleUse, integrity, evidence, scope, nonBlocking }: Demands): boolean {
  return trust.includes('pdnd') && channel !== 'mutual-tls' && !dpop && !singleUse && !integrity && !evidence && scope === undefined && nonBlocking === undefined
}

function needed ({ parameters }: Operation): number {
  return parameters.filter(({ required }) => required).length
}

/** The path below the base path with what must be given, and a short answer where that can be had; undefined where it is not known what to give. */
function targetOf ({ path, parameters, source }: Operation): string | undefined {
  const query: string[] = []
  let written = path
  for (const { name, in: place, required, schema } of parameters) {
    const isLimit = place === 'query' && name === 'limit'
    if (!required && !isLimit) continue
    const value = isLimit ? limitOf(schema) : valueOf(source, name, schema)
    if (value === undefined || place === 'header') return undefined
    if (place === 'path') written = written.replace(`{${name}}`, () => encodeURIComponent(value))
    else query.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  }
  return written.includes('{') ? undefined : written + (query.length > 0 ? `?${query.join('&')}` : '')
}

function limitOf (schema: Json | undefined): string {
  const most = isObject(schema) && typeof schema['maximum'] === 'number' ? schema['maximum'] : 5
  return String(Math.min(5, most))
}

function valueOf (source: Operation['source'], name: string, schema: Json | undefined): string | undefined {
  const declared = membersNamed(source['parameters'], name)
  const shape = isObject(schema) ? schema : {}
  const choices = shape['enum']
  for (const value of [declared?.['example'], shape['example'], shape['default'], Array.isArray(choices) ? choices[0] as Json : undefined]) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value)
  }
  return undefined
}

function membersNamed (list: Json | undefined, name: string): JsonObject | undefined {
  return Array.isArray(list) ? (list as readonly Json[]).filter(isObject).find((one) => one['name'] === name) : undefined
}

function jsonOf ({ responses }: Operation): string | undefined {
  const types = [...responses].filter(([status]) => status.startsWith('2')).flatMap(([, { content }]) => [...content.keys()])
  return types.find((type) => /^application\/(?:[\w.-]+\+)?json$/.test(type)) ?? types[0]
}
