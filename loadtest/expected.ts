/** What an answer has to be: its status and either its exact body or, for a problem document, its `code`; only of a service that is not ours the body may be any. */
export type Expected = { readonly status: number } & ({ readonly body: string } | { readonly code: string } | { readonly anyBody: true })

/** True when an answer is the expected one. */
export function isExpected (expected: Expected, status: number, body: string): boolean {
  if (status !== expected.status) return false
  if ('anyBody' in expected) return true
  if ('body' in expected) return body === expected.body
  try {
    const problem = JSON.parse(body) as { code?: unknown, status?: unknown } | null
    return problem?.code === expected.code && problem.status === expected.status
  } catch {
    return false
  }
}

/** Says what was expected and what came instead; bodies are cut to 300 characters. */
export function describeWrong (expected: Expected, status: number, body: string): string {
  const wanted = 'anyBody' in expected ? '' : ` with ${'body' in expected ? cut(expected.body) : `a problem "${expected.code}"`}`
  return `expected ${expected.status}${wanted}, got ${status} with ${cut(body)}`
}

/** Names an answer by its status and the code of its problem document, or else by what came. */
export function describeAnswer (status: number, body: string): string {
  const code = /"code":"([a-z-]+)"/.exec(body)?.[1]
  return status === 0 ? body : `${status} with ${code === undefined ? cut(body) : `a problem "${code}"`}`
}

function cut (text: string): string {
  if (text === '') return 'no body'
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
