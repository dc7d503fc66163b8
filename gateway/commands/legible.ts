/** A text that comes from a file, as it may be shown on a terminal: nothing in it moves the cursor or is read in another order than it stands. */
export function legible (text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
