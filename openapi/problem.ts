/** The media type of every error (RFC 9457). */
export const problemMediaType = 'application/problem+json'

/** An error as every part of Varco answers it (RFC 9457); `code` is kebab-case and stable, `correlationId` names the call in the logs. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly correlationId?: string
  readonly errors?: readonly { readonly in: string, readonly pointer: string, readonly rule: string, readonly detail: string }[]
}
