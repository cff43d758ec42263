import { dynamo } from '../../../infra/aws/dynamo/dynamo.ts'
import { wallClock } from '../../../shared/clock.ts'
import { tableOf } from './described.ts'

/** The embedded DynamoDB with a kept folder, in a process of its own that says where it listens: for a test that kills it. */
const own = dynamo({ tables: [tableOf('service')], clock: wallClock, path: process.argv[2] ?? '' })
await own.start()
process.stdout.write(`${own.url}\n`)
