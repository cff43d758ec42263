/** Where the key ring is: a parameter of SSM by its name, or the configuration table, encrypted by a key of KMS. */
export type KeyRingPlace =
  | { readonly service: 'ssm'; readonly name: string }
  | { readonly service: 'kms'; readonly arn: string }

/**
 * Reads the setting `masterKey`.
 *
 * @param masterKey `ssm:/path` or `kms:ARN`
 * @throws Error where it is neither
 */
export function keyRingPlace(masterKey: string): KeyRingPlace {
  const [, service, rest = ''] = /^(ssm|kms):(.+)$/.exec(masterKey) ?? []
  if (service === 'ssm') return { service, name: rest }
  if (service === 'kms') return { service, arn: rest }
  throw new Error(`masterKey is ${JSON.stringify(masterKey)}: set it to ssm:/path or kms:ARN`)
}
