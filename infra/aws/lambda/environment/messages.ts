import type { Failure } from '../failure.ts'

/** What an environment's thread is started with. */
export interface Setup {
  readonly functionName: string
  readonly functionArn: string
  /** Of the module with the handler. */
  readonly fileUrl: string
  readonly fileName: string
  readonly exportName: string
  readonly memoryMb: number
  readonly logStreamName: string
}

/** One event, to the thread. */
export interface Task {
  readonly requestId: string
  /** JSON: what JSON cannot say, no function on AWS receives. */
  readonly payload: string
  /** The trace header of its chain of requests, which the SDK passes on. */
  readonly traceId: string
  readonly timeoutMs: number
}

/** From the thread. */
export type Message =
  | { readonly kind: 'ready'; readonly initMs: number; readonly initCpuMs: number }
  | { readonly kind: 'unusable'; readonly failure: Failure }
  | LineMessage
  | AnswerMessage

export interface LineMessage {
  readonly kind: 'line'
  readonly requestId: string | undefined
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

export interface AnswerMessage {
  readonly kind: 'answer'
  readonly durationMs: number
  /** Of the processor, by this thread: user and system. */
  readonly cpuMs: number
  readonly outcome: { readonly payload: string } | { readonly failure: Failure }
  /** What still runs though the answer is given, in words. */
  readonly left: readonly string[]
}
