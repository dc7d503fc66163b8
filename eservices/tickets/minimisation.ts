import type { Ticket } from './ticket.ts'

/** Gives the view of a ticket that a purpose is entitled to: whatever leaves the e-service about a ticket is made from it. */
export type Minimise = (ticket: Ticket, purposeId: string) => Ticket

/**
 * Prepares the minimisation of personal data (GDPR, art. 5.1.c): `citizen` is left in a ticket only for the purposes listed in the setting
 * `personalDataPurposes` (ids separated by commas or spaces), for no purpose when it is not set. Throws when an entry is not an id: a
 * misspelt list must stop the start, not change silently who sees what.
 */
export function prepareMinimisation (personalDataPurposes: string | undefined): Minimise {
  const entitled = new Set(readPurposes(personalDataPurposes ?? ''))
  return (ticket, purposeId) => {
    if (entitled.has(purposeId.toLowerCase())) return ticket
    const { citizen: _withheld, ...rest } = ticket
    return rest
  }
}

function readPurposes (setting: string): readonly string[] {
  const purposes = setting.split(/[\s,]+/).filter((entry) => entry !== '').map((entry) => entry.toLowerCase())
  const wrong = purposes.findIndex((entry) => !/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(entry))
  if (wrong !== -1) {
    throw new Error(`setting personalDataPurposes: entry ${wrong + 1} is not the id of a purpose; write ids (UUIDs) separated by commas`)
  }
  return purposes
}
