import type { Demands, EvidenceDemand, IntegrityDemand, NonBlockingStep, Trust } from '../../policies/demands.ts'
import { needsVoucher } from '../../policies/internal-caller.ts'

/** What an operation needs: its contract's demands, and what the configuration adds to them. */
export interface Needs extends Demands {
  readonly dpopNonces: boolean
  /** For how long signed requests are kept, in days, where they are. */
  readonly retentionDays: number | undefined
  /** Whether the producer grants it one by one, and whether somebody then sees only a part of its answers. */
  readonly granted: 'no' | 'whole' | 'in part'
  /** The gateway has a listener for the administration's own applications. */
  readonly internal: boolean
}

/** A header that a caller must send; `needed` is false where only some calls need it. */
export interface NeededHeader { readonly name: string, readonly needed: boolean, readonly says: string }

type Language = 'it' | 'en'

/** One thing that is needed, told to officials and developers; undefined where an operation does not need it. */
interface Need {
  readonly it: (needs: Needs) => string | undefined
  readonly en: (needs: Needs) => string | undefined
  readonly headers?: (needs: Needs) => readonly NeededHeader[]
}

/** A text of a contract as it may stand in a code span of Markdown, from which it cannot get out. */
export function codeText (text: string): string {
  return text.replaceAll(/[`<>&\s]/g, '?')
}

const quoted = (names: readonly string[]): string => names.map((name) => `\`${codeText(name)}\``).join(', ')
const signedNames = ({ headers }: IntegrityDemand): string => quoted(['digest', 'content-type', 'content-encoding', ...headers])
const evidenceClaims = ({ bound, claims }: EvidenceDemand): { readonly own: string, readonly agreed: string | undefined } => ({
  own: quoted(['iss', 'aud', 'purposeId', 'iat', 'exp', 'jti', ...bound ? ['dnonce'] : []]),
  agreed: claims && claims.names.length > 0 ? quoted(claims.names) : undefined
})

const texts = {
  callers: {
    it: { pdnd: 'voucher PDND', x509: 'token firmato con il certificato X.509 del fruitore' },
    en: { pdnd: 'a PDND voucher', x509: 'a token signed with the consumer\'s X.509 certificate' }
  },
  integrityKeys: {
    it: { pdnd: 'una chiave del client depositata su PDND (INTEGRITY_REST_02)', x509: 'un certificato X.509 (INTEGRITY_REST_01)' },
    en: { pdnd: 'a key of the client that is deposited on PDND (INTEGRITY_REST_02)', x509: 'an X.509 certificate (INTEGRITY_REST_01)' }
  },
  nonBlocking: {
    it: {
      push: '**NONBLOCK_PUSH_REST:** in `X-ReplyTo` l\'URL https a cui inviare la risposta, di un\'origine concordata con l\'erogatore; si risponde 202 e `X-Correlation-ID` lega la risposta alla richiesta.',
      'pull-request': '**NONBLOCK_PULL_REST:** si risponde 202, con lo stato all\'indirizzo in `Location`.',
      'pull-status': '**NONBLOCK_PULL_REST:** si risponde 200 finché la risposta non c\'è, poi 303 con il suo indirizzo in `Location`.',
      'pull-result': '**NONBLOCK_PULL_REST:** si risponde 200 con il risultato.'
    },
    en: {
      push: '**NONBLOCK_PUSH_REST:** in `X-ReplyTo` the https URL to send the answer to, of an origin that was agreed with the producer; the call is answered with 202, and `X-Correlation-ID` ties the answer to it.',
      'pull-request': '**NONBLOCK_PULL_REST:** answered with 202, the address of its state in `Location`.',
      'pull-status': '**NONBLOCK_PULL_REST:** answered with 200 until the result is there, then with 303 and its address in `Location`.',
      'pull-result': '**NONBLOCK_PULL_REST:** answered with 200 and the result.'
    }
  }
} as const satisfies Readonly<Record<string, Readonly<Record<Language, Readonly<Partial<Record<Trust | NonBlockingStep, string>>>>>>>

/** Everything that an operation can need, in the order in which it is told. */
const needs: readonly Need[] = [
  { it: ({ trust }) => `**Chi chiama:** ${trust.map((one) => texts.callers.it[one]).join(' o ')}.`, en: ({ trust }) => `**Who calls:** ${trust.map((one) => texts.callers.en[one]).join(', or ')}.` },
  {
    it: ({ trust, dpop }) => !trust.includes('pdnd') ? undefined : dpop
      ? '**Serve un voucher DPoP** (RFC 9449): `Authorization: DPoP <voucher>` e, nell\'intestazione `DPoP`, una prova firmata nuova a ogni chiamata.'
      : 'Il voucher si invia come `Authorization: Bearer`; se è legato a una chiave (DPoP), come `Authorization: DPoP` con una prova nuova a ogni chiamata.',
    en: ({ trust, dpop }) => !trust.includes('pdnd') ? undefined : dpop
      ? '**Needs a DPoP voucher** (RFC 9449): `Authorization: DPoP <voucher>` and, in the header `DPoP`, a proof that is signed anew for every call.'
      : 'The voucher is sent as `Authorization: Bearer`; one that is bound to a key (DPoP) as `Authorization: DPoP`, with a new proof for every call.',
    headers: ({ dpop }) => dpop ? [{ name: 'DPoP', needed: true, says: 'Prova di possesso della chiave del voucher, nuova a ogni chiamata (RFC 9449). / Proof of possession of the voucher\'s key, a new one for every call.' }] : []
  },
  {
    it: ({ trust, dpopNonces }) => dpopNonces && trust.includes('pdnd') ? 'La prova DPoP deve contenere il `nonce` che il gateway dà in `DPoP-Nonce`: la prima chiamata riceve 401 e va ripetuta.' : undefined,
    en: ({ trust, dpopNonces }) => dpopNonces && trust.includes('pdnd') ? 'The DPoP proof must hold the `nonce` that the gateway gives in `DPoP-Nonce`: the first call gets 401 and is repeated.' : undefined
  },
  {
    it: ({ trust, singleUse }) => trust.includes('x509') ? `Il token di un fruitore fuori da PDND si invia come \`Authorization: Bearer\`: un JWT con \`typ\` JWT, il certificato in \`x5c\`, \`x5t#S256\` o \`x5u\`, e le claim \`iat\`, \`exp\`, \`aud\`${singleUse ? ' e `jti`; è buono per una sola chiamata (ID_AUTH_REST_02)' : ' (ID_AUTH_REST_01)'}.` : undefined,
    en: ({ trust, singleUse }) => trust.includes('x509') ? `The token of a consumer outside PDND is sent as \`Authorization: Bearer\`: a JWT with \`typ\` JWT, the certificate in \`x5c\`, \`x5t#S256\` or \`x5u\`, and the claims \`iat\`, \`exp\`, \`aud\`${singleUse ? ' and `jti`; it is good for one call (ID_AUTH_REST_02)' : ' (ID_AUTH_REST_01)'}.` : undefined
  },
  {
    it: (of) => !of.internal ? undefined : needsVoucher(of).length > 0
      ? '**Dall\'interno:** le applicazioni dell\'amministrazione non la chiamano, perché chiede ciò che solo un voucher porta.'
      : '**Dall\'interno:** un\'applicazione dell\'amministrazione, registrata nel gateway, chiama sull\'altro listener senza voucher: con un JWT che firma da sé (`Authorization: Bearer`; `typ` client-authentication+jwt, `kid` l\'impronta RFC 7638 della chiave, `iss` e `sub` il suo id, `aud` quella dell\'e-service, `iat`, `exp` entro 10 minuti, `jti`, e `purposeId` se ha più finalità), o con il suo certificato client. Finalità, limiti e registrazioni sono gli stessi.',
    en: (of) => !of.internal ? undefined : needsVoucher(of).length > 0
      ? '**From inside:** the administration\'s own applications do not call it, because it demands what only a voucher brings.'
      : '**From inside:** an application of the administration that is registered in the gateway calls on the other listener, without a voucher: with a JWT that it signs itself (`Authorization: Bearer`; `typ` client-authentication+jwt, `kid` the RFC 7638 thumbprint of the key, `iss` and `sub` its id, `aud` that of the e-service, `iat`, `exp` within 10 minutes, `jti`, and `purposeId` where it has several purposes), or with its client certificate. Purposes, limits and records are the same.'
  },
  {
    it: ({ channel }) => ({ any: undefined, tls: '**Canale:** la chiamata deve arrivare su TLS (ID_AUTH_CHANNEL_01).', 'mutual-tls': '**Canale:** TLS con il certificato client dell\'amministrazione (ID_AUTH_CHANNEL_02).' })[channel],
    en: ({ channel }) => ({ any: undefined, tls: '**Channel:** the call must come over TLS (ID_AUTH_CHANNEL_01).', 'mutual-tls': '**Channel:** TLS with the client certificate of the administration (ID_AUTH_CHANNEL_02).' })[channel]
  },
  {
    it: ({ singleUse, trust, dpop }) => singleUse && trust.includes('pdnd') ? `**Uso singolo** (ID_AUTH_REST_02): il voucher si può riusare, ${dpop ? 'la prova DPoP' : 'la firma del messaggio'} no: una nuova per ogni chiamata, con un \`jti\` proprio.` : undefined,
    en: ({ singleUse, trust, dpop }) => singleUse && trust.includes('pdnd') ? `**Single use** (ID_AUTH_REST_02): the voucher can be used again, ${dpop ? 'the DPoP proof' : 'the signature over the message'} cannot: a new one for every call, with a \`jti\` of its own.` : undefined
  },
  {
    it: ({ granted }) => granted === 'no' ? undefined : `**Autorizzazione dell'erogatore:** serve per la finalità, per il fruitore o per tutti, non scaduta e per questa operazione.${granted === 'in part' ? ' Ad alcuni mostra solo una parte della risposta: si risponde allora solo in JSON, con un `ETag` proprio, e i campi tolti non servono a filtrare né a ordinare.' : ''}`,
    en: ({ granted }) => granted === 'no' ? undefined : `**Grant of the producer:** needed for the purpose, for the consumer or for all, not expired and for this operation.${granted === 'in part' ? ' It shows some only a part of the answer: that is then in JSON only, with an `ETag` of its own, and what is taken out cannot be filtered or sorted by.' : ''}`
  },
  {
    it: ({ evidence }) => evidenceText(evidence, (demand, { own, agreed }) => `**Serve la tracciatura** (${patternOf(demand)}): in \`Agid-JWT-TrackingEvidence\` un JWT firmato dal client che chiama, con le claim ${own}.${demand.bound ? ' `dnonce` è un numero casuale di 13 cifre. Il voucher va richiesto con la sua impronta (SHA-256 in esadecimale) nella claim `digest`, e la stessa tracciatura accompagna tutte le chiamate fatte con quel voucher.' : ''}${agreed ? ` Claim concordate: ${agreed}.` : ''}`),
    en: ({ evidence }) => evidenceText(evidence, (demand, { own, agreed }) => `**Needs tracking evidence** (${patternOf(demand)}): in \`Agid-JWT-TrackingEvidence\` a JWT signed by the client that calls, with the claims ${own}.${demand.bound ? ' `dnonce` is a random number of 13 digits. The voucher is requested with its digest (SHA-256 in hexadecimal) in the claim `digest`, and the same evidence goes with every call that is made with that voucher.' : ''}${agreed ? ` Agreed claims: ${agreed}.` : ''}`),
    headers: ({ evidence }) => evidence ? [{ name: 'Agid-JWT-TrackingEvidence', needed: true, says: `Tracciatura, un JWT (${patternOf(evidence)}). / Tracking evidence, a JWT.` }] : []
  },
  {
    it: ({ integrity }) => integrity && `**Serve la firma del messaggio**${integrity.emptyBody === 'signed' ? ', anche senza corpo' : ', se c\'è un corpo'}: in \`Digest\` l'impronta del corpo (\`SHA-256=<base64>\`) e in \`Agid-JWT-Signature\` un JWT firmato con ${integrity.trust.map((one) => texts.integrityKeys.it[one]).join(' o ')}, nuovo a ogni chiamata (\`jti\`), che in \`signed_headers\` elenca le intestazioni inviate tra ${signedNames(integrity)}.${integrity.contentCodings.length > 0 ? ` Il corpo può essere inviato in ${integrity.contentCodings.join(', ')}: l'impronta è quella dei byte inviati.` : ''}`,
    en: ({ integrity }) => integrity && `**Needs a signature over the message**${integrity.emptyBody === 'signed' ? ', without a body too' : ', if there is a body'}: in \`Digest\` the digest of the body (\`SHA-256=<base64>\`) and in \`Agid-JWT-Signature\` a JWT signed with ${integrity.trust.map((one) => texts.integrityKeys.en[one]).join(' or ')}, a new one for every call (\`jti\`), whose \`signed_headers\` lists those that are sent of ${signedNames(integrity)}.${integrity.contentCodings.length > 0 ? ` The body may be sent in ${integrity.contentCodings.join(', ')}: the digest is that of the bytes that are sent.` : ''}`,
    headers: ({ integrity }) => integrity ? [
      { name: 'Digest', needed: integrity.emptyBody === 'signed', says: 'Impronta dei byte del corpo, `SHA-256=<base64>` (RFC 3230). / Digest of the bytes of the body.' },
      { name: 'Agid-JWT-Signature', needed: integrity.emptyBody === 'signed', says: 'Firma del messaggio, un JWT nuovo a ogni chiamata. / Signature over the message, a new JWT for every call.' }
    ] : []
  },
  {
    it: ({ scope }) => scope && `**Scambio asincrono:** serve un voucher con scope \`${scope}\` (\`/token.oauth2.async\`).${scope === 'start_interaction' ? ' La risposta arriva alla `urlCallback` del voucher: https, porta 443, host pubblico.' : ''}`,
    en: ({ scope }) => scope && `**Asynchronous exchange:** needs a voucher with the scope \`${scope}\` (\`/token.oauth2.async\`).${scope === 'start_interaction' ? ' The answer goes to the `urlCallback` of the voucher: https, port 443, a public host.' : ''}`
  },
  {
    it: ({ nonBlocking }) => nonBlocking && texts.nonBlocking.it[nonBlocking],
    en: ({ nonBlocking }) => nonBlocking && texts.nonBlocking.en[nonBlocking],
    headers: ({ nonBlocking }) => nonBlocking === 'push' ? [{ name: 'X-ReplyTo', needed: true, says: 'URL https a cui inviare la risposta. / The https URL to send the answer to.' }] : []
  },
  {
    it: ({ signedResponse, integrity }) => signedResponse ? `**Risposta firmata:** \`Digest\` e \`Agid-JWT-Signature\` con una chiave del portachiavi dell'erogatore su PDND${integrity ? '; `request_digest` la lega alla richiesta firmata' : ''}.` : undefined,
    en: ({ signedResponse, integrity }) => signedResponse ? `**Signed answer:** \`Digest\` and \`Agid-JWT-Signature\` by a key of the producer's keychain on PDND${integrity ? '; `request_digest` ties it to the signed request' : ''}.` : undefined
  },
  {
    it: ({ nonRepudiation, retentionDays: days }) => nonRepudiation ? `**Non ripudio** (PROFILE_NON_REPUDIATION_01): la richiesta firmata è conservata, cifrata, prima di rispondere${days === undefined ? '' : ` e per ${days} giorni`}.` : undefined,
    en: ({ nonRepudiation, retentionDays: days }) => nonRepudiation ? `**Non-repudiation** (PROFILE_NON_REPUDIATION_01): the signed request is kept, encrypted, before it is answered${days === undefined ? '' : `, for ${days} days`}.` : undefined
  }
]

function patternOf ({ bound }: EvidenceDemand): string {
  return bound ? 'AUDIT_REST_02' : 'AUDIT_REST_01'
}

function evidenceText (demand: EvidenceDemand | undefined, write: (demand: EvidenceDemand, claims: ReturnType<typeof evidenceClaims>) => string): string | undefined {
  return demand && write(demand, evidenceClaims(demand))
}

/** What an operation needs as a Markdown list, in one language. */
export function needsText (of: Needs, language: Language): string {
  return needs.flatMap((need) => need[language](of) ?? []).map((text) => `- ${text}`).join('\n')
}

/** The headers that its callers must send. */
export function neededHeaders (of: Needs): readonly NeededHeader[] {
  return needs.flatMap(({ headers }) => headers?.(of) ?? [])
}
