/** What the upstream of a soak answers, and what therefore has to reach a caller. */

const text = 'Il permesso è valido. '
const textsOf = (count: number): string => JSON.stringify({ texts: Array.from({ length: count }, (_, index) => `${index} ${text.repeat(5)}`) })

/** Bodies by the kind of an answer that is whole. `huge` is more than the buffers of a connection hold, so that a slow reader holds it up. */
export const bodies = { usual: textsOf(8), large: textsOf(2000), huge: text.repeat(200_000), slow: textsOf(8) } as const

/** How long the upstream takes for a slow answer and for one that comes too late, in ms; `patience` is how long the gateway waits, long enough for a machine with other work. */
export const delaysMs = { slow: 150, late: 12_000, patience: 8000 } as const

/** A note that keeps to the contract, of about 2 KiB. */
export const note = JSON.stringify({ title: 'Nota', lines: Array.from({ length: 40 }, (_, index) => `riga ${index}: ${text}`) })
