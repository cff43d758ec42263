/** The variables that the stack gives to functions; each function gets only those that it reads. */
export type Variable =
  | 'CONFIGURATION_TABLE'
  | 'SESSIONS_TABLE'
  | 'MASTER_KEY'
  | 'URL_SUFFIX'
  | 'CONNECTIONS_URL'
  | 'UPKEEP_FUNCTION'
  | 'SESSIONS_PER_LISTENER'
  | 'WAKING_BUS'
  | 'PUSH_CONTACT'
  | 'PUSH_SERVICES'
  | 'UPSTREAM_URL'
  | 'CWA_CODEC'
  | 'UPSTREAM_CA'
  | 'UPSTREAM_LEGACY_TLS'

export function variable(name: Variable): string {
  const value = process.env[name]
  if (value === undefined)
    throw new Error(`the variable ${name} is not set: the stack gives it, see infra/cdk/stack.ts`)
  return value
}

/** A variable that may be left out. */
export function variableIfSet(name: Variable): string | undefined {
  return process.env[name] || undefined
}
