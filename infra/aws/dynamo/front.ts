import type { TableDescription } from '../assembly/description.ts'
import { denial } from '../policy.ts'
import type { SignedRequest, Verify } from '../signature.ts'
import type { Meter } from './capacity.ts'
import type { Engine, EngineAnswer } from './engine.ts'
import { type Body, DynamoFailure, isBody } from './failure.ts'
import { partitionKeys } from './partition-keys.ts'

/** The answer to give instead of DynamoDB's own, or after it. */
export interface DynamoFault {
  /** For example `ProvisionedThroughputExceededException`. */
  readonly type: string
  readonly status: number
  readonly message?: string
  /** `after`: the operation is done and only its answer is lost. Default `before`: it is not done. */
  readonly when?: 'before' | 'after'
}

/** @param partitionKeys of the items that are asked for; undefined where that is not known */
export type Allows = (
  caller: string,
  action: string,
  resourceArn: string,
  partitionKeys: readonly string[] | undefined,
) => boolean

export interface FrontOptions {
  readonly engine: Engine
  readonly tables: readonly TableDescription[]
  readonly verify: Verify
  readonly meter: Meter
  /** The same, by caller instead of by table. */
  readonly callers: Meter
  readonly allows?: Allows | undefined
  readonly fault?: ((operation: string, body: unknown) => DynamoFault | undefined) | undefined
}

/** The caller under whose name the local stack itself asks. It may do everything. */
const OWN_CALLER = 'local'

/** What stands between a request and the engine: whose it is, who may, faults, and the capacity meters. */
export function front(options: FrontOptions) {
  const { engine, fault, meter, callers } = options

  function done(caller: string, operation: string, request: Body): EngineAnswer {
    const answer = engine.answer(operation, request)
    for (const { table, ...units } of answer.consumed) {
      meter.add(table, units)
      callers.add(caller, units)
    }
    return answer
  }

  return async function answer(signed: SignedRequest, text: string): Promise<EngineAnswer> {
    const verdict = await options.verify(signed)
    if ('fault' in verdict) return failure(verdict.fault)
    const { caller } = verdict
    const operation = String(signed.headers['x-amz-target'] ?? '').split('.')[1] ?? ''
    const request = parsed(text)
    if (request === undefined) return failure({ type: 'SerializationException', status: 400, message: '' })
    const denied = denials(options, caller, operation, request)
    if (denied !== undefined) return failure({ type: 'AccessDeniedException', status: 400, message: denied })
    const forced = fault?.(operation, request)
    if (forced !== undefined && forced.when !== 'after') return failure(forced)
    const answered = done(caller, operation, request)
    return forced === undefined ? answered : failure(forced)
  }
}

function failure({ type, status, message = `${type} (forced)` }: DynamoFault): EngineAnswer {
  return { status, requestId: '', body: new DynamoFailure(type, message).body(), consumed: [] }
}

function denials(
  { allows, tables }: FrontOptions,
  caller: string,
  operation: string,
  request: Body,
): string | undefined {
  if (allows === undefined || caller === OWN_CALLER) return undefined
  const action = `dynamodb:${operation}`
  const keys = partitionKeys(tables, request)
  const resource = resources(tables, request).find((arn) => !allows(caller, action, arn, keys))
  return resource === undefined ? undefined : denial(caller, action, resource)
}

/** The ARNs a request touches: of its table or index, of each table of a batch, or `*` when it names none. */
function resources(tables: readonly TableDescription[], request: Body): readonly string[] {
  const { TableName, IndexName, RequestItems } = request
  const arn = (name: string) =>
    tables.find((table) => table.name === name)?.arn ?? `arn:aws:dynamodb:local:000000000000:table/${name}`
  if (isBody(RequestItems)) return Object.keys(RequestItems).map(arn)
  if (typeof TableName !== 'string') return ['*']
  return [typeof IndexName === 'string' ? `${arn(TableName)}/index/${IndexName}` : arn(TableName)]
}

function parsed(text: string): Body | undefined {
  try {
    const body: unknown = JSON.parse(text)
    return isBody(body) ? body : undefined
  } catch {
    return undefined
  }
}
