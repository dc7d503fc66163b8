import type { RuleText } from '../rule-text.ts'

/** How an API introduces itself. */
export const descriptionTexts: readonly RuleText[] = [
  {
    id: 'no-swagger-2',
    reference: 'no-swagger-2',
    rac: 'RAC_GEN_001',
    pdnd: 'error',
    modi: 'error',
    says: {
      it: 'il documento è in Swagger 2.0; convertirlo in OpenAPI 3 (openapi: 3.0.3)',
      en: 'this is a Swagger 2.0 document; convert it to OpenAPI 3 (openapi: 3.0.3)'
    },
    why: {
      it: 'Le interfacce REST si descrivono con OpenAPI 3 o successivo: il formato precedente non sa dire più server, più tipi di contenuto o i callback.',
      en: 'REST interfaces are described with OpenAPI 3 or later: the older format cannot express several servers, several media types or callbacks.'
    },
    bad: 'swagger: "2.0"',
    good: 'openapi: 3.0.3'
  },
  {
    id: 'use-semver',
    reference: 'use-semver',
    rac: 'RAC_GEN_002',
    pdnd: 'error',
    modi: 'error',
    says: {
      it: 'la versione non è semantica; scriverla come principale.minore.correzione, per esempio 1.0.0',
      en: 'the version is not semantic; write it as major.minor.patch, e.g. 1.0.0'
    },
    why: {
      it: 'Chi usa l\'API deve capire dal numero se una nuova versione è compatibile con la precedente.',
      en: 'Whoever uses the API must see from the number whether a new version is compatible with the one before.'
    },
    bad: 'info:\n  version: "1.0"',
    good: 'info:\n  version: 1.0.0'
  },
  {
    id: 'has-x-summary',
    reference: 'has-x-summary',
    pdnd: 'error',
    modi: 'error',
    says: {
      it: 'manca info.x-summary; aggiungere una riga che dice a che cosa serve l\'API: la mostrano i cataloghi',
      en: 'info.x-summary is missing; add one line that says what the API is for: catalogues show it'
    },
    why: {
      it: 'Il catalogo della piattaforma elenca migliaia di API: questa riga è ciò che se ne legge per primo.',
      en: 'The platform\'s catalogue lists thousands of APIs: this line is what people read of each first.'
    },
    bad: 'info:\n  title: Anagrafe',
    good: 'info:\n  title: Anagrafe\n  x-summary: Verifica la residenza di un cittadino.'
  },
  {
    id: 'has-contact',
    reference: 'has-contact',
    pdnd: 'error',
    modi: 'error',
    says: {
      it: 'manca info.contact; indicare nome, indirizzo di posta o pagina di chi risponde dell\'API',
      en: 'info.contact is missing; give the name, e-mail address or page of whoever answers for the API'
    },
    why: {
      it: 'Chi incontra un problema deve sapere a chi rivolgersi senza cercarlo altrove.',
      en: 'Whoever meets a problem must know whom to ask without searching elsewhere.'
    },
    bad: 'info:\n  title: Anagrafe',
    good: 'info:\n  contact:\n    name: Ufficio anagrafe\n    email: anagrafe@comune.example.it'
  },
  {
    id: 'has-terms-of-service',
    reference: 'has-termsOfService',
    pdnd: 'warn',
    modi: 'warn',
    says: {
      it: 'manca info.termsOfService; indicare l\'indirizzo delle condizioni d\'uso',
      en: 'info.termsOfService is missing; give the address of the terms of use'
    },
    why: {
      it: 'Le condizioni d\'uso dicono che cosa chi fruisce può fare dei dati che ottiene.',
      en: 'The terms of use say what a consumer may do with the data that it gets.'
    },
    bad: 'info:\n  title: Anagrafe',
    good: 'info:\n  termsOfService: https://www.comune.example.it/api/condizioni'
  },
  {
    id: 'has-x-api-id',
    reference: 'has-x-api-id',
    pdnd: 'hint',
    modi: 'hint',
    says: {
      it: 'manca info.x-api-id; aggiungere un identificativo (per esempio un UUID) che resta lo stesso in ogni versione',
      en: 'info.x-api-id is missing; add an identifier (a UUID, say) that stays the same in every version'
    },
    why: {
      it: 'Titolo e indirizzi cambiano: un identificativo permette ai cataloghi di riconoscere la stessa API.',
      en: 'Titles and addresses change: an identifier lets catalogues recognise the same API.'
    },
    bad: 'info:\n  title: Anagrafe',
    good: 'info:\n  x-api-id: 7b1d5a52-3f0e-4f0a-9d63-1c8e6a2f4b10'
  },
  {
    id: 'servers-description',
    reference: 'servers-description',
    pdnd: 'error',
    modi: 'error',
    says: {
      it: 'il server non ha una description; dire quale ambiente è, per esempio Esercizio o Collaudo',
      en: 'the server has no description; say which environment it is, e.g. Production or Test'
    },
    why: {
      it: 'Chi sceglie un indirizzo deve sapere se chiama i dati veri o quelli di prova.',
      en: 'Whoever picks an address must know whether it leads to real data or to test data.'
    },
    bad: 'servers:\n  - url: https://api.example.it/rest/anagrafe/v1',
    good: 'servers:\n  - url: https://api.example.it/rest/anagrafe/v1\n    description: Esercizio'
  },
  {
    id: 'servers-use-https',
    reference: 'servers-use-https',
    rac: 'RAC_GEN_002',
    pdnd: 'error',
    modi: 'error',
    says: {
      it: 'l\'indirizzo del server non comincia con https://; correggerlo, o segnare un server di prova con x-sandbox: true',
      en: 'the address of the server does not begin with https://; correct it, or mark a trial server with x-sandbox: true'
    },
    why: {
      it: 'Dati e voucher viaggiano solo su un canale cifrato e autenticato.',
      en: 'Data and vouchers travel over an encrypted and authenticated channel only.'
    },
    bad: 'servers:\n  - url: http://api.example.it/rest/anagrafe/v1',
    good: 'servers:\n  - url: https://api.example.it/rest/anagrafe/v1'
  },
  {
    id: 'server-is-reachable',
    modi: 'warn',
    says: {
      it: 'il server è raggiungibile solo da questa macchina o da una rete privata; indicare l\'indirizzo pubblico, o segnarlo con x-sandbox: true',
      en: 'the server can be reached from this machine or a private network only; give its public address, or mark it with x-sandbox: true'
    },
    why: {
      it: 'Un altro ente legge il contratto dal catalogo e deve poter chiamare l\'indirizzo che vi trova.',
      en: 'Another administration reads the contract in the catalogue and must be able to call the address that it finds.'
    },
    bad: 'servers:\n  - url: https://localhost:8443/api',
    good: 'servers:\n  - url: https://api.example.it/rest/anagrafe/v1'
  }
]
