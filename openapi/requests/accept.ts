/**
 * The media type that an Accept header (RFC 9110, 12.5.1) prefers among the given ones, the first of them where it has no preference;
 * undefined when it accepts none.
 */
export function preferredType (accept: string | undefined, produces: readonly string[]): string | undefined {
  if (accept === undefined || accept === '*/*') return produces[0]
  const ranges = accept.split(',').map(readRange)
  const weighed = produces.map((type) => ({ type, ...bestMatch(ranges, type) })).filter(({ quality = 0 }) => quality > 0)
  return weighed.toSorted((a, b) => (b.quality ?? 0) - (a.quality ?? 0) || (a.position ?? 0) - (b.position ?? 0))[0]?.type
}

interface Range { readonly range: string, readonly quality: number, readonly position: number }

function readRange (text: string, index: number): Range {
  const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  return { range, quality: quality === undefined ? 1 : Number(quality.slice(2)) || 0, position: index }
}

// The most specific range decides, so that "text/csv;q=0, */*" really excludes CSV.
function bestMatch (ranges: readonly Range[], type: string): Range | undefined {
  const [group = ''] = type.split('/')
  return ranges.find(({ range }) => range === type) ?? ranges.find(({ range }) => range === `${group}/*`) ?? ranges.find(({ range }) => range === '*/*')
}
