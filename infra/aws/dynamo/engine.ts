import { randomHex } from '../random-hex.ts'
import { DynamoFailure, type Body, type Consumed } from './failure.ts'
import { batchGetItem, batchWriteItem } from './operations/batch.ts'
import { getItem } from './operations/get.ts'
import type { Outcome } from './operations/outcome.ts'
import { query } from './operations/query.ts'
import { scan } from './operations/scan.ts'
import {
  createTable,
  deleteTable,
  describeTable,
  describeTimeToLive,
  listTables,
  updateTimeToLive,
} from './operations/table-operations.ts'
import { transactGetItems, transactWriteItems, type Tokens } from './operations/transact.ts'
import { deleteItem, putItem, updateItem } from './operations/write.ts'
import { lock } from './store/lock.ts'
import { log } from './store/log.ts'
import { store, type Store } from './store/store.ts'

export interface EngineAnswer {
  readonly status: number
  readonly requestId: string
  readonly body: Body
  /** Capacity units, whether the caller asked for them or not. */
  readonly consumed: readonly Consumed[]
}

export interface Engine {
  /** One operation. Every outcome is an answer, an error too; a write that it answers survives the end of the process. */
  readonly answer: (operation: string, request: Body) => EngineAnswer
  /** One operation of the local stack's own. An error is thrown, named as DynamoDB names it. */
  readonly ask: (operation: string, request: Body) => Body
  readonly close: () => void
}

type Operation = (store: Store, request: Body) => Outcome

/**
 * DynamoDB's operations on tables in memory: those that this project and its tests use. One operation is one step: between
 * its condition and its write nothing else happens, since nothing here waits.
 *
 * @param path a folder in which the tables are kept, by a log; absent: they are gone when it is closed
 * @throws Error, for people, where the folder is in use or holds what cannot be read
 */
export function engine(path?: string): Engine {
  const release = path === undefined ? () => {} : lock(path)
  let tables: Store
  try {
    tables = store(path === undefined ? undefined : log(path))
  } catch (thrown) {
    release()
    throw thrown
  }
  const operations = operationsOf()

  function done(operation: string, request: Body): Outcome {
    const found = operations.get(operation)
    if (found === undefined) throw new DynamoFailure('UnknownOperationException', '')
    return found(tables, request)
  }

  return {
    answer(operation, request) {
      const requestId = randomHex(52).toUpperCase()
      try {
        return { status: 200, requestId, ...done(operation, request) }
      } catch (thrown) {
        return { requestId, ...refused(thrown) }
      }
    },
    ask(operation, request) {
      try {
        return done(operation, request).body
      } catch (thrown) {
        if (thrown instanceof Error) thrown.message = `DynamoDB refuses ${operation}: ${thrown.message}`
        throw thrown
      }
    },
    close() {
      tables.close()
      release()
    },
  }
}

function operationsOf(): ReadonlyMap<string, Operation> {
  const tokens: Tokens = new Map()
  return new Map<string, Operation>([
    ['GetItem', getItem],
    ['PutItem', putItem],
    ['UpdateItem', updateItem],
    ['DeleteItem', deleteItem],
    ['Query', query],
    ['Scan', scan],
    ['BatchGetItem', batchGetItem],
    ['BatchWriteItem', batchWriteItem],
    ['TransactGetItems', transactGetItems],
    ['TransactWriteItems', (tables, request) => transactWriteItems(tables, request, tokens, Date.now())],
    ['CreateTable', (tables, request) => createTable(tables, request, Date.now())],
    ['DescribeTable', describeTable],
    ['DeleteTable', deleteTable],
    ['ListTables', listTables],
    ['UpdateTimeToLive', updateTimeToLive],
    ['DescribeTimeToLive', describeTimeToLive],
  ])
}

/** What is no failure of DynamoDB's is one of this machine, for example a full disk: a client asks again. */
function refused(thrown: unknown): Omit<EngineAnswer, 'requestId'> {
  if (thrown instanceof DynamoFailure) return { status: 400, body: thrown.body(), consumed: thrown.consumed }
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  const failure = new DynamoFailure('InternalServerError', `Internal server error: ${why}`)
  return { status: 500, body: failure.body(), consumed: [] }
}
