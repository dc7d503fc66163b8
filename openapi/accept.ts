/**
 * True when an Accept header (RFC 9110, 12.5.1) lets at least one of the given media types through; true without a header, or when the
 * contract names no media types.
 */
export function isAcceptable (accept: string | undefined, produces: readonly string[]): boolean {
  if (accept === undefined || accept === '*/*' || produces.length === 0) return true
  const ranges = accept.split(',').map(readRange)
  return produces.some((type) => (bestMatch(ranges, type)?.quality ?? 0) > 0)
}

interface Range { readonly type: string, readonly quality: number }

function readRange (text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0 }
}

// The most specific range decides, so that "text/csv;q=0, */*" really excludes CSV.
function bestMatch (ranges: readonly Range[], type: string): Range | undefined {
  const [group = ''] = type.split('/')
  return ranges.find((range) => range.type === type) ?? ranges.find((range) => range.type === `${group}/*`) ?? ranges.find((range) => range.type === '*/*')
}
