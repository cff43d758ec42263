import type { Place, Vault } from '../../../shared/store/vault.ts'

/**
 * A vault without cryptography, for simulations: WebCrypto's answers come when they come, and a run could not be repeated.
 * What it seals opens at its own place only, as with the real one.
 */
export function openVault(): Vault {
  return {
    seal: async (text, place) => new TextEncoder().encode(said(text, place)),
    async open(sealed, place) {
      if (!(sealed instanceof Uint8Array)) throw new TypeError('it is not sealed')
      const [table, pk, attribute, text]: string[] = JSON.parse(new TextDecoder().decode(sealed))
      if (table !== place.table || pk !== place.item.pk || attribute !== place.attribute || text === undefined) {
        throw new TypeError('it was sealed for another item')
      }
      return text
    },
    reseal: async () => undefined,
    tags: async (text, place) => [new TextEncoder().encode(said(text, place))],
  }
}

function said(text: string, { table, item, attribute }: Place): string {
  return JSON.stringify([table, item.pk, attribute, text])
}
