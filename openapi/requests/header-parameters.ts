/** A header value of the form `value; name=value; name="value"` (RFC 9110, 5.6.6), the names in lower case. */
export interface Parameterised { readonly value: string, readonly parameters: ReadonlyMap<string, string> }

const parameter = /[ \t]*;[ \t]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)=(?:"([^"\\\r\n]*)"|([^\s"(),/:;<=>?@[\\\]{}]+))/y

/** Reads such a value; undefined for one that two readers could take differently: anything left over, a name twice, an escape (which browsers do not mean as one). */
export function readParameterised (text: string): Parameterised | undefined {
  const [value = ''] = text.split(';', 1)
  const parameters = new Map<string, string>()
  parameter.lastIndex = value.length
  let at = value.length
  for (let found = parameter.exec(text); found; found = parameter.exec(text)) {
    const [, name = '', quoted, plain = ''] = found
    if (parameters.has(name.toLowerCase())) return undefined
    parameters.set(name.toLowerCase(), quoted ?? plain)
    at = parameter.lastIndex
  }
  return text.slice(at).trim() === '' ? { value: value.trim().toLowerCase(), parameters } : undefined
}
