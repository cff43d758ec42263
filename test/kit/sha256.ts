import { createHash, createHmac, createSecretKey, type Hash, type Hmac } from 'node:crypto'

/** Node's SHA-256, or with a secret its HMAC, as the signer of the AWS SDK asks for it: tests hold ours to that one. */
export class Sha256 {
  readonly #make: () => Hash | Hmac
  #hash: Hash | Hmac

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    // A key as bytes would cost four times as much: 15 µs instead of 4 (Node 24).
    const key = secret === undefined || typeof secret === 'string' ? secret : createSecretKey(bytesOf(secret))
    this.#make = () => (key === undefined ? createHash('sha256') : createHmac('sha256', key))
    this.#hash = this.#make()
  }

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk)
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    this.#hash = this.#make()
  }
}

function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data)
}
