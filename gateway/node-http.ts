import type * as http from 'node:http'

/** What is used of node:http. An import of that would also load whatever else it exports, a WebSocket client among it, which takes a dozen times as long, and 15 MB. */
export const { createServer, IncomingMessage, ServerResponse } = process.getBuiltinModule('node:http')
export type IncomingMessage = http.IncomingMessage
export type ServerResponse = http.ServerResponse
