/** Confidentiality of payloads: `codec/SPEC.md` for Node. Imports nothing else of this package. */

export { dataConverter, type Storage } from './converter.js'
export { keyedDigest } from './digest.js'
export { CodecError, type CodecErrorCode } from './errors.js'
export { KeyFile, loadKeys } from './keyFiles.js'
export { parseKeys } from './keyFormat.js'
export { flowOfWorkflow, type Keys } from './keys.js'
export { type CodecOptions, WistroCodec } from './payload.js'
export { LocalStorageDriver } from './storage.js'
export { mintRunToken, type RunToken, verifyRunToken } from './tokens.js'
