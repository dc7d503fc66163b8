/** A header field as it is written. */
export type Header = readonly [name: string, value: string]

/** A request exactly as it goes over the wire in HTTP/1.1: header fields in their order, a body that is whole. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly Header[]
  readonly body: Buffer
}

/** The request line and the header fields, each line ended, without the empty line (RFC 9112, 2.1). */
export function writeHead ({ method, target, headers }: RawRequest): string {
  return [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), ''].join('\r\n')
}

/** The whole request as bytes. */
export function writeRequest (request: RawRequest): Buffer {
  return Buffer.concat([Buffer.from(`${writeHead(request)}\r\n`, 'latin1'), request.body])
}

/** Names and values in turn, as Node gives the header fields of a message. */
export function rawHeadersOf ({ headers }: Pick<RawRequest, 'headers'>): readonly string[] {
  return headers.flat()
}
