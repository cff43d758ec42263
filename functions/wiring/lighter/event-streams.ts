/**
 * Stands in the bundles for `@smithy/core/event-streams`, which is 19 KB with what it needs: it reads and writes operations whose bodies are
 * streams of events. No function asks for one; the SDK loads it where one is asked for, and its client of Lambda, for
 * InvokeWithResponseStream, when it is made.
 */
export function EventStreamSerde(): never {
  throw new Error('functions/wiring/lighter/event-streams.ts: no function here asks for a stream of events')
}

export function eventStreamSerdeProvider(): void {}

export function resolveEventStreamSerdeConfig<T>(config: T): T {
  return config
}
