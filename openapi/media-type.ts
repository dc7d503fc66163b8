/** A media type in lower case without its parameters (RFC 9110, 8.3.1). */
export function essence (mediaType: string): string {
  return (mediaType.split(';', 1)[0] ?? '').replaceAll(/^[ \t]+|[ \t]+$/g, '').toLowerCase()
}
