/** Where an operation of such a contract is called. */
export const operationPath = (number: number): string => `/rest/tickets/v1/group-${number}/items/1234?limit=10`

/** A contract of so many operations, as large ones are: groups of paths with two parameters each, of which every answer is a page of figures. */
export function contractOf (operations: number): object {
  const parameter = (name: string, place: 'path' | 'query'): object => ({ name, in: place, required: place === 'path', schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 9999 } })
  const paths = Array.from({ length: operations }, (_, number) => [`/group-${number}/items/{id}`, {
    get: {
      operationId: `readItem${number}`,
      summary: `Elemento del gruppo ${number}`,
      parameters: [parameter('id', 'path'), parameter('limit', 'query')],
      responses: { 200: { description: 'Le cifre.', content: { 'application/json': { schema: { type: 'object', required: ['items'], properties: { items: { type: 'array', items: { type: 'object' } } } } } } } }
    }
  }])
  return {
    openapi: '3.0.3',
    info: { title: `Contratto di ${operations} operazioni`, version: '1.0.0' },
    servers: [{ url: 'https://loadtest.example.it/rest/tickets/v1' }],
    security: [{ voucher: [] }],
    paths: Object.fromEntries(paths),
    components: { securitySchemes: { voucher: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } }
  }
}
