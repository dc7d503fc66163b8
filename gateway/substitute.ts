/** A scalar that came from the environment: where it stands and how it was written, so that it can be shown without its value. */
export interface Substitution { readonly path: readonly (string | number)[], readonly written: string }

/** A document with its `${NAME}` and `${NAME:-default}` replaced, what was replaced where, and the variables that are not set. */
export interface Substituted {
  readonly content: unknown
  readonly substitutions: readonly Substitution[]
  readonly missing: readonly { readonly path: readonly (string | number)[], readonly name: string }[]
}

const expression = /\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}/g

/** Replaces variables in every string of a parsed document: after parsing, so that a value can never become syntax. */
export function substitute (content: unknown, env: Readonly<Record<string, string | undefined>>): Substituted {
  const substitutions: Substitution[] = []
  const missing: { path: readonly (string | number)[], name: string }[] = []
  const visit = (value: unknown, path: readonly (string | number)[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => visit(item, [...path, index]))
    if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, visit(member, [...path, key])]))
    if (typeof value !== 'string' || !value.includes('${')) return value
    substitutions.push({ path, written: value })
    return value.replaceAll(expression, (_match, name: string, otherwise: string | undefined) => {
      const found = env[name] || otherwise
      if (found === undefined) missing.push({ path, name })
      return found ?? ''
    })
  }
  return { content: visit(content, []), substitutions, missing }
}
