import type { Test } from 'tap'

/** The test of the file that runs just now. */
export const running: { test: Test | undefined } = { test: undefined }
