import type { TableDescription } from '../../../infra/aws/assembly/description.ts'

export const tableOf = (name: string): TableDescription => ({
  name,
  arn: `arn:aws:dynamodb:local:000000000000:table/${name}`,
  partitionKey: 'pk',
  sortKey: 'sk',
  ttlAttribute: 'expiresAtS',
})
