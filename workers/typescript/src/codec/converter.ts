/** The data converter that every client and worker of a project connects with. */

import { fileURLToPath } from 'node:url'

import { type DataConverter, ExternalStorage } from '@temporalio/common'

import type { WistroCodec } from './payload.js'
import { LocalStorageDriver } from './storage.js'

/** Where payloads go that are too large for Temporal. */
export interface Storage {
  /** The folder that all processes of the project share. */
  readonly path: string
  /** Bytes of an encoded payload from which on it is stored. */
  readonly threshold: number
}

/**
 * Convert values as JSON, encrypt them, and hide the text of failures too.
 *
 * Temporal applies external storage after the codec, so what a driver stores is ciphertext.
 */
export function dataConverter(codec: WistroCodec, storage?: Storage): DataConverter {
  const converter: DataConverter = {
    payloadCodecs: [codec],
    failureConverterPath: fileURLToPath(new URL('./failureConverter.cjs', import.meta.url)),
  }
  if (!storage) return converter
  const externalStorage = new ExternalStorage({
    drivers: [new LocalStorageDriver(storage.path)],
    payloadSizeThreshold: storage.threshold,
  })
  return { ...converter, externalStorage }
}
