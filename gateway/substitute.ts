/** A document with its `${NAME}` and `${NAME:-default}` replaced, and what could not be replaced where. */
export interface Substituted {
  readonly content: unknown
  readonly faults: readonly { readonly path: readonly (string | number)[], readonly message: string }[]
}

const expression = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

/** Replaces variables in every string of a parsed document: after parsing, so that a value can never become syntax. */
export function substitute (content: unknown, env: Readonly<Record<string, string | undefined>>): Substituted {
  const faults: { path: readonly (string | number)[], message: string }[] = []
  const visit = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]))
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, visit(member, [...path, key])]))
    if (typeof value !== 'string' || !value.includes('${')) return value
    if (value.replaceAll(expression, '').includes('${')) faults.push({ path, message: 'has a "${" that is no variable: write ${NAME} or ${NAME:-default}' })
    return value.replaceAll(expression, (_match, name: string, otherwise: string | undefined) => {
      const found = (Object.hasOwn(env, name) && env[name]) || otherwise
      if (found === undefined) faults.push({ path, message: `the environment variable ${name} is not set` })
      return found ?? ''
    })
  }
  return { content: visit(content, []), faults }
}

const secretNames = new Set(['secret', 'token', 'keys', 'redis.url'])
/** True for the path of a field, or of one of a list, that holds a secret: nothing of it may be shown. */
export function isSecret (path: readonly (string | number)[]): boolean {
  const names = path.filter((step) => typeof step === 'string')
  return secretNames.has(String(names.at(-1))) || secretNames.has(names.slice(-2).join('.'))
}

const variablesOnly = /^(?:\$\{[^}]*\})+$/

/** A document as it may be shown: variables as they were written but for their defaults, and no secret that was written into it. */
export function withoutSecrets (content: unknown, path: readonly string[] = []): unknown {
  if (Array.isArray(content)) return content.map((item) => withoutSecrets(item, path))
  if (typeof content === 'object' && content !== null) return Object.fromEntries(Object.entries(content).map(([key, value]) => [key, withoutSecrets(value, [...path, key])]))
  if (isSecret(path) && !(typeof content === 'string' && variablesOnly.test(content))) return '[redacted]'
  return typeof content === 'string' ? content.replaceAll(/(\$\{\w+):-[^}]*\}/g, '$1}') : content
}
