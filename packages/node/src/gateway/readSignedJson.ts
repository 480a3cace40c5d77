import { AgoraiError, manifestDigest } from '@agorai/core'
import type { Upload } from './authenticateUpload.js'
import { assertContentType, readBytes } from './http/readBody.js'

/** The headers of every upload, for the documentation. */
export const uploadHeaders = {
  'agorai-request': 'The signed upload request: JSON of UploadRequest in base64url.',
  'agorai-signature': 'Its EIP-712 signature by the account.',
}

/**
 * Reads a JSON body that was signed for by its length and digest.
 *
 * @throws AgoraiError `length_mismatch`, `digest_mismatch`, `payload_too_large`, `unsupported_media_type`
 */
export async function readSignedJson(request: Request, upload: Upload, bytesMax: number): Promise<Uint8Array> {
  assertContentType(request, 'application/json')
  const bytes = await readBytes(request, bytesMax)
  if (bytes.length !== upload.bytes)
    throw new AgoraiError('length_mismatch', 'The body has another length than the signed request states.')
  if (manifestDigest(bytes) !== upload.digest) throw otherDigest()
  return bytes
}

export const otherDigest = (): AgoraiError =>
  new AgoraiError('digest_mismatch', 'The body does not have the digest that was signed.', { field: 'request.digest' })
