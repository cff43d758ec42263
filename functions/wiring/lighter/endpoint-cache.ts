/**
 * Stands in the bundles for the package `@aws-sdk/endpoint-cache`, which is 9 KB with what it needs. The client of DynamoDB
 * makes one, and asks it only where it discovers endpoints, which ../tables.ts switches off.
 */
export function EndpointCache(): void {}
