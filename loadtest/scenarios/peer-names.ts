/** The peer that others are compared with, where it is installed: it does in C what a gateway does at the least. */
export const jwtVerify = 'HAProxy jwt_verify'
export const plainProxy = 'HAProxy plain proxy'
export const plainProxy10KiB = 'HAProxy plain proxy, 10 KiB'
export const plainProxy1MiB = 'HAProxy plain proxy, 1 MiB'
/** The gateway's own forwarding, without anything else. */
export const ownProxy = 'own bare proxy'
export const fastifyStack = '@fastify/http-proxy stack'
export const expressStack = 'Express stack'
