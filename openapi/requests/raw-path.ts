/**
 * Reads from a path the values of the named parameters as they are written there, not decoded; none from a path that has not the form of the template
 * as it is written. Undefined where there are no such parameters.
 */
export function rawPathReader (template: string, names: ReadonlySet<string>): ((path: string) => Readonly<Record<string, string | undefined>>) | undefined {
  if (names.size === 0) return undefined
  const inOrder: string[] = []
  const form = template.replaceAll(/\{([^}]+)\}|[^{}]+/g, (text: string, name: string | undefined) => {
    if (name !== undefined) inOrder.push(name)
    return name === undefined ? RegExp.escape(text) : '([^/]+?)'
  })
  const matcher = new RegExp(`^${form}$`)
  return (path) => {
    const [, ...texts] = matcher.exec(path) ?? []
    return Object.fromEntries(inOrder.flatMap((name, index) => names.has(name) ? [[name, texts[index]]] : []))
  }
}
