import type { Contract, Operation } from '../../openapi/contract.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'
import { Samples } from '../../openapi/samples/sample.ts'
import { encode } from './media.ts'

/** A curl command, ready to paste, for the first operation that can be called with a plain GET, or else for the first. `origin` is where the mock listens. */
export function curlFor (contract: Contract, origin: string): string | undefined {
  const samples = new Samples(contract, 'request')
  const operation = contract.operations.find(({ method, path }) => method === 'GET' && path !== '/status') ?? contract.operations[0]
  return operation && curlOf(operation, samples, origin + contract.basePath)
}

function curlOf ({ method, path, parameters, body }: Operation, samples: Samples, base: string): string {
  const valueOf = ({ schema }: { readonly schema: JsonObject }): Json => samples.of(schema).value
  const needed = parameters.filter(({ required }) => required)
  const query = needed.filter((one) => one.in === 'query').map((one) => `${encodeURIComponent(one.name)}=${encodeURIComponent(textOf(valueOf(one)))}`)
  const headers = needed.filter((one) => one.in === 'header').map((one) => ` -H ${quote(`${one.name}: ${textOf(valueOf(one))}`)}`)
  const filled = path.replaceAll(/\{([^}]+)\}/g, (_whole, name: string) => {
    const parameter = needed.find((one) => one.in === 'path' && one.name === name)
    return encodeURIComponent(parameter ? textOf(valueOf(parameter)) : 'x')
  })
  const [type, schema] = [...body?.content ?? []][0] ?? []
  const sent = type === undefined ? '' : ` -H ${quote(`Content-Type: ${type}`)} --data ${quote(encode(type, samples.of(schema ?? {}).value, () => true).toString())}`
  return `curl -i${method === 'GET' ? '' : ` -X ${method}`}${headers.join('')}${sent} ${quote(base + filled + (query.length > 0 ? `?${query.join('&')}` : ''))}`
}

function textOf (value: Json): string {
  if (Array.isArray(value)) return value.map((item) => textOf(item as Json)).join(',')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function quote (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
