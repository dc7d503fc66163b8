/** What a caller of the mock wishes of its answer (RFC 7240): the status, and the named example. */
export interface Preferences { readonly code: string | undefined, readonly example: string | undefined }

/** Reads the Prefer header: `code=404, example=expired`, with or without quotes; what it says else is passed over. */
export function preferencesOf (header: string | undefined): Preferences {
  const pairs = (header ?? '').split(/[,;]/).map((pair) => /^\s*([\w-]+)\s*=\s*(?:"([^"]*)"|(.*?))\s*$/.exec(pair))
  const valueOf = (name: string): string | undefined => {
    const [, , quoted, plain] = pairs.find((pair) => pair?.[1]?.toLowerCase() === name) ?? []
    return quoted ?? plain
  }
  return { code: valueOf('code'), example: valueOf('example') }
}
