import type { Rows } from './eservice.ts'

/** Writes a table as RFC 4180 text: a header line, CRLF line ends, quotes where needed, an empty field for null. */
export function toCsv ({ columns, values }: Rows): string {
  return [columns, ...values].map((row) => row.map(field).join(',')).join('\r\n') + '\r\n'
}

function field (value: string | number | boolean | null): string {
  const text = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
