import { atPointer, isObject } from '../../openapi/document.ts'
import type { Json, JsonObject } from '../../openapi/document.ts'
import type { Additions } from './additions.ts'

const whole = (minimum: number): JsonObject => ({ type: 'integer', format: 'int32', minimum, maximum: 1_000_000_000 })
const text = (maxLength: number): JsonObject => ({ type: 'string', maxLength })

const headers: Readonly<Record<string, JsonObject>> = {
  'X-RateLimit-Limit': { description: 'Richieste ammesse nel periodo.', schema: whole(0), example: 100 },
  'X-RateLimit-Remaining': { description: 'Richieste ancora ammesse nel periodo.', schema: whole(0), example: 99 },
  'X-RateLimit-Reset': { description: 'Secondi alla fine del periodo.', schema: whole(0), example: 1 },
  'Retry-After': { description: 'Secondi dopo i quali riprovare.', schema: whole(0), example: 1 },
  'Cache-Control': { description: 'Se e per quanto la risposta si può conservare, per esempio no-store.', schema: text(200), example: 'no-store' }
}

const problem: JsonObject = {
  description: 'Un errore (RFC 9457).',
  type: 'object',
  required: ['title', 'status', 'detail'],
  properties: {
    type: { type: 'string', format: 'uri-reference', maxLength: 500 },
    title: text(200),
    status: { type: 'integer', format: 'int32', minimum: 100, maximum: 599 },
    detail: text(2000)
  },
  example: { type: 'about:blank', title: 'Non disponibile', status: 503, detail: 'Il servizio non è disponibile: riprovare più tardi.' }
}

const refusals: Readonly<Record<string, { readonly name: string, readonly description: string, readonly headers: readonly string[] }>> = {
  401: { name: 'Unauthorized', description: 'Il voucher manca o non è valido.', headers: [] },
  403: { name: 'Forbidden', description: 'Il chiamante non è autorizzato.', headers: [] },
  429: { name: 'TooManyRequests', description: 'Troppe richieste.', headers: ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset', 'Retry-After'] },
  503: { name: 'ServiceUnavailable', description: 'Il servizio non è disponibile.', headers: ['Retry-After'] },
  default: { name: 'UnexpectedError', description: 'Un errore.', headers: [] }
}

/** The parts that many operations share: each is added under components once, when it is first referred to, or found there if it is what is needed. */
export class SharedParts {
  readonly #additions: Additions
  readonly #names = new Map<string, string>()
  constructor (additions: Additions) {
    this.#additions = additions
  }

  header (name: string): JsonObject {
    return this.#refer('headers', name, headers[name] as JsonObject, isObject)
  }

  /** The schema of errors. */
  problem (): JsonObject {
    return this.#refer('schemas', 'Problem', problem, (schema) => ['title', 'status', 'detail'].every((name) => atPointer(schema, `/properties/${name}`) !== undefined))
  }

  /** The content of errors. */
  problemContent (): JsonObject {
    return { 'application/problem+json': { schema: this.problem() } }
  }

  /** The refusal with a status, as the gateway makes it. */
  refusal (status: string): JsonObject {
    const { name, description, headers: own } = refusals[status] as (typeof refusals)[string]
    const isProblem = (response: Json): boolean => atPointer(response, '/content/application~1problem+json') !== undefined
    const all = own.length === 0 ? {} : { headers: Object.fromEntries(own.map((header) => [header, this.header(header)])) }
    return this.#refer('responses', name, { description, ...all, content: this.problemContent() }, isProblem)
  }

  #refer (kind: string, name: string, value: JsonObject, fits: (known: Json) => boolean): JsonObject {
    const key = `${kind}/${name}`
    if (!this.#names.has(key)) this.#names.set(key, this.#place(kind, name, value, fits))
    return { $ref: `#/components/${kind}/${this.#names.get(key) as string}` }
  }

  #place (kind: string, name: string, value: JsonObject, fits: (known: Json) => boolean): string {
    const { document, text } = this.#additions
    for (let number = 0; ; number++) {
      const candidate = number === 0 ? name : `${name}${number + 1}`
      const known = atPointer(document, `/components/${kind}/${candidate}`)
      if (known !== undefined && fits(known)) return candidate
      if (known !== undefined) continue
      text.add(['components', kind, candidate], value)
      return candidate
    }
  }
}
