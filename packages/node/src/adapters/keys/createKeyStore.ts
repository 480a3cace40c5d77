import type { KeyStore } from '../../ports/keyStore.js'
import { closeKey, encodeDocument, eraseFrom, openKey, parseDocument } from './keyDocument.js'
import type { KeyDocuments } from './keyDocuments.js'
import type { MasterKeys } from './masterKeys.js'

/** Keys closed by master keys, in whatever keeps their documents. */
export const createKeyStore = (documents: KeyDocuments, masterKeys: MasterKeys): KeyStore => ({
  put: (key) => documents.insert(closeKey(masterKeys, { ...key, erasures: [] })),
  async get(commitment) {
    const document = await documents.read(commitment)
    return document && openKey(masterKeys, document)
  },
  async destroy(commitment, erasure) {
    const isThere = await documents.change(commitment, (document) => eraseFrom(masterKeys, document, erasure))
    if (isThere) await documents.settle()
    return isThere
  },
  list: documents.list,
  async rewrap() {
    let count = 0
    for await (const commitment of documents.list()) {
      await documents.change(commitment, (document) => closeKey(masterKeys, openKey(masterKeys, document)))
      count += 1
    }
    await documents.settle()
    return count
  },
  async *export() {
    for await (const commitment of documents.list()) {
      const document = await documents.read(commitment)
      if (document !== undefined) yield encodeDocument(document)
    }
  },
  import: (bytes) => documents.insert(parseDocument(bytes, 'The backup')),
  close: documents.close,
})
