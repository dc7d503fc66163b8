/** The forms of single claims, shared by every kind of token. */

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/
export const isUuid = (value: unknown): value is string => typeof value === 'string' && uuid.test(value)

/** True for a time in whole epoch seconds. Beyond the year 9999 a number is no time but an attempt to never expire. */
export const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 253_402_300_800

/** True for a text of 1 to 2000 characters. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 2000

export const isAudience = (value: unknown): value is string | readonly string[] => isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText))

/** The audiences that `aud` names: the platform joins several of an older descriptor into one string with commas; a configured audience is never split. */
export function audiencesOf (aud: string | readonly string[]): readonly string[] {
  if (typeof aud === 'string' && !aud.includes(',')) return [aud, aud.trim()]
  return [aud].flat().flatMap((one: string) => [one, ...one.split(',').map((part) => part.trim())])
}

/** Tolerance for clocks that run ahead of ours, in seconds. There is none for `exp`. */
export const aheadSeconds = 5
/** Longest lifetime of a voucher, and of what is sent beside it: the platform issues none for longer (descriptor.voucherLifespan is 60 to 86400 s). */
export const maxLifetimeSeconds = 86_400
