import { getHeapStatistics } from 'node:v8'
import type { Reading } from './turn-limit.ts'

/** Memory is looked at so often, in ms. */
const memoryEveryMs = 100

/** Prepares reading the clock, the CPU time of this thread, for how long its event loop was idle, and the memory that its objects and buffers take. */
export function prepareReadings (): () => Omit<Reading, 'inside'> {
  let memoryBytes = 0
  let nextMemoryAt = 0
  return () => {
    const now = performance.now()
    if (now >= nextMemoryAt) {
      const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
      memoryBytes = heap + external
      nextMemoryAt = now + memoryEveryMs
    }
    const { user, system } = process.threadCpuUsage()
    return { now, busyMs: (user + system) / 1000, idleMs: performance.eventLoopUtilization().idle, memoryBytes }
  }
}

/** Memory (bytes) that may be used where nothing is said of it: so much of what the process may have for its heap. */
export function usualMemoryBytes (): number {
  return Math.floor(getHeapStatistics().heap_size_limit * 0.75)
}
