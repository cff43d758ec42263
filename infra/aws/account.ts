import { resourcesOf, type Resource, type Template } from './assembly/assembly-references.ts'

/** What an AWS account has before the stack is deployed into it. A fresh one has nothing. */
export interface Account {
  /** Whether API Gateway has a CloudWatch role in the account and region. */
  readonly accessLogRole?: boolean
  /** Ids of the route tables that lead to a gateway endpoint of DynamoDB already. */
  readonly routedToDynamoDb?: readonly string[]
}

/**
 * What fails when CloudFormation makes these resources in an account, in AWS's words; empty where nothing does. It is what a
 * first deployment is rolled back for, and no template shows by itself.
 */
export function refusedBy({ accessLogRole = false, routedToDynamoDb = [] }: Account, template: Template): string[] {
  return [...(accessLogRole ? [] : stagesThatCannotLog(template)), ...takenRoutes(template, routedToDynamoDb)]
}

/**
 * A WebSocket stage logs by the account's role, which must be there before the stage is.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html (sst issue 1556)
 */
function stagesThatCannotLog(template: Template): string[] {
  const roles = new Set(resourcesOf(template, 'AWS::ApiGateway::Account').map(({ id }) => id))
  return resourcesOf(template, 'AWS::ApiGatewayV2::Stage')
    .filter(({ properties }) => properties['AccessLogSettings'] !== undefined)
    .filter((stage) => !dependenciesOf(template, stage).some((id) => roles.has(id)))
    .map(({ id }) => `${id}: CloudWatch Logs role ARN must be set in account settings to enable logging`)
}

/** What a resource says that it waits for. */
function dependenciesOf({ Resources }: Template, { id }: Resource): string[] {
  const { DependsOn = [] } = Resources[id] ?? {}
  return [DependsOn].flat()
}

/** A route table has one route to a service (eksctl issue 4377). */
function takenRoutes(template: Template, routed: readonly string[]): string[] {
  return resourcesOf(template, 'AWS::EC2::VPCEndpoint')
    .filter(({ properties }) => properties['VpcEndpointType'] === 'Gateway')
    .flatMap(({ id, properties }) => tablesOf(properties).map((table) => ({ id, table })))
    .filter(({ table }) => routed.includes(table))
    .map(({ id, table }) => `${id}: RouteAlreadyExists: ${table} already has a route to DynamoDB`)
}

function tablesOf(properties: Resource['properties']): string[] {
  const tables = properties['RouteTableIds']
  return Array.isArray(tables) ? tables.map(String) : []
}
