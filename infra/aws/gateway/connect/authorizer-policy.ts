import type { PolicyStatement } from '../../assembly/description.ts'
import { allows } from '../../policy.ts'
import { isRecord } from '../record.ts'

/** Largest answer of an authorizer, in bytes (API Gateway quotas, "Lambda authorizer result size"). */
const ANSWER_BYTES = 8 * 1024

/** What an authorizer's answer means for the connection. */
export type Judgement =
  | { readonly kind: 'allowed'; readonly authorizer: Readonly<Record<string, string>> }
  | { readonly kind: 'denied' }
  | { readonly kind: 'malformed'; readonly why: string }

/**
 * Judges an authorizer's answer: `principalId`, `policyDocument` and optionally `context`. The policy must allow
 * `execute-api:Invoke` on `methodArn`, and no statement may deny it, by the evaluator of IAM's grants. Conditions and
 * Not-elements are not evaluated: an answer that has them is malformed, so that no device is let in by a statement that was
 * not understood.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html
 */
export function judge(answer: unknown, methodArn: string): Judgement {
  if (!isRecord(answer)) return malformed('the answer is no object')
  if (Buffer.byteLength(JSON.stringify(answer)) > ANSWER_BYTES)
    return malformed(`the answer is over ${ANSWER_BYTES} bytes`)
  const { principalId, policyDocument, context = {} } = answer
  if (typeof principalId !== 'string' || principalId === '') return malformed('principalId must be a string')
  if (!isRecord(policyDocument)) return malformed('policyDocument must be an object')
  if (!isRecord(context)) return malformed('context must be an object')
  const values = Object.entries(context)
  const bad = values.find(([, value]) => !['string', 'number', 'boolean'].includes(typeof value))
  if (bad !== undefined) return malformed(`context.${bad[0]} must be a string, number or boolean`)
  const statements = list(policyDocument['Statement']).map(readStatement)
  if (statements.length === 0) return malformed('the policy has no statement')
  if (!statements.every((statement) => statement !== undefined)) {
    return malformed('each statement needs Effect, Action and Resource, and may hold nothing but a Sid beside them')
  }
  if (!allows(statements, 'execute-api:Invoke', methodArn)) return { kind: 'denied' }
  return { kind: 'allowed', authorizer: { ...stringified(values), principalId } }
}

function readStatement(value: unknown): PolicyStatement | undefined {
  if (!isRecord(value)) return undefined
  const { Sid: _, Effect: effect, Action, Resource, ...others } = value
  const [actions, resources] = [strings(Action), strings(Resource)]
  if (effect !== 'Allow' && effect !== 'Deny') return undefined
  if (actions === undefined || resources === undefined || Object.keys(others).length > 0) return undefined
  return { effect, actions, resources }
}

function stringified(values: readonly (readonly [string, unknown])[]): Record<string, string> {
  return Object.fromEntries(values.map(([name, value]) => [name, String(value)]))
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined ? [] : [value]
}

function strings(value: unknown): readonly string[] | undefined {
  const values = list(value)
  return values.length > 0 && values.every((each) => typeof each === 'string') ? values : undefined
}

function malformed(why: string): Judgement {
  return { kind: 'malformed', why }
}
